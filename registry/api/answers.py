"""What goes back: a status, headers and bytes that are ready to be sent."""

from typing import Final

import msgspec
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

from schemas.registry_api import JSON, PROBLEM_JSON, Problem, ProblemDetail

_encode: Final = msgspec.json.Encoder().encode
Header = tuple[bytes, bytes]
PRIVATE_ANSWER: Final[tuple[Header, ...]] = ((b"cache-control", b"private, no-store"), (b"vary", b"Authorization"))
"""For what is the caller's alone: nobody keeps it."""


class Answer:
    """An ASGI application that sends one prepared response. To HEAD it sends the headers of GET and no body."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[Header], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(HTTPResponseStartEvent(type="http.response.start", status=self.status, headers=self.headers))
        body = b"" if scope.get("method") == "HEAD" else self.body
        await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=False))


def json_answer(body: bytes, *, status: int = 200, headers: tuple[Header, ...] = ()) -> Answer:
    """A JSON body: `application/json` without charset, as the official registry sends it."""
    return Answer(status, [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body)), *headers], body)


def encoded(value: object, *, status: int = 200, headers: tuple[Header, ...] = ()) -> Answer:
    """*value* as compact JSON with a final newline."""
    return json_answer(_encode(value) + b"\n", status=status, headers=headers)


def text_answer(body: bytes, media_type: str, *, headers: tuple[Header, ...] = ()) -> Answer:
    """A body of another kind than JSON."""
    return Answer(200, [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(body)), *headers], body)


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    errors: list[ProblemDetail] | None = None,
    headers: tuple[Header, ...] = (),
) -> Answer:
    """An error as `application/problem+json`; `error` repeats `detail`."""
    body = _encode(Problem(title=title, status=status, detail=detail, errors=errors, error=detail)) + b"\n"
    return Answer(
        status,
        [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", b"%d" % len(body)), *headers],
        body,
    )
