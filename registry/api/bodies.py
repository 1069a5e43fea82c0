"""Reading a request body, with the checks every route makes that takes one (reference §1.2, §1.5).

In this order: size, presence, content type, JSON, form. Unlike upstream, whose parser folds case and takes the last
of two, a document that two parsers could read differently counts as broken JSON.
"""

import asyncio
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request
from litestar.types import HTTPScope

from registry.api.problems import BodyRefused, ParameterFault
from registry.errors import Invalid
from schemas.registry_api import ProblemDetail
from schemas.server_json.document import AmbiguousDocument, require_unambiguous
from schemas.validation.body import BodyFailure, body_failures
from schemas.validation.engine import MOST_BYTES, read
from schemas.validation.issue import Issue, shortened
from schemas.validation.reading import Members

_T = TypeVar("_T")

AnyRequest = Request[Any, Any, Any]  # Any: user, token and state are not used

_READ_S: Final = 5.0
_LONGEST_VALUE: Final = 1000
_LONGEST_TEXT: Final = 16 * 1024
_FAILED: Final = "validation failed"


async def read_body(request: Request[Any, Any, Any], *, most: int = MOST_BYTES) -> bytes:  # Any: none of it is used
    """
    The body, of a type that is JSON.

    Args:
        most: The bytes it may have.

    Raises:
        BodyRefused: it is larger (reference §1.2: exactly 1 MiB is one byte too many), was not there after 5 s, or is
            something else than JSON, as the request says.
        Invalid: there is none.
    """
    announced = _header(request.scope, b"content-length")
    if announced.isdigit() and int(announced[:20]) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(_READ_S):
            body = await _received(request, most)
    except TimeoutError as error:
        late = f"the request body was not there after {_READ_S:.0f} s"
        raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT, late) from error
    if not body:
        raise Invalid("request body is required")
    # reference §1.2: a missing type is JSON, and so is application/x+json.
    kind = _header(request.scope, b"content-type").decode("latin-1").partition(";")[0].strip()
    if kind and kind.lower() != "application/json" and not kind.lower().endswith("+json"):
        error_of_type = ProblemDetail(message=f"unknown content type: {shortened(kind)}", location="body")
        raise BodyRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _FAILED, [error_of_type])
    return body


async def read_json(request: Request[Any, Any, Any], kind: type[_T], *, most: int) -> _T:  # Any: none of it is used
    """
    The body as *kind*, for routes of our own: the request must say that it is JSON, so that no form of a page sends it.

    Raises as `read_body` does, and Invalid for what is no *kind*, or can be read in two ways.
    """
    if not _header(request.scope, b"content-type").startswith(b"application/json"):
        raise Invalid("the body must be JSON; send Content-Type: application/json")
    body = await read_body(request, most=most)
    try:
        require_unambiguous(body)
        return msgspec.json.decode(body, type=kind)
    except (AmbiguousDocument, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the body is not what is expected here: {error}") from error


def server_json(body: bytes) -> Members:
    """
    The members of *body*, whose form is right. Takes milliseconds for a large one: not for the event loop.

    Raises:
        BodyRefused: it is no JSON, or can be read in two ways.
        ParameterFault: `errors` says where its form is wrong; values longer than 1,000 characters are cut, or left out.
    """
    members = read(body)
    if isinstance(members, Issue):
        raise no_members(members.message, body)
    if failures := body_failures(members):
        raise ParameterFault(_details(failures))
    return members


def no_members(message: str, body: bytes) -> BodyRefused | ParameterFault:
    """What to raise for a *body* that is no JSON object, no JSON at all, or can be read in two ways: *message* says."""
    if (other := _other_json(body)) is not None:
        return ParameterFault(_details([BodyFailure(message="expected object", location="body", value=other)]))
    raw = body[: _LONGEST_VALUE * 4].decode(errors="replace")
    broken = ProblemDetail(message=message, location="body", value=_cut(raw))
    return BodyRefused(HTTPStatus.BAD_REQUEST, _FAILED, [broken])


def texts(body: bytes, names: Sequence[str]) -> dict[str, str]:
    """
    The members of *body*, which are exactly *names*, each a text. For secrets: no error repeats what was sent.

    Raises:
        BodyRefused: it is no JSON, or can be read in two ways.
        ParameterFault: a member is absent, no text or longer than any, or there is another one (reference §1.5).
    """
    members = read(body)
    if isinstance(members, Issue):
        if _other_json(body) is not None:
            raise ParameterFault([ProblemDetail(message="expected object", location="body")])
        broken = ProblemDetail(message="this is not JSON, or can be read in two ways", location="body")
        raise BodyRefused(HTTPStatus.BAD_REQUEST, _FAILED, [broken])
    errors = [
        ProblemDetail(message=f"expected required property {name} to be present", location="body")
        for name in names
        if name not in members
    ]
    found: dict[str, str] = {}
    for name, value in members.items():
        if name not in names:
            errors.append(ProblemDetail(message="unexpected property", location=shortened(f"body.{name}")))
        elif not isinstance(value, str):
            errors.append(ProblemDetail(message="expected string", location=f"body.{name}"))
        elif len(value) > _LONGEST_TEXT:
            errors.append(ProblemDetail(message=f"expected length <= {_LONGEST_TEXT}", location=f"body.{name}"))
        else:
            found[name] = value
    if errors:
        raise ParameterFault(errors)
    return found


async def _received(request: Request[Any, Any, Any], most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise Invalid("the request ended before its body did")
        size += len(message["body"])
        if size > most:
            raise _too_large(most)
        parts.append(message["body"])
        more = message.get("more_body", False)
    return b"".join(parts)


def _too_large(most: int) -> BodyRefused:
    detail = f"request body is too large limit={most + 1} bytes"
    return BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def _other_json(body: bytes) -> object | None:
    """What *body* holds if it is JSON and no object. `null` is as good as nothing."""
    if body.lstrip()[:1] == b"{":
        return None
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return None if isinstance(value, dict) else value


def _details(failures: list[BodyFailure]) -> list[ProblemDetail]:
    # Many failures may be about one large object.
    values: dict[int, object] = {}
    for failure in failures:
        if id(failure.value) not in values:
            values[id(failure.value)] = _bounded(failure.value)
    return [
        ProblemDetail(
            message=shortened(failure.message),
            location=shortened(failure.location),
            value=values[id(failure.value)],
        )
        for failure in failures
    ]


def _bounded(value: object) -> object:
    if isinstance(value, str):
        return _cut(value)
    return value if len(json.dumps(value)) <= _LONGEST_VALUE else None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _header(scope: HTTPScope, name: bytes) -> bytes:
    return next((value for each, value in scope["headers"] if each == name), b"")
