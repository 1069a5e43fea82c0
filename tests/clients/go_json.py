"""What mcp-publisher 1.8.9 makes of a server.json before it sends it, as bytes (reference §7, and observed).

It reads the file into its types and writes those: members it does not know vanish, what is empty, false or null is
left out, members stand in the order of the types, numbers of a publisher's own go through a double, and text is escaped
as Go does it. Names are taken as they are spelt here; Go would fold their case.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum, auto
from typing import Final, NamedTuple


class _Keep(Enum):
    """When a member is written."""

    ALWAYS = auto()
    FILLED = auto()
    THERE = auto()
    """Even if it is empty."""


class _Text(NamedTuple):
    pass


class _Flag(NamedTuple):
    pass


class _Anything(NamedTuple):
    """What the publisher provides."""


class _Object(NamedTuple):
    members: Mapping[str, tuple["_Shape", _Keep]]


class _ListOf(NamedTuple):
    each: "_Shape"


class _MapOf(NamedTuple):
    each: "_Shape"


_Shape = _Text | _Flag | _Anything | _Object | _ListOf | _MapOf
_Members = dict[str, tuple[_Shape, _Keep]]


def _filled(*names: str, shape: _Shape | None = None) -> _Members:
    return {name: (_Text() if shape is None else shape, _Keep.FILLED) for name in names}


def _always(*names: str) -> _Members:
    return {name: (_Text(), _Keep.ALWAYS) for name in names}


def _there(*names: str) -> _Members:
    return {name: (_Text(), _Keep.THERE) for name in names}


_HINTS: Final = _filled("default", "placeholder") | _filled("choices", shape=_ListOf(_Text()))
_BEFORE: Final = _filled("description") | _filled("isRequired", shape=_Flag()) | _filled("format")
_SECRET: Final = _filled("isSecret", shape=_Flag())
_INPUT: Final = _Object(_BEFORE | _filled("value") | _SECRET | _HINTS)
_VARIABLES: Final = _filled("variables", shape=_MapOf(_INPUT))
_NAMED_INPUT: Final = _Object({**_INPUT.members, **_VARIABLES, **_always("name")})
# Its value and its hint come last, and stay where they are empty.
_ARGUMENT: Final = _Object(
    _BEFORE
    | _SECRET
    | _HINTS
    | _VARIABLES
    | _always("type")
    | _filled("name")
    | _filled("isRepeated", shape=_Flag())
    | _there("value", "valueHint")
)
_TRANSPORT: Final = _Object(
    _always("type") | _filled("url") | _filled("headers", shape=_ListOf(_NAMED_INPUT)) | _VARIABLES
)
_PACKAGE: Final = _Object(
    {
        **_always("registryType"),
        **_filled("registryBaseUrl"),
        **_always("identifier"),
        **_filled("version", "fileSha256", "runtimeHint"),
        "transport": (_TRANSPORT, _Keep.ALWAYS),
        **_filled("runtimeArguments", "packageArguments", shape=_ListOf(_ARGUMENT)),
        **_filled("environmentVariables", shape=_ListOf(_NAMED_INPUT)),
    }
)
_ICON: Final = _Object(_always("src") | _there("mimeType") | _filled("sizes", shape=_ListOf(_Text())) | _there("theme"))
_SERVER: Final = _Object(
    {
        **_always("$schema", "name", "description"),
        **_filled("title"),
        "repository": (_Object(_filled("url", "source", "id", "subfolder")), _Keep.THERE),
        **_always("version"),
        **_filled("websiteUrl"),
        **_filled("icons", shape=_ListOf(_ICON)),
        **_filled("packages", shape=_ListOf(_PACKAGE)),
        **_filled("remotes", shape=_ListOf(_TRANSPORT)),
        "_meta": (
            _Object(_filled("io.modelcontextprotocol.registry/publisher-provided", shape=_Anything())),
            _Keep.THERE,
        ),
    }
)
_ZERO: Final[Mapping[type[object], object]] = {_Text: "", _Flag: False, _ListOf: [], _MapOf: {}, _Object: {}}
_ESCAPED: Final = re.compile('["\\\\<>&\\x00-\\x1f\u2028\u2029]')
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN_FROM, _PLAIN_UNTIL = 1e-6, 1e21


def reserialised(document: bytes) -> bytes:
    """The body that is sent for *document*. Raises ValueError where the client says that it is no server.json."""
    value = json.loads(document)
    if not isinstance(value, dict):
        raise ValueError("a server.json is an object")
    return encoded(_typed(_SERVER, value))


def encoded(value: object) -> bytes:
    """*value* as Go's encoder writes it: compact, maps of a publisher's own by name."""
    return _written(value).encode()


def _typed(shape: _Shape, value: object) -> object:
    match shape, value:
        case (_Text(), str()) | (_Flag(), bool()):
            return value
        case _Anything(), dict():
            return _sorted(value)
        case _ListOf(), list():
            return [_typed(shape.each, _ZERO[type(shape.each)] if each is None else each) for each in value]
        case _MapOf(), dict():
            return {name: _typed(shape.each, {} if value[name] is None else value[name]) for name in sorted(value)}
        case _Object(), dict():
            return dict(_written_members(shape, value))
        case _:
            raise ValueError(f"{value!r} has another type in a server.json")


def _written_members(shape: _Object, value: dict[str, object]) -> list[tuple[str, object]]:
    found = []
    for name, (inner, keep) in shape.members.items():
        there = value.get(name)
        if there is None:
            if keep is _Keep.ALWAYS:
                found.append((name, _typed(inner, _ZERO[type(inner)])))
            continue
        typed = _typed(inner, there)
        if keep is not _Keep.FILLED or typed:
            found.append((name, typed))
    return found


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _written(value: object) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case int() | float():
            return _number(float(value))
        case str():
            return f'"{_ESCAPED.sub(_escape, value)}"'
        case list():
            return f"[{','.join(map(_written, value))}]"
        case dict():
            return f"{{{','.join(f'{_written(name)}:{_written(each)}' for name, each in value.items())}}}"
        case _:
            raise AssertionError(f"{value!r} is nothing that JSON has")


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0], f"\\u{ord(found[0]):04x}")


def _number(value: float) -> str:
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_UNTIL:
        plain = format(Decimal(repr(value)), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    mantissa = "".join(map(str, digits))
    power = exponent + len(mantissa) - 1
    fraction = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
    return f"{'-' if sign else ''}{mantissa[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power)}"
