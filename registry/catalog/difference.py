"""What differs between two documents of one version, by what it means to whoever approves them.

Pure, and never raises: the newer document is whatever a source sent. What cannot be placed is `other`, never harmless.
"""

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from schemas.validation.reading import ARGUMENT_LISTS

_INPUTS: Final = (*ARGUMENT_LISTS, "environmentVariables")
_GIVEN: Final = {"value", "default", "choices"}
_MOST_SHOWN: Final = 20
_LONGEST_PLACE: Final = 120
_LONGEST_VALUE: Final = 80
_MOST_LOOKED_AT: Final = 20_000
"""Members and elements: about ten milliseconds."""
_MOST_NESTED: Final = 100


class Change(StrEnum):
    """
    What a change is about.

    HOST: where it is reached, and by which transport. PACKAGE: what is installed and run. ARGUMENTS: what it is run
    with. SECRETS: what it asks for, or is given, that is secret. DESCRIPTION: only words for people. FORM: other bytes
    that say the same. OTHER: everything else.
    """

    HOST = "host-or-transport"
    PACKAGE = "package"
    ARGUMENTS = "arguments"
    SECRETS = "secrets"
    OTHER = "other"
    DESCRIPTION = "description-only"
    FORM = "form-only"


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """
    `classes`: never empty; DESCRIPTION and FORM stand alone. `places`: the first 20 places that differ, in words, each
    shorter than 300 characters and of printable ones only. `more`: how many there are beside these.
    """

    classes: tuple[Change, ...]
    places: tuple[str, ...]
    more: int = 0


_Path = tuple[str | int, ...]


class _Absent:
    """In the place of a member that one of the two does not have."""


_ABSENT: Final = _Absent()


def difference(before: bytes, after: bytes) -> Difference:
    """What *after* says otherwise than *before*, of which the bytes differ."""
    try:
        old, new = msgspec.json.decode(before), msgspec.json.decode(after)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Difference(classes=(Change.OTHER,), places=("one of the documents cannot be read",))
    classes: set[Change] = set()
    places: list[str] = []
    count = 0
    for path, was, is_now, secret in _differing(_in_order(old), _in_order(new)):
        if path is None:
            classes.add(Change.OTHER)
            places.append("there is more than can be compared")
            break
        classes |= _classes(path, secret)
        count += 1
        if count <= _MOST_SHOWN:
            places.append(_said(path, was, is_now, secret))
    return Difference(
        classes=tuple(each for each in Change if each in _leading(classes)),
        places=tuple(places),
        more=max(0, count - _MOST_SHOWN),
    )


def _in_order(document: object) -> object:
    """What matters first: nothing is pushed out of sight by what stands before it."""
    if not isinstance(document, dict):
        return document
    return {name: document[name] for name in ("remotes", "packages") if name in document} | document


def _leading(classes: set[Change]) -> set[Change]:
    if not classes:
        return {Change.FORM}
    return classes if classes == {Change.DESCRIPTION} else classes - {Change.DESCRIPTION}


def _differing(old: object, new: object) -> Iterator[tuple[_Path | None, object, object, bool]]:
    """
    Every place where the two differ, what was and is there, and whether it belongs to a secret.

    None in place of a path: there is more than was looked at.
    """
    waiting: list[tuple[_Path, object, object, bool]] = [((), old, new, False)]
    looked_at = 0
    while waiting:
        path, was, is_now, secret = waiting.pop()
        looked_at += 1
        if looked_at > _MOST_LOOKED_AT or len(path) > _MOST_NESTED:
            yield None, was, is_now, secret
            return
        inner = _inside(was, is_now)
        if inner is not None:
            secret = secret or _is_secret(was) or _is_secret(is_now)
            waiting += [((*path, step), one, other, secret) for step, one, other in reversed(inner)]
        elif _ABSENT not in (was, is_now) and {dict, list} & {type(was), type(is_now)} and (was or is_now):
            # All that was there is gone, and all that is there is new.
            waiting += [(path, _ABSENT, is_now, secret), (path, was, _ABSENT, secret)]
        elif type(was) is not type(is_now) or was != is_now:
            # 1, 1.0 and true are equal in Python, and not in a document.
            yield path, was, is_now, secret


def _inside(was: object, is_now: object) -> list[tuple[str | int, object, object]] | None:
    """What stands in both at the same step; None where there is nothing inside to compare."""
    if isinstance(was, dict | _Absent) and isinstance(is_now, dict | _Absent):
        old, new = (each if isinstance(each, dict) else {} for each in (was, is_now))
        return [(key, old.get(key, _ABSENT), new.get(key, _ABSENT)) for key in {**old, **new}] or None
    if isinstance(was, list | _Absent) and isinstance(is_now, list | _Absent):
        first, second = (each if isinstance(each, list) else [] for each in (was, is_now))
        length = max(len(first), len(second))
        return [(index, _at(first, index), _at(second, index)) for index in range(length)] or None
    return None


def _at(values: list[object], index: int) -> object:
    return values[index] if index < len(values) else _ABSENT


def _is_secret(value: object) -> bool:
    return isinstance(value, dict) and value.get("isSecret") is True


def _classes(path: _Path, secret: bool) -> set[Change]:
    # None stands for any element; a member may have any name.
    words = tuple(step if isinstance(step, str) else None for step in path)
    of_input = _of_an_input(words)
    match words:
        case ("description" | "title",):
            return {Change.DESCRIPTION}
        case _ if of_input in (("description",), ("placeholder",)):
            return {Change.DESCRIPTION}
        case ("packages", None, member, *_) if member in _INPUTS:
            return {Change.SECRETS if secret else Change.ARGUMENTS}
        case ("remotes", *_) | ("packages", None, "transport", *_):
            found = Change.HOST
        case ("packages", *_):
            found = Change.PACKAGE
        case _:
            found = Change.OTHER
    return {found, Change.SECRETS} if secret else {found}


def _of_an_input(words: tuple[str | None, ...]) -> tuple[str | None, ...] | None:
    """The way from an input, what somebody may fill in, to the end of *words*; None if these lead through none."""
    match words:
        case ("packages", None, "transport", *transport):
            inner = _of_a_transport(tuple(transport))
        case ("packages", None, str() as member, None, *inside) if member in _INPUTS:
            inner = tuple(inside)
        case ("remotes", None, *transport):
            inner = _of_a_transport(tuple(transport))
        case _:
            inner = None
    if inner is not None and len(inner) > 2 and inner[0] == "variables" and inner[1] is not None:
        return inner[2:]
    return inner


def _of_a_transport(words: tuple[str | None, ...]) -> tuple[str | None, ...] | None:
    match words:
        case ("headers", None, *inside) | ("variables", str(), *inside):
            return tuple(inside)
    return None


def _said(path: _Path, was: object, is_now: object, secret: bool) -> str:
    place = _printable("".join(_step(step) for step in path).removeprefix(".") or "the document", _LONGEST_PLACE)
    # What is given as a secret is not repeated where many may read it.
    told = not (secret and _GIVEN & {step for step in path if isinstance(step, str)})
    if isinstance(was, _Absent):
        return f"{place}: added {_value(is_now)}" if told else f"{place}: added"
    if isinstance(is_now, _Absent):
        return f"{place}: removed {_value(was)}" if told else f"{place}: removed"
    return f"{place}: {_value(was)} → {_value(is_now)}" if told else f"{place}: another value"


def _step(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"


def _value(value: object) -> str:
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    if isinstance(value, int) and abs(value) > 1 << 63:
        return "a large number"
    # ASCII, so that nothing hides in it; cut before that is made of a megabyte.
    return _printable(json.dumps(value[:_LONGEST_VALUE] if isinstance(value, str) else value), _LONGEST_VALUE)


def _printable(text: str, longest: int) -> str:
    shown = text[:longest].encode("ascii", "backslashreplace").decode()
    shown = "".join(letter if letter.isprintable() else "?" for letter in shown)
    return shown if len(text) <= longest and len(shown) <= longest else shown[: longest - 1] + "…"
