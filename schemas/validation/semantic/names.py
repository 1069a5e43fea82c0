"""The name of a server: a namespace, one slash, a name (reference §5.3)."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.validation.issue import Issue, semantic_error
from schemas.validation.reading import Members, text

_REFERENCE: Final = "invalid-server-name"
_FORMAT: Final = "server name must be in format 'dns-namespace/name'"
_NAMESPACE: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9]", re.ASCII)
_NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*[a-zA-Z0-9]", re.ASCII)
_ENDS: Final = "It must be at least two characters, start and end with a letter or digit, and hold only letters, digits"


def name_issues(members: Members) -> Iterator[Issue]:
    """The first thing that is wrong with `name`."""
    wrong = _wrong_with(text(members, "name"))
    if wrong:
        yield semantic_error("name", wrong, _REFERENCE)


def _wrong_with(name: str) -> str | None:
    if not name:
        return "server name is required and must be a string"
    namespace, slash, rest = name.partition("/")
    if not slash:
        return f"{_FORMAT} (e.g., 'com.example.api/server')"
    if "/" in rest:
        return "server name cannot contain multiple slashes"
    if not namespace or not rest:
        return f"{_FORMAT} with non-empty namespace and name parts"
    if not _NAMESPACE.fullmatch(namespace):
        return f"server name format is invalid: namespace '{namespace}' is invalid. {_ENDS}, dots and hyphens"
    if not _NAME.fullmatch(rest):
        return f"server name format is invalid: name '{rest}' is invalid. {_ENDS}, dots, underscores and hyphens"
    return None
