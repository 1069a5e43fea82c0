"""A list taken apart by a patient parser, for the pages that the fast one refuses as a whole.

msgspec refuses a page for half a surrogate pair or a NaN within one of its items. That is one bad entry, not a bad
page, so such a page is cut into items here and each is judged by itself.
"""

import json
import re
from typing import Final

# `strict=False`: a raw control character within a text is an item's fault, too.
_READER: Final = json.JSONDecoder(strict=False)
_BLANKS: Final = re.compile(r"[ \t\n\r]*")


def split(body: bytes) -> tuple[list[bytes], bytes]:
    """
    The items of `servers`, and the text of `metadata` or `null`, as they stand in *body*.

    Raises ValueError or RecursionError if it is no object with an array `servers`.
    """
    # One character for each byte, so that positions in the text are positions in the body.
    text = body.decode("latin-1")
    items: list[bytes] | None = None
    metadata = b"null"
    position = _expect(text, 0, "{")
    while True:
        member, position = _value(text, position)
        position = _expect(text, position, ":")
        start = _after_blanks(text, position)
        if member == "servers":
            items, position = _items(text, body, start)
        else:
            _, position = _value(text, start)
        if member == "metadata":
            metadata = body[start:position]
        if not text.startswith(",", _after_blanks(text, position)):
            break
        position = _expect(text, position, ",")
    position = _expect(text, position, "}")
    if _after_blanks(text, position) != len(text) or items is None:
        raise ValueError("no object with an array of servers")
    return items, metadata


def _items(text: str, body: bytes, position: int) -> tuple[list[bytes], int]:
    items: list[bytes] = []
    position = _expect(text, position, "[")
    if text.startswith("]", _after_blanks(text, position)):
        return items, _expect(text, position, "]")
    while True:
        start = _after_blanks(text, position)
        _, position = _value(text, start)
        items.append(body[start:position])
        if not text.startswith(",", _after_blanks(text, position)):
            return items, _expect(text, position, "]")
        position = _expect(text, position, ",")


def _value(text: str, position: int) -> tuple[object, int]:
    value, end = _READER.raw_decode(text, _after_blanks(text, position))
    return value, end


def _expect(text: str, position: int, sign: str) -> int:
    start = _after_blanks(text, position)
    if not text.startswith(sign, start):
        raise ValueError(f"expected {sign!r} at byte {start}")
    return start + 1


def _after_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return position if match is None else match.end()
