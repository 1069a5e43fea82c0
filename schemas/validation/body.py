"""The form a request body must have before any rule is asked: its failures become an answer 422 (reference §1.5).

Upstream's web framework makes these checks from its types, which is why they differ from the JSON Schema: unknown
members are refused at every level but the publisher's own, `null` counts as absent where a member is optional, a
"uri" is whatever Go can parse. Lengths count code points. Member names are case-sensitive here: another spelling has
been refused as ambiguous before (`schemas.server_json.document`).
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import msgspec

from schemas.validation.body_shape import SERVER, Anything, Flag, ListOf, MapOf, Object, Shape, Text
from schemas.validation.go_url import GoUrlError, parse, quoted
from schemas.validation.issue import Issue, schema_error
from schemas.validation.reading import Members

MOST_FAILURES: Final = 100
REFERENCE: Final = "request-body"


class BodyFailure(msgspec.Struct, frozen=True, kw_only=True):
    """
    One entry of `errors` in the problem document.

    Attributes:
        location: `body`, or `body.packages[0].transport`. Of a missing member: the object it is missing from.
        value: What is there; for a missing or an unexpected member the whole object around it. As large as the body:
            whoever answers with it bounds it.
    """

    message: str
    location: str
    value: object


def body_failures(members: Members) -> list[BodyFailure]:
    """What is wrong with the form of *members*, a server.json: the first 100 failures, in the order of the types."""
    return list(islice(_failures(SERVER, members, "body"), MOST_FAILURES))


def body_issues(members: Members) -> list[Issue]:
    """The same as issues, whose paths start inside the body."""
    return [
        schema_error(failure.location.removeprefix("body").removeprefix("."), failure.message, REFERENCE)
        for failure in body_failures(members)
    ]


def _failures(shape: Shape, value: object, location: str) -> Iterator[BodyFailure]:
    match shape:
        case Text():
            yield from (_failure(message, location, value) for message in _of_text(shape, value))
        case Flag():
            if not isinstance(value, bool):
                yield _failure("expected boolean", location, value)
        case ListOf():
            yield from _of_list(shape, value, location)
        case Object() | MapOf() | Anything() if not isinstance(value, dict):
            yield _failure("expected object", location, value)
        case Object():
            yield from _of_object(shape, value, location)
        case MapOf():
            for name, each in value.items():
                yield from _failures(shape.each, each, f"{location}.{name}")
        case Anything():
            pass


def _of_list(shape: ListOf, value: object, location: str) -> Iterator[BodyFailure]:
    if not isinstance(value, list):
        yield _failure("expected array", location, value)
        return
    for index, each in enumerate(value):
        yield from _failures(shape.each, each, f"{location}[{index}]")


def _of_object(shape: Object, value: Members, location: str) -> Iterator[BodyFailure]:
    for name, inner in shape.members.items():
        required = name in shape.required
        if name not in value:
            if required:
                yield _failure(f"expected required property {name} to be present", location, value)
        elif required or value[name] is not None:
            yield from _failures(inner, value[name], f"{location}.{name}")
    for name in value:
        if name not in shape.members:
            only = f": {shape.only}" if shape.only else ""
            yield _failure(f"unexpected property{only}", f"{location}.{name}", value)


def _of_text(shape: Text, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        yield "expected string"
        return
    if len(value) < shape.shortest:
        yield f"expected length >= {shape.shortest}"
    if shape.longest is not None and len(value) > shape.longest:
        yield f"expected length <= {shape.longest}"
    # Anchored in Go, where `$` is the end of the text and nothing else.
    if shape.pattern and not re.fullmatch(shape.pattern, value, re.ASCII):
        yield f"expected string to match pattern ^{shape.pattern}$"
    if shape.uri:
        try:
            parse(value)
        except GoUrlError as error:
            yield f"expected string to be RFC 3986 uri: parse {quoted(value)}: {error}"
    if shape.choices and value not in shape.choices:
        yield f'expected value to be one of "{", ".join(shape.choices)}"'


def _failure(message: str, location: str, value: object) -> BodyFailure:
    return BodyFailure(message=message, location=location, value=value)
