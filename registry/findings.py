"""What the rules found in the documents of this registry, as operators read it: for API and command line alike.

What an organisation makes of a rule of advice is applied here, so that a changed configuration shows at once.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from registry.catalog.query import Found
from registry.errors import Invalid
from registry.store.interface import Snapshot
from registry.store.records import EntryFinding, FindingPosition
from schemas.registry_api import FindingCounts
from schemas.validation.engine import REVISION
from schemas.validation.issue import Issue, Severity

MOST_AT_ONCE: Final = 100
"""Items of one page."""

_CURSOR: Final = re.compile(r"([a-z0-9-]{1,64})\.([0-9]{1,18})\.([0-9]{1,18})", re.ASCII)


class FindingItem(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that an entry breaks. `count` is at how many places, `issues` the first of them."""

    source: str
    name: str
    version: str
    digest: str
    rule: str
    severity: Severity
    count: int
    issues: list[Issue]


class FindingsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A list as `/v1` writes it, by rule; `metadata` has `count`, and `nextCursor` where more follow."""

    items: list[FindingItem]
    metadata: dict[str, int | str]


class RuleSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How many documents break a rule, at how many places together."""

    rule: str
    severity: Severity
    documents: int
    issues: int


class FindingsSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`pending`: documents that are still to be looked at. `errors`, `warnings` and `infos` count places."""

    pending: int
    errors: int
    warnings: int
    infos: int
    rules: list[RuleSummary]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which findings: None leaves that open. `name` is a whole one."""

    severity: Severity | None = None
    rule: str | None = None
    source: str | None = None
    name: str | None = None


def findings_summary(snapshot: Snapshot, severities: Mapping[str, Severity]) -> FindingsSummary:
    """
    All there is, by rule.

    Args:
        severities: What the organisation makes of rules of advice, by id.
    """
    rules = [
        RuleSummary(
            rule=total.rule,
            severity=severities.get(total.rule, total.severity),
            documents=total.documents,
            issues=total.issues,
        )
        for total in snapshot.finding_totals()
    ]
    counts = {severity: sum(rule.issues for rule in rules if rule.severity is severity) for severity in Severity}
    return FindingsSummary(
        pending=snapshot.unjudged(revision=REVISION),
        errors=counts[Severity.ERROR],
        warnings=counts[Severity.WARNING],
        infos=counts[Severity.INFO],
        rules=rules,
    )


def finding_counts(found: Iterable[Found], severities: Mapping[str, Severity]) -> FindingCounts:
    """How much was found in one document, as bad as the organisation makes it."""
    counts = dict.fromkeys(Severity, 0)
    for each in found:
        counts[severities.get(each.rule, Severity(each.severity))] += each.places
    return FindingCounts(errors=counts[Severity.ERROR], warnings=counts[Severity.WARNING], infos=counts[Severity.INFO])


def findings_page(
    snapshot: Snapshot, severities: Mapping[str, Severity], wanted: Wanted, *, cursor: str = "", limit: int
) -> FindingsPage:
    """
    Up to *limit* of what is *wanted*, behind *cursor*.

    Raises:
        Invalid: *cursor* is not one of this list.
    """
    rules = [
        total.rule
        for total in snapshot.finding_totals()
        if wanted.rule in (None, total.rule) and wanted.severity in (None, severities.get(total.rule, total.severity))
    ]
    found = snapshot.findings(
        rules=rules, source=wanted.source, name=wanted.name, after=_position(cursor), limit=limit + 1
    )
    items = [_item(each, severities) for each in found[:limit]]
    metadata: dict[str, int | str] = {"count": len(items)}
    if len(found) > limit:
        last = found[limit - 1].position
        metadata["nextCursor"] = f"{last.rule}.{last.document}.{last.entry}"
    return FindingsPage(items=items, metadata=metadata)


def _position(cursor: str) -> FindingPosition | None:
    if not cursor:
        return None
    read = _CURSOR.fullmatch(cursor)
    if read is None:
        raise Invalid("cursor is not one of this list; take it from metadata.nextCursor")
    return FindingPosition(rule=read[1], document=int(read[2]), entry=int(read[3]))


def _item(each: EntryFinding, severities: Mapping[str, Severity]) -> FindingItem:
    finding = each.finding
    severity = severities.get(finding.rule, finding.severity)
    return FindingItem(
        source=each.source,
        name=each.name,
        version=each.version,
        digest=f"sha256:{each.digest.hex()}",
        rule=finding.rule,
        severity=severity,
        count=finding.count,
        issues=[msgspec.structs.replace(issue, severity=severity) for issue in finding.issues],
    )
