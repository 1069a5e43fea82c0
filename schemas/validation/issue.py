"""One thing that is wrong with a document, as it goes over the wire, and which registry's verdict is asked for."""

import re
from enum import StrEnum
from typing import Final

import msgspec

JSON_SCHEMA_RULE: Final = "json-schema"
"""The id of everything that fails a JSON Schema: the place in the schema, its `reference`, is no rule's id."""

_LONGEST_MESSAGE: Final = 1000
_RULE: Final = re.compile(r"[a-z0-9-]+", re.ASCII)


class IssueType(StrEnum):
    """Which stage found it."""

    JSON = "json"
    SCHEMA = "schema"
    SEMANTIC = "semantic"
    LINTER = "linter"


class Severity(StrEnum):
    """How bad it is. Only an error makes a document invalid."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Profile(StrEnum):
    """
    Whose verdict is asked for.

    PRIVATE is ours: the document as it was sent, every failure shown, the advice of `schemas.validation.advice`
    included. OFFICIAL is the public registry's, its known bugs included (docs/VALIDATION.md, "Profiles").
    """

    PRIVATE = "private"
    OFFICIAL = "official"


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """
    One failure (reference §5.1); all members are always present on the wire.

    Attributes:
        path: Where, as `packages[0].transport.url`; empty for the document as a whole.
        reference: For people and programs that look the rule up: a stable id, except for failures of the JSON
            Schema, where it names the place in the schema and is opaque.
    """

    type: IssueType
    path: str
    message: str
    severity: Severity
    reference: str


def rule_of(issue: Issue) -> str:
    """The stable id of the rule that *issue* breaks: its reference, where that is one."""
    return issue.reference if _RULE.fullmatch(issue.reference) else JSON_SCHEMA_RULE


def valid(issues: list[Issue]) -> bool:
    """Whether none of *issues* is an error."""
    return all(issue.severity is not Severity.ERROR for issue in issues)


def json_error(message: str) -> Issue:
    """The text cannot be taken as a document at all."""
    return _error(IssueType.JSON, "", message, "json-syntax")


def schema_error(path: str, message: str, reference: str) -> Issue:
    """The document breaks its JSON Schema, or the form that a request body must have."""
    return _error(IssueType.SCHEMA, path, message, reference)


def semantic_error(path: str, message: str, reference: str) -> Issue:
    """The document breaks a rule that no JSON Schema can hold."""
    return _error(IssueType.SEMANTIC, path, message, reference)


def shortened(message: str) -> str:
    """*message*, cut where nobody would read on: it may quote a megabyte of what was sent."""
    return message if len(message) <= _LONGEST_MESSAGE else message[: _LONGEST_MESSAGE - 1] + "…"


def _error(kind: IssueType, path: str, message: str, reference: str) -> Issue:
    return Issue(
        type=kind, path=path, message=shortened(message), severity=Severity.ERROR, reference=shortened(reference)
    )
