"""Which schema a document names, and whether it is one we know (reference §5.2)."""

import re
from typing import Final

from schemas.validation.issue import Issue, IssueType, Severity, schema_error, semantic_error

CURRENT: Final = "2025-12-11"
PUBLISHED: Final = ("2025-07-09", "2025-09-16", "2025-09-29", "2025-10-11", "2025-10-17", CURRENT)
DRAFT: Final = "draft"
CURRENT_URL: Final = f"https://static.modelcontextprotocol.io/schemas/{CURRENT}/server.schema.json"

_PATH: Final = "schema"  # Without the dollar: reference §10.21.
_IN_URL: Final = re.compile(r"/schemas/([A-Za-z0-9_~.-]+)/server\.schema\.json", re.ASCII)


def schema_version(url: str) -> str | None:
    """The version that the schema address *url* names; None if it names none. The host is not looked at."""
    found = _IN_URL.search(url)
    return found[1] if found else None


def version_issues(url: str) -> list[Issue]:
    """What is wrong with `$schema`. Nothing is checked against a schema if one of these is an error."""
    if not url:
        return [semantic_error(_PATH, "$schema field is required", "schema-field-required")]
    version = schema_version(url)
    if version is None:
        message = f"failed to extract schema version from URL: invalid schema URL format: {url}"
        return [schema_error(_PATH, message, "schema-version-extraction-error")]
    issues = []
    if url != CURRENT_URL:
        message = (
            f"schema version {version} is not the current version ({CURRENT})."
            " Consider updating to the latest schema version"
        )
        issues.append(
            Issue(
                type=IssueType.SEMANTIC,
                path=_PATH,
                message=message,
                severity=Severity.WARNING,
                reference="schema-version-deprecated",
            )
        )
    if version not in PUBLISHED:
        known = "a draft may change any day" if version == DRAFT else "it is none of those published"
        message = f"schema version {version} not available: {known}; use {CURRENT_URL}"
        issues.append(schema_error(_PATH, message, "schema-version-not-available"))
    return issues
