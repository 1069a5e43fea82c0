"""Query parameters to a Query. Bad input ends here.

The rules are the official registry's (reference §2): the first occurrence of a parameter counts, unknown ones are
ignored, numbers and booleans are read as Go reads them, and all complaints come back together. Ours on purpose: an
empty `cursor`, `limit`, `search`, `updated_since` or `version` counts as absent.
"""

import re
from typing import Final
from urllib.parse import unquote_plus

from registry.api.cursor import decode_cursor
from registry.api.problems import ParameterFault
from registry.catalog.query import Position, Query
from registry.errors import Invalid
from schemas.registry_api import ProblemDetail
from schemas.rfc3339 import parse_instant

_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2})")
_MOST_ITEMS: Final = 100
_LONGEST_SEARCH: Final = 200
_LONGEST_FILTER: Final = 64

_BAD_INSTANT: Final = "Invalid updated_since format: expected RFC3339 timestamp (e.g., 2025-08-07T13:15:04.280Z)"
_NOT_WITHOUT_DELETED: Final = (
    "Cannot set include_deleted=false when using updated_since (incremental sync requires deleted servers)"
)


def parse_query(raw: bytes) -> dict[str, str]:
    """
    The parameters of a raw query string, the first occurrence of each; `+` is a blank.

    A pair with a broken escape is dropped, as Go does. A last `include_deleted` without `=` reads as `true`.
    """
    parameters: dict[str, str] = {}
    if not raw:
        return parameters
    # People type what they search for into a URL without encoding it; that is UTF-8.
    pairs = raw.decode(errors="replace").split("&")
    for index, pair in enumerate(pairs):
        name, equals, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            if _BROKEN_ESCAPE.search(pair):
                continue
            name, value = unquote_plus(name), unquote_plus(value)
        if not equals and name == "include_deleted" and index == len(pairs) - 1:
            value = "true"
        if name:
            parameters.setdefault(name, value)
    return parameters


def list_query(parameters: dict[str, str]) -> Query:
    """
    The question `GET /servers` asks.

    The filters of one of our own cursors win over those sent beside it, since real clients drop theirs from the
    second page on; `limit` is always the request's.

    Raises:
        ParameterFault: a number, boolean or text out of bounds (422).
        Invalid: `updated_since` cannot be read, or contradicts `include_deleted` (400).
    """
    errors: list[ProblemDetail] = []
    limit = _limit(parameters.get("limit", ""), errors)
    include_deleted = _boolean(parameters.get("include_deleted", ""), "include_deleted", errors)
    for name, longest in (
        ("search", _LONGEST_SEARCH),
        ("registry_type", _LONGEST_FILTER),
        ("transport", _LONGEST_FILTER),
    ):
        text = parameters.get(name, "")
        if len(text) > longest:
            errors.append(_complaint(f"expected length <= {longest}", name, text[:longest]))
    if errors:
        raise ParameterFault(errors)
    since = parameters.get("updated_since", "")
    since_us = None
    if since:
        try:
            since_us = parse_instant(since)
        except ValueError as error:
            raise Invalid(_BAD_INSTANT) from error
        if include_deleted is False:
            raise Invalid(_NOT_WITHOUT_DELETED)
    after = Position(tier=0)
    if cursor := parameters.get("cursor", ""):
        decoded = decode_cursor(cursor, limit=limit)
        if isinstance(decoded, Query):
            return decoded
        after = decoded
    return Query(
        limit=limit,
        after=after,
        search=parameters.get("search", ""),
        version=parameters.get("version") or None,
        updated_since_us=since_us,
        include_deleted=bool(include_deleted) or since_us is not None,
        registry_type=parameters.get("registry_type", ""),
        transport=parameters.get("transport", ""),
    )


def include_deleted(parameters: dict[str, str]) -> bool:
    """Whether deleted versions are asked for. Raises ParameterFault if it is not a boolean."""
    errors: list[ProblemDetail] = []
    wanted = _boolean(parameters.get("include_deleted", ""), "include_deleted", errors)
    if errors:
        raise ParameterFault(errors)
    return bool(wanted)


def bounded_integer(parameters: dict[str, str], name: str, *, default: int, most: int) -> int:
    """A whole number from 1 to *most*. Raises ParameterFault."""
    errors: list[ProblemDetail] = []
    number = _integer(parameters.get(name, ""), name, default=default, most=most, errors=errors)
    if errors:
        raise ParameterFault(errors)
    return number


def _limit(text: str, errors: list[ProblemDetail]) -> int:
    return _integer(text, "limit", default=30, most=_MOST_ITEMS, errors=errors)


def _integer(text: str, name: str, *, default: int, most: int, errors: list[ProblemDetail]) -> int:
    if not text:
        return default
    if _INTEGER.fullmatch(text) is None:
        errors.append(_complaint("invalid integer", name, text[:100]))
        return default
    number = int(text)
    if number < 1:
        errors.append(_complaint("expected number >= 1", name, number))
    elif number > most:
        errors.append(_complaint(f"expected number <= {most}", name, number))
    return number


def _boolean(text: str, name: str, errors: list[ProblemDetail]) -> bool | None:
    if not text:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    errors.append(_complaint("invalid boolean", name, text[:100]))
    return None


def _complaint(message: str, name: str, value: str | int) -> ProblemDetail:
    return ProblemDetail(message=message, location=f"query.{name}", value=value)
