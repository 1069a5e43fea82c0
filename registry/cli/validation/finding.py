"""What was found in which file, at which line: what every format is made from."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from schemas.json_positions import START, Position, Positions, syntax_fault
from schemas.validation.engine import MOST_BYTES
from schemas.validation.issue import Issue, IssueType, Severity, rule_of

_ORDER: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_MEMBER: Final = re.compile(r"(?:the|a) member '((?:[^'\\])*)'")
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """
    One issue and its place.

    Attributes:
        line: Counted from 1, as is `column`, in characters.
        path: Where in the document, as `packages[0].version`; empty for the document as a whole.
        rule: A stable id; `reference` is as the API answers it.
    """

    line: int
    column: int
    severity: Severity
    type: IssueType
    rule: str
    path: str
    message: str
    reference: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{self.line}:{self.column}: {self.severity}: {where}{self.message} [{self.rule}]"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read, and its findings in the order of their lines."""

    file: str
    findings: list[Finding]


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A file that could not be read."""

    file: str
    reason: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of one call, each in the order the files were found."""

    checked: list[Checked]
    unreadable: list[Unreadable]
    fail_on: Severity

    def findings(self) -> Iterator[tuple[str, Finding]]:
        """Every finding with its file."""
        for checked in self.checked:
            for finding in checked.findings:
                yield checked.file, finding

    def fails(self, finding: Finding) -> bool:
        """Whether *finding* is as bad as what the caller wants to fail on, or worse."""
        return _ORDER.index(finding.severity) <= _ORDER.index(self.fail_on)

    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity."""
        counted = Counter(finding.severity for _, finding in self.findings())
        return {severity: counted[severity] for severity in _ORDER}

    @property
    def status(self) -> int:
        """The exit status: 2 if something could not be read, 1 if something fails, 0 otherwise."""
        if self.unreadable:
            return 2
        return int(any(self.fails(finding) for _, finding in self.findings()))


def findings_in(document: bytes, issues: list[Issue]) -> list[Finding]:
    """*issues* with their places in *document*, by line."""
    if not issues:
        return []
    if len(issues) == 1 and issues[0].type is IssueType.JSON:
        return [_of_text(document, issues[0])]
    positions = Positions(document.decode())
    found = [_finding(issue, _place(positions, issue)) for issue in issues]
    return sorted(found, key=lambda finding: (finding.line, finding.column))


def visible(text: str) -> str:
    """*text* with what a terminal or a log would obey, or XML cannot carry, as escapes."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _of_text(document: bytes, issue: Issue) -> Finding:
    if len(document) > MOST_BYTES:
        return _finding(issue, START)
    if (fault := syntax_fault(document)) is not None:
        return _finding(msgspec.structs.replace(issue, message=fault.message), fault.position)
    positions = Positions(document.decode(errors="replace"))
    member = _MEMBER.search(issue.message)
    if member is not None:
        return _finding(issue, positions.name(member[1]) or START)
    return _finding(issue, (positions.odd_number() if "number" in issue.message else None) or START)


def _place(positions: Positions, issue: Issue) -> Position:
    # reference §5.2: of `$schema` the path has no dollar.
    return positions.value("$schema" if issue.path == "schema" else issue.path)


def _finding(issue: Issue, position: Position) -> Finding:
    return Finding(
        line=position.line,
        column=position.column,
        severity=issue.severity,
        type=issue.type,
        rule=rule_of(issue),
        path=issue.path,
        message=issue.message,
        reference=issue.reference,
    )
