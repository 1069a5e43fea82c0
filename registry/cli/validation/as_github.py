"""Workflow commands of GitHub Actions: each finding becomes an annotation beside the line in a pull request.

A line is a command, so whatever comes from a file is escaped: otherwise a manifest could give commands of its own.
"""

import os
from pathlib import PurePosixPath
from typing import Final

from registry.cli.validation.finding import Finding, Report
from schemas.validation.issue import Severity

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def as_github(report: Report) -> str:
    """One command a line; empty if nothing was found."""
    lines = [_annotation(file, finding) for file, finding in report.findings()]
    lines += [
        f"::error file={_property(_in_checkout(each.file))}::{_text(f'cannot be read: {each.reason}')}"
        for each in report.unreadable
    ]
    return "\n".join(lines)


def _annotation(file: str, finding: Finding) -> str:
    place = f"file={_property(_in_checkout(file))},line={finding.line},col={finding.column}"
    where = f"{finding.path}: " if finding.path else ""
    return f"::{_COMMANDS[finding.severity]} {place},title={_property(finding.rule)}::{_text(where + finding.message)}"


def _in_checkout(file: str) -> str:
    """A step runs in the checkout, and annotations name files from there."""
    path, here = PurePosixPath(file), PurePosixPath(os.getcwd())
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


def _text(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
