"""A list taken apart by its brackets and quotes alone, for the pages that the fast parser must not take as a whole.

msgspec refuses a page for half a surrogate pair or a NaN within one of its items. That is one bad entry, not a bad
page, so such a page is cut into items here and each is judged by itself. Nothing is built but the slices, and between
two brackets another thread may run: however hostile the page, whoever waits for the interpreter does not wait long.
"""

import json
import re
from typing import Final

_BLANKS: Final = re.compile(rb"[ \t\n\r]*+")
# A raw control character within a text is an item's fault, so the dot takes it.
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_SCALAR: Final = re.compile(rb'[^\s,:"\[\]{}]++')
# As far as no bracket is left open, but no further than is quick: a match cannot be interrupted.
_STRETCH: Final = re.compile(
    rb"""(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+"|\[[^"\[\]{}]*+\]|\{[^"\[\]{}]*+\}){0,5000}+""", re.DOTALL
)
_CLOSING: Final = {ord("["): ord("]"), ord("{"): ord("}")}
_MOST_STEPS: Final = 1_000_000
# The longest spelling of a name we look for: six characters for each of its letters.
_LONGEST_NAME: Final = 64


class TooManyItems(ValueError):
    """Raised when a list has more items than were asked for."""


def split(body: bytes, *, most: int) -> tuple[list[bytes], bytes]:
    """
    The items of `servers`, and the text of `metadata` or `null`, as they stand in *body*.

    Raises:
        TooManyItems: there are more than *most*; reading stopped there.
        ValueError: it is no object with an array `servers`.
    """
    items: list[bytes] | None = None
    metadata = b"null"
    position = _expect(body, 0, b"{")
    while True:
        member, position = _name(body, position)
        if member == "servers":
            items, position = _items(body, position, most)
        else:
            start, position = position, _past_value(body, position)
            if member == "metadata":
                metadata = body[start:position]
        if not body.startswith(b",", _after_blanks(body, position)):
            break
        position = _expect(body, position, b",")
    position = _expect(body, position, b"}")
    if _after_blanks(body, position) != len(body) or items is None:
        raise ValueError("no object with an array of servers")
    return items, metadata


def beginning_texts(item: bytes, *, within: int) -> dict[str, str]:
    """The short texts among the first members of an item's `server`, as far as its first *within* bytes show them."""
    item = item[:within]
    texts: dict[str, str] = {}
    try:
        position = _expect(item, 0, b"{")
        while (found := _name(item, position))[0] != "server":
            position = _expect(item, _past_value(item, found[1]), b",")
        position = _expect(item, found[1], b"{")
        while True:
            member, start = _name(item, position)
            end = _past_value(item, start)
            if item.startswith(b'"', start) and end - start <= 2048:
                texts.setdefault(member, json.loads(item[start:end], strict=False))
            position = _expect(item, end, b",")
    except ValueError:
        return texts


def _items(body: bytes, position: int, most: int) -> tuple[list[bytes], int]:
    items: list[bytes] = []
    position = _expect(body, position, b"[")
    if body.startswith(b"]", _after_blanks(body, position)):
        return items, _expect(body, position, b"]")
    while True:
        start = _after_blanks(body, position)
        position = _past_value(body, start)
        if len(items) == most:
            raise TooManyItems(f"more than {most} items")
        items.append(body[start:position])
        if not body.startswith(b",", _after_blanks(body, position)):
            return items, _expect(body, position, b"]")
        position = _expect(body, position, b",")


def _name(body: bytes, position: int) -> tuple[str, int]:
    """The member's name, empty if it is none of ours, and where its value begins."""
    start = _after_blanks(body, position)
    text = _TEXT.match(body, start)
    if text is None:
        raise ValueError(f"expected a name at byte {start}")
    name = json.loads(text[0], strict=False) if len(text[0]) <= _LONGEST_NAME else ""
    return name, _after_blanks(body, _expect(body, text.end(), b":"))


def _past_value(body: bytes, start: int) -> int:
    """Behind the value that begins at *start*. What stands between its brackets is not looked at."""
    if body.startswith((b"[", b"{"), start):
        return _past_brackets(body, start)
    scalar = _TEXT.match(body, start) or _SCALAR.match(body, start)
    if scalar is None:
        raise ValueError(f"expected a value at byte {start}")
    return scalar.end()


def _past_brackets(body: bytes, position: int) -> int:
    expected = bytearray()
    for _ in range(_MOST_STEPS):
        if body[position : position + 1] in (b"[", b"{"):
            expected.append(_CLOSING[body[position]])
        elif body[position : position + 1] in (b"]", b"}"):
            if expected.pop() != body[position]:
                raise ValueError(f"expected another closing bracket at byte {position}")
            if not expected:
                return position + 1
        else:
            raise ValueError(f"expected a bracket at byte {position}")
        position = _past_stretches(body, position + 1)
    raise ValueError(f"expected no more than {_MOST_STEPS} brackets within each other")


def _past_stretches(body: bytes, position: int) -> int:
    while (stretch := _STRETCH.match(body, position)) is not None and stretch.end() > position:
        position = stretch.end()
    return position


def _expect(body: bytes, position: int, sign: bytes) -> int:
    start = _after_blanks(body, position)
    if not body.startswith(sign, start):
        raise ValueError(f"expected {sign.decode()!r} at byte {start}")
    return start + 1


def _after_blanks(body: bytes, position: int) -> int:
    match = _BLANKS.match(body, position)
    return position if match is None else match.end()
