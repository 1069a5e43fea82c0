"""Lists as `/v1` writes them: items, how many there are in this page, and a cursor where there are more."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

import msgspec

from registry.errors import Invalid

_T = TypeVar("_T")
_R = TypeVar("_R")

MOST_ITEMS: Final = 100
_LONGEST: Final = 1000


class Listed(msgspec.Struct, Generic[_T], frozen=True, kw_only=True):
    """`metadata`: `count`, and `nextCursor` if there are more."""

    items: list[_T]
    metadata: dict[str, int | str]


def listed(items: list[_T], after: str | None) -> Listed[_T]:
    """A page that ends at the position *after*; None at the end of the list."""
    metadata: dict[str, int | str] = {"count": len(items)}
    if after is not None:
        metadata["nextCursor"] = urlsafe_b64encode(after.encode()).rstrip(b"=").decode()
    return Listed(items=items, metadata=metadata)


def page_of(
    things: Iterable[_R], report: Callable[[_R], _T], *, key: Callable[[_R], str], limit: int, after: str | None
) -> Listed[_T]:
    """The page of *things*, which stand in the order of *key*, that follows the position *after*."""
    page: list[_R] = []
    for thing in things:
        if after is None or key(thing) > after:
            if len(page) == limit:
                return listed([report(each) for each in page], key(page[-1]))
            page.append(thing)
    return listed([report(each) for each in page], None)


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
        raise Invalid("cursor is not one of this list; take it from metadata.nextCursor") from error
    return decoded
