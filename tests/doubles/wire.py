"""Just enough HTTP/1.1: a request as it came in, an answer that may be told to misbehave on its way out."""

import re
from enum import StrEnum
from urllib.parse import unquote, unquote_plus

from msgspec import Struct, structs

_REASONS = {
    200: "OK", 302: "Found", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip
_REQUEST_LINE = re.compile(r"([A-Z]+) (/[^ ]*) HTTP/1\.1")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")


class Request(Struct, frozen=True, kw_only=True):
    """What a client asked, nothing decoded. Header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def decoded_path(self) -> str:
        return unquote(self.path)

    @property
    def params(self) -> dict[str, str]:
        """Of a repeated parameter the first counts, a bare name reads as `true` (reference §2)."""
        params: dict[str, str] = {}
        for pair in filter(None, self.query.split("&")):
            name, equals, value = pair.partition("=")
            params.setdefault(unquote_plus(name), unquote_plus(value) if equals else "true")
        return params


class Ending(StrEnum):
    """What happens to the connection after the last byte."""

    KEEP = "keep"
    CLOSE = "close"
    HANG = "hang"


class Response(Struct, frozen=True, kw_only=True):
    """
    An answer. The members behind `body` are for faults.

    `sent`: how many bytes of the body go out, whatever its length says; None for all. `headless`: not even a
    status line goes out. `delay_s`: before the first byte. `pieces`: the body leaves in that many parts with
    `pause_s` between them. `chunked`: without Content-Length.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str | None = "application/json"
    body: bytes = b""
    sent: int | None = None
    headless: bool = False
    ending: Ending = Ending.KEEP
    delay_s: float = 0.0
    pieces: int = 1
    pause_s: float = 0.0
    chunked: bool = False

    def but(self, **changes: object) -> "Response":
        """The same answer with *changes*."""
        return structs.replace(self, **changes)

    def head(self) -> bytes:
        """Status line and headers with the empty line that ends them."""
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Other')}"]
        if self.content_type is not None:
            lines.append(f"Content-Type: {self.content_type}")
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif self.status != 304:
            lines.append(f"Content-Length: {len(self.body)}")
        lines.extend(f"{name}: {value}" for name, value in self.headers)
        if self.ending is Ending.CLOSE:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def parse_head(head: bytes) -> Request | None:
    """A request line and its headers with the empty line; None if they are not that."""
    first, *rest = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        return None
    headers: dict[str, str] = {}
    for text in rest:
        match = _HEADER.fullmatch(text)
        if match is None:
            return None
        headers[match[1].lower()] = match[2]
    return Request(method=line[1], target=line[2], headers=headers)
