"""Lists as `/v1` writes them: items, how many there are in this page, and a cursor where there are more."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

import msgspec

from registry.errors import Invalid

_T = TypeVar("_T")
_R = TypeVar("_R")

MOST_ITEMS: Final = 100
_LONGEST: Final = 1000
_NO_CURSOR: Final = "cursor is not one of this list; take it from metadata.nextCursor"


class Listed(msgspec.Struct, Generic[_T], frozen=True, kw_only=True):
    """`metadata`: `count`, and `nextCursor` if there are more."""

    items: list[_T]
    metadata: dict[str, int | str]


def page(items: list[_T], cursor: str | None, **more: int) -> Listed[_T]:
    """A page with that cursor to the next one; None at the end of the list. *more*: what else is said of it."""
    following: dict[str, int | str] = {} if cursor is None else {"nextCursor": cursor}
    return Listed(items=items, metadata={"count": len(items), **more, **following})


def listed(items: list[_T], after: str | None) -> Listed[_T]:
    """A page that ends at the position *after*; None at the end of the list."""
    return page(items, None if after is None else urlsafe_b64encode(after.encode()).rstrip(b"=").decode())


def page_of(
    things: Iterable[_R], report: Callable[[_R], _T], *, key: Callable[[_R], str], limit: int, after: str | None
) -> Listed[_T]:
    """The page of *things*, which stand in the order of *key*, that follows the position *after*."""
    found: list[_R] = []
    for thing in things:
        if after is None or key(thing) > after:
            if len(found) == limit:
                return listed([report(each) for each in found], key(found[-1]))
            found.append(thing)
    return listed([report(each) for each in found], None)


def cursor_in(parameters: dict[str, str], form: re.Pattern[str]) -> re.Match[str] | None:
    """The parameter `cursor` of a list with cursors of its own; None for the beginning. Raises Invalid for others."""
    cursor = parameters.get("cursor", "")
    match = form.fullmatch(cursor)
    if cursor and match is None:
        raise Invalid(_NO_CURSOR)
    return match if cursor else None


def position(parameters: dict[str, str]) -> str | None:
    """The position in the parameter `cursor`; None for the beginning. Raises Invalid for what is no cursor."""
    cursor = parameters.get("cursor", "")
    if not cursor:
        return None
    try:
        if len(cursor) > _LONGEST or not cursor.isascii():
            raise ValueError
        decoded = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        if urlsafe_b64encode(decoded.encode()).rstrip(b"=").decode() != cursor:
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise Invalid(_NO_CURSOR) from error
    return decoded
