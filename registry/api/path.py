"""The parts of a path that name something: a team, a server, a version."""

import re
from typing import Final
from urllib.parse import unquote

from litestar.types import HTTPScope

from registry.catalog.entry import ServerName
from registry.errors import Invalid, NotFound

_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)


def name_in(scope: HTTPScope, *, missing: str = "Server not found") -> ServerName:
    """The name in the path. Raises NotFound with *missing* for what cannot be one, Invalid for a broken escape."""
    text = _decoded(_segment(scope, "server_name"), "server name")
    try:
        return ServerName.parse(text)
    except Invalid as error:
        # What cannot be a name is not found, like a name that is not there.
        raise NotFound(missing) from error


def version_in(scope: HTTPScope) -> str:
    """The version in the path, whatever it says. Raises Invalid for a broken escape."""
    return _decoded(_segment(scope, "version"), "version")


def team_in(scope: HTTPScope) -> str:
    """The team in the path, which need not be one. Some clients encode the tilde before an environment."""
    segment = _segment(scope, "team")
    return unquote(segment) if "%" in segment else segment


def capability_in(scope: HTTPScope) -> str:
    """What stands behind `/t/`, secret and all. Some clients encode the tilde before an environment."""
    segment = _segment(scope, "capability")
    return unquote(segment) if "%" in segment else segment


def _segment(scope: HTTPScope, parameter: str) -> str:
    """A segment of the path as it was sent. From the scope: the framework's own way converts it and costs more."""
    segment: str = scope["path_params"][parameter]
    return segment


def _decoded(segment: str, what: str) -> str:
    """
    A path segment, decoded twice as the official registry does: `%2F` and `%252F` both reach a slash.

    Raises Invalid if either time there is a broken escape, or something else than UTF-8 (reference §1.1.4).
    """
    text = segment.replace("%2F", "/", 1)
    if "%" not in text:
        return text
    text = segment
    for _ in range(2):
        if "%" not in text:
            break
        if (broken := _BROKEN_ESCAPE.search(text)) is not None:
            raise Invalid(f"Invalid {what} encoding", why=f'invalid URL escape "{broken[0]}"')
        try:
            text = unquote(text, errors="strict")
        except UnicodeDecodeError as error:
            raise Invalid(f"Invalid {what} encoding", why="the text is not UTF-8") from error
    return text
