"""Where in the text of a JSON document something stands: from the path of an issue to a line and a column.

The text may be anything, as what is wrong with it is what people ask about. Nothing here raises, and work and memory
are bounded: after 50,000 values or below 100 levels the place is that of the closest one that was seen.
"""

import json
import re
from typing import Final

import msgspec

_MOST_VALUES: Final = 50_000
_MOST_NESTED: Final = 100
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_TOKEN: Final = re.compile(r'[ \t\r\n]*("[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+)', re.DOTALL)
_INDEX: Final = re.compile(r"\[([0-9]{1,9})\]", re.ASCII)
_NOT_JSON: Final = ("NaN", "Infinity", "-Infinity")
_COMMENTS: Final = ("//", "/*", "#")


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in a text: both counted from 1, the column in characters (code points)."""

    line: int
    column: int


class SyntaxFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a text is no JSON, and where."""

    position: Position
    message: str


START: Final = Position(1, 1)


class _Value:
    """One value; `members` of an object, `elements` of an array."""

    __slots__ = ("elements", "members", "offset")

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.members: dict[str, _Value] = {}
        self.elements: list[_Value] = []


class Positions:
    """The places of all values of *text*. A byte order mark before it would shift the columns of the first line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._names: dict[str, int] = {}
        self._repeated: dict[str, int] = {}
        self._odd_number: int | None = None
        self._root = self._scanned()

    def value(self, path: str) -> Position:
        """
        Where the value at *path* begins, as `packages[0].transport.url`; of one that is not there: the value around it.

        Names may hold dots and brackets. If a path can be read in two ways, the first that exists is meant.
        """
        return self._position(_closest(self._root, path)[0])

    def name(self, name: str) -> Position | None:
        """Where a member of that name stands for the second time in one object, or else for the first time at all."""
        offset = self._repeated.get(name, self._names.get(name))
        return None if offset is None else self._position(offset)

    def odd_number(self) -> Position | None:
        """The first number that JSON does not have, or that is too large for many parsers."""
        return None if self._odd_number is None else self._position(self._odd_number)

    def _position(self, offset: int) -> Position:
        return _position(self._text, offset)

    def _scanned(self) -> _Value:
        token = _TOKEN.match(self._text)
        root = _Value(token.start(1) if token else 0)
        opened: list[_Value] = []
        name: str | None = None
        count = 0
        while token is not None and count < _MOST_VALUES and len(opened) <= _MOST_NESTED:
            text, offset = token[1], token.start(1)
            following = _TOKEN.match(self._text, token.end())
            if text in "}]":
                if opened:
                    opened.pop()
                if not opened:
                    break
            elif text == ",":
                name = None
            elif text[0] == '"' and name is None and following is not None and following[1] == ":":
                name = _unquoted(text)
                self._note_name(opened, name, offset)
            elif text != ":":
                count += 1
                value = _Value(offset) if opened else root
                _put(opened, name, value)
                if text in "{[":
                    opened.append(value)
                elif self._odd_number is None and _is_odd(text):
                    self._odd_number = offset
                name = None
            token = following
        return root

    def _note_name(self, opened: list[_Value], name: str, offset: int) -> None:
        self._names.setdefault(name, offset)
        if opened and name in opened[-1].members:
            self._repeated.setdefault(name, offset)


def syntax_fault(document: bytes) -> SyntaxFault | None:
    """Where and why *document* is not JSON in UTF-8, with what would help; None if it is, or is nested too deep."""
    if document.startswith(_BYTE_ORDER_MARK):
        return SyntaxFault(position=START, message="it begins with a byte order mark: save it as UTF-8 without one")
    try:
        text = document.decode()
    except UnicodeDecodeError as error:
        before = document[: error.start].decode()
        message = f"it is not valid UTF-8: byte 0x{document[error.start]:02x} cannot stand here"
        return SyntaxFault(position=_position(before, len(before)), message=message)
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        offset = _where(error)
        position = _position(text, offset)
        return SyntaxFault(position=position, message=_explained(text, offset, position, error.msg))
    except (ValueError, RecursionError):
        # A number of thousands of digits; depth that no parser follows.
        return None
    return None


def _where(error: json.JSONDecodeError) -> int:
    # From Python 3.13 on a comma too many is reported where it stands, before that behind it: always behind it here.
    if error.doc[error.pos : error.pos + 1] == ",":
        behind = error.doc[error.pos + 1 :].lstrip()
        if behind[:1] in ("}", "]"):
            return len(error.doc) - len(behind)
    return error.pos


def _explained(text: str, offset: int, position: Position, reason: str) -> str:
    rest = text[offset:]
    if rest.startswith(_COMMENTS):
        return f"line {position.line} holds a comment, and JSON has none: take it out"
    if rest[:1] in ("}", "]") and text[:offset].rstrip().endswith(","):
        return f"a comma stands before the closing {rest[0]} and nothing follows it: take it out"
    if rest.startswith("'"):
        return "a text begins with a single quote: JSON has double quotes only"
    if not rest and offset > 0:
        return "it ends too early: something is not closed"
    return f"it is not JSON: {reason}"


def _closest(value: _Value, rest: str) -> tuple[int, int]:
    """The offset of what *rest* leads to from *value*, and how much of *rest* is left over there."""
    best = (value.offset, len(rest))
    index = _INDEX.match(rest)
    if index is not None and int(index[1]) < len(value.elements):
        best = min(best, _closest(value.elements[int(index[1])], rest[index.end() :]), key=_left_over)
    name = rest.removeprefix(".")
    for member, inner in value.members.items():
        if name.startswith(member) and (len(name) == len(member) or name[len(member)] in ".["):
            best = min(best, _closest(inner, name[len(member) :]), key=_left_over)
    return best


def _left_over(found: tuple[int, int]) -> int:
    return found[1]


def _put(opened: list[_Value], name: str | None, value: _Value) -> None:
    if opened and name is not None:
        opened[-1].members[name] = value
    elif opened:
        opened[-1].elements.append(value)


def _unquoted(text: str) -> str:
    if "\\" not in text:
        return text[1:-1]
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        return text[1:-1]


def _is_odd(text: str) -> bool:
    if text in _NOT_JSON:
        return True
    try:
        return text[0] != '"' and abs(float(text)) == float("inf")
    except ValueError:
        return False


def _position(text: str, offset: int) -> Position:
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))
