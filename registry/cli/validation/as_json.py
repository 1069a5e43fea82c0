"""For programs: every file with its findings, whether it is valid, and what could not be read."""

import msgspec

from registry.cli.validation.finding import Report
from schemas.validation.issue import Severity


def as_json(report: Report) -> str:
    """`{"files": [{"file", "valid", "findings"}], "unreadable": [{"file", "reason"}], "counts"}`, indented."""
    told = {
        "files": [
            {
                "file": checked.file,
                "valid": all(finding.severity is not Severity.ERROR for finding in checked.findings),
                "findings": checked.findings,
            }
            for checked in report.checked
        ],
        "unreadable": report.unreadable,
        "counts": report.counts(),
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
