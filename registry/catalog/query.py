"""Asking for a page of a view."""

from typing import Final, NamedTuple

import msgspec

LATEST: Final = "latest"
AFTER_EVERY_VERSION: Final = "\U0010ffff"
"""Sorts after every version there can be: a position that names a server only skips all of its versions."""


class Position(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """
    Where a page ended: strictly after (`tier`, `name`, `version`).

    `tier` orders the matches of a search: 0 the exact name, 1 the exact last segment, 2 the others. A list
    without search is one tier, 2.
    """

    tier: int = 2
    name: str = ""
    version: str = ""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """
    A question to a view. Filters narrow the page and combine with AND; they never change what an item says.

    `version`: None for every version, `latest` for those flagged so, anything else for that exact text.
    `search`: a literal, compared without case with name, title and description; empty matches everything.
    `updated_since_us`: strictly after that instant; with it, deleted entries are included.
    """

    limit: int = 30
    after: Position = Position(tier=0)
    search: str = ""
    version: str | None = None
    updated_since_us: int | None = None
    include_deleted: bool = False
    registry_type: str = ""
    transport: str = ""


class Found(NamedTuple):
    """At how many places a document breaks a rule, and how bad that is before an organisation has its say."""

    rule: str
    severity: str
    places: int


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One item as it is served, and what rules found in its document; None if it was not judged yet."""

    item: bytes
    found: tuple[Found, ...] | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A slice of the answer: whole items as they are served, and where the next slice starts, if there is one."""

    items: list[bytes]
    next: Position | None
