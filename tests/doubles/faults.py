"""Everything an upstream can do wrong, as values: what happens, to which requests, how often.

    upstream.faults.append(Fault(throttled("7"), when=listing, times=2))

An effect changes a correct answer into a wrong one. Of several faults the first that strikes a request wins.
"""

import gzip
import threading
import zlib
from collections.abc import Callable
from html import escape

import msgspec

from tests.doubles.wire import Ending, Request, Response

Effect = Callable[[Request, Response], Response]
Condition = Callable[[Request], bool]


class _Page(msgspec.Struct):
    servers: list[msgspec.Raw]
    metadata: dict[str, object]


def every(request: Request) -> bool:
    """All requests."""
    return True


def listing(request: Request) -> bool:
    """Pages of GET /servers, under either prefix."""
    return request.path in {"/v0/servers", "/v0.1/servers"}


def later_page(request: Request) -> bool:
    """Pages of GET /servers behind the first."""
    return listing(request) and bool(request.params.get("cursor"))


def incremental(request: Request) -> bool:
    """Pages asked for with updated_since."""
    return listing(request) and "updated_since" in request.params


def under(prefix: str) -> Condition:
    """Requests whose path begins with *prefix*; `under("/v0.1/")` with `missing()` leaves only v0."""
    return lambda request: request.path.startswith(prefix)


class Fault:
    """
    An effect on the requests that *when* selects.

    Args:
        after: How many of them pass unharmed first.
        times: How many are struck then; None for all.
    """

    def __init__(self, effect: Effect, *, when: Condition = every, after: int = 0, times: int | None = None) -> None:
        self.effect = effect
        self.when = when
        self.struck = 0
        self._after = after
        self._times = times

    def strikes(self, request: Request) -> bool:
        """Whether it strikes *request*; asking counts."""
        if not self.when(request):
            return False
        if self._after:
            self._after -= 1
            return False
        if self._times is not None and self.struck >= self._times:
            return False
        self.struck += 1
        return True


class Faults:
    """The faults of one upstream. Tests change them from one thread while the server asks in another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def append(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def apply(self, request: Request, response: Response) -> Response:
        with self._lock:
            for fault in self._faults:
                if fault.strikes(request):
                    return fault.effect(request, response)
        return response


def status(code: int, *, body: bytes = b"", content_type: str | None = None, **headers: str) -> Effect:
    """Another status, with *headers* spelt with underscores: `status(503, Retry_After="2")`."""
    lines = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return lambda request, response: Response(status=code, headers=lines, content_type=content_type, body=body)


def throttled(retry_after: str | None = None) -> Effect:
    """429 as a proxy sends it: HTML, with `Retry-After` (seconds or an HTTP date) if given."""
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    return status(429, body=_html("429 Too Many Requests"), content_type="text/html", **headers)


def html_error(code: int = 502) -> Effect:
    """A proxy's error page."""
    return status(code, body=_html(f"{code} Error"), content_type="text/html")


def html_page() -> Effect:
    """200 with a page for people: a captive portal, a login."""
    return status(200, body=_html("Sign in to continue"), content_type="text/html; charset=utf-8")


def missing() -> Effect:
    """404 as an older registry answers for a prefix it does not know."""
    body = b'{"title":"Not Found","status":404,"detail":"Endpoint not found."}'
    return status(404, body=body, content_type="application/problem+json")


def redirected(location: str, code: int = 302) -> Effect:
    """A redirect, to another host perhaps."""
    return status(code, Location=location)


def not_json(body: bytes = b"upstream connect error or disconnect/reset before headers") -> Effect:
    """A body that is no JSON under a content type that promises it."""
    return lambda request, response: response.but(body=body)


def content_type(value: str | None) -> Effect:
    """The right body under another content type, or under none."""
    return lambda request, response: response.but(content_type=value)


def truncated(share: float = 0.5) -> Effect:
    """The connection closes after *share* of the body that Content-Length promised."""
    return lambda request, response: response.but(sent=int(len(response.body) * share), ending=Ending.CLOSE)


def cut_short(share: float = 0.5) -> Effect:
    """Half a document, honestly announced: only its JSON tells that something is missing."""
    return lambda request, response: response.but(body=response.body[: int(len(response.body) * share)])


def dropped() -> Effect:
    """The connection closes without an answer."""
    return lambda request, response: response.but(headless=True, ending=Ending.CLOSE)


def hang_before_headers() -> Effect:
    """Nothing comes until the server stops."""
    return lambda request, response: response.but(headless=True, ending=Ending.HANG)


def hang_mid_body(share: float = 0.5) -> Effect:
    """The first *share* of the body, then nothing until the server stops."""
    return lambda request, response: response.but(sent=int(len(response.body) * share), ending=Ending.HANG)


def slow(*, delay_s: float = 0.0, pieces: int = 1, pause_s: float = 0.0) -> Effect:
    """*delay_s* before the first byte, then the body in *pieces* with *pause_s* between them."""
    return lambda request, response: response.but(delay_s=delay_s, pieces=pieces, pause_s=pause_s)


def chunked(pieces: int = 4) -> Effect:
    """Nothing wrong: the same body without Content-Length."""
    return lambda request, response: response.but(chunked=True, pieces=pieces)


def gzipped() -> Effect:
    """Nothing wrong: the same body compressed."""
    return lambda request, response: _encoded(response, gzip.compress(response.body, 1))


def gzip_bomb(decoded_bytes: int) -> Effect:
    """A page that is about a thousand times larger decoded than sent; valid JSON to its end."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    mebibyte = b" " * 2**20
    parts = [packer.compress(b'{"servers":[],')]
    parts.extend(packer.compress(mebibyte) for _ in range(decoded_bytes // 2**20))
    parts.append(packer.compress(b" " * (decoded_bytes % 2**20) + b'"metadata":{"count":0}}'))
    bomb = b"".join(parts) + packer.flush()
    return lambda request, response: _encoded(response, bomb)


def huge_page(size_bytes: int) -> Effect:
    """A valid page of *size_bytes* and a little more, without a length to warn of it."""
    return lambda request, response: response.but(
        body=b'{"servers":[],%b"metadata":{"count":0}}' % (b" " * size_bytes), chunked=True, pieces=64
    )


def cursor_loop(cursor: str | None = None) -> Effect:
    """Every page names the same next one: *cursor*, or the page itself if it was asked for by a cursor."""

    def effect(request: Request, response: Response) -> Response:
        page = msgspec.json.decode(response.body, type=_Page)
        again = cursor or request.params.get("cursor") or page.metadata.get("nextCursor", "loop:1")
        return _paged(response, page.servers, {"nextCursor": again, "count": len(page.servers)})

    return effect


def repeated(times: int = 2) -> Effect:
    """Every entry of the page *times* times in a row."""

    def effect(request: Request, response: Response) -> Response:
        page = msgspec.json.decode(response.body, type=_Page)
        servers = [item for item in page.servers for _ in range(times)]
        return _paged(response, servers, {**page.metadata, "count": len(servers)})

    return effect


def with_items(*items: bytes) -> Effect:
    """*items*, whatever they are, before those of the page."""

    def effect(request: Request, response: Response) -> Response:
        page = msgspec.json.decode(response.body, type=_Page)
        servers = [*map(msgspec.Raw, items), *page.servers]
        return _paged(response, servers, {**page.metadata, "count": len(servers)})

    return effect


def empty_list() -> Effect:
    """A registry with nothing in it."""
    return lambda request, response: response.but(body=b'{"servers":[],"metadata":{"count":0}}\n')


def null_servers() -> Effect:
    """`servers` is null, as a list without rows is in some servers."""
    return lambda request, response: response.but(body=b'{"servers":null,"metadata":{"count":0}}\n')


def _paged(response: Response, servers: list[msgspec.Raw], metadata: dict[str, object]) -> Response:
    return response.but(body=msgspec.json.encode({"servers": servers, "metadata": metadata}))


def _encoded(response: Response, body: bytes) -> Response:
    return response.but(body=body, headers=(*response.headers, ("Content-Encoding", "gzip")))


def _html(title: str) -> bytes:
    title = escape(title)
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()
