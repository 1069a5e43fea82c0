"""SARIF 2.1.0 (OASIS), which code scanning reads: one run, its rules, one result for each finding."""

from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from registry import RELEASE
from registry.cli.validation.finding import Finding, Report
from schemas.validation.issue import Severity

VERSION: Final = "2.1.0"

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def as_sarif(report: Report) -> str:
    """The log, indented."""
    rules = sorted({finding.rule for _, finding in report.findings()})
    run = {
        "tool": {
            "driver": {
                "name": "mcp-registry",
                "semanticVersion": RELEASE,
                "rules": [
                    {"id": rule, "help": {"text": f"docs/VALIDATION.md explains the rule {rule}."}} for rule in rules
                ],
            }
        },
        # SARIF §3.14.17: our columns count code points.
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not report.unreadable,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": f"{each.file} cannot be read: {each.reason}"},
                        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(each.file)}}}],
                    }
                    for each in report.unreadable
                ],
            }
        ],
        "results": [_result(file, finding, rules) for file, finding in report.findings()],
    }
    # The schema's address is left out: nobody needs it to read a log whose version is stated.
    return msgspec.json.format(msgspec.json.encode({"version": VERSION, "runs": [run]}), indent=2).decode()


def _result(file: str, finding: Finding, rules: list[str]) -> dict[str, object]:
    where = f"{finding.path}: " if finding.path else ""
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": where + finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(file)},
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
        "properties": {"path": finding.path, "reference": finding.reference},
    }


def _uri(file: str) -> str:
    """Relative to where the command ran, as code scanning wants it, or absolute."""
    path = Path(file)
    if not path.is_absolute():
        # A colon in the first segment would read as a scheme (RFC 3986 §4.2).
        return quote(file, safe="/")
    here = Path.cwd()
    return quote(path.relative_to(here).as_posix()) if path.is_relative_to(here) else path.as_uri()
