"""What every request passes before and after its route: the outermost layer of the application.

In this order: an id, NUL bytes, the Host header, CORS preflight, the raw path, the route, what was refused on record
before its answer goes out, CORS headers, one line in the access log, metrics. Routing happens on the raw path, segment
by segment, because `%2F` in a server's name must stay inside its segment (reference §1.1.4).
"""

import re
from typing import Final
from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from registry.api.access import AccessLog
from registry.api.answers import Answer, problem
from registry.api.callers import Callers
from registry.api.hosts import Hosts
from registry.api.measures import Measures
from registry.api.noted import Noted, begin
from registry.api.problems import unknown_path
from registry.api.refusals import Refusals
from registry.clock import Clock
from registry.ids import Counted

_ANY_ORIGIN: Final = (b"access-control-allow-origin", b"*")
_EXPOSED: Final = (b"access-control-expose-headers", b"Content-Type, Content-Length, ETag, X-Request-Id")
_CORS: Final = [_ANY_ORIGIN, _EXPOSED]
_PREFLIGHT: Final = [
    _ANY_ORIGIN,
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type"),
    (b"access-control-max-age", b"86400"),
    (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
]
_JSON: Final = [(b"content-type", b"application/json")]
# An address with a secret in it is not for whatever a page that has it links to.
_NO_REFERRER: Final = (b"referrer-policy", b"no-referrer")
_CAPABILITY: Final = re.compile(r"/+t/")
# Names of servers have exactly one slash; clients send it encoded, twice encoded, or as it is.
_NAME_IN_PATH: Final = re.compile(
    r"(?P<before>.*/servers/)(?P<first>[^/]+)/(?P<second>[^/]+)/(?P<after>(?:versions|status)(?:/.*)?)"
)
# What only operators on this machine may read is not for pages in a browser either.
_WITHOUT_CORS: Final = re.compile(r"/+(v1(/|$)|metrics/*$)")


class Edge:
    """
    Attributes:
        inner: The application with the routes.
    """

    def __init__(
        self,
        inner: ASGIApp,
        *,
        clock: Clock,
        hosts: Hosts,
        callers: Callers,
        access: AccessLog,
        measures: Measures,
        refusals: Refusals,
    ) -> None:
        self.inner = inner
        self._clock = clock
        self._ids = Counted("req")
        self._hosts = hosts
        self._callers = callers
        self._refusals = refusals
        self._access = access
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.inner(scope, receive, send)
            return
        started_ns = self._clock.monotonic_ns()
        path = scope["path"]
        noted = Noted(self._ids.next(self._clock.now_us()), self._callers.address(scope))
        begin(scope, noted)
        request_id = (b"x-request-id", noted.request.encode())
        status = 500
        size = 0
        cors = not _WITHOUT_CORS.match(path)

        async def observed(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                if noted.error is not None:
                    await self._refusals.note(scope)
                message["headers"] = [*message["headers"], request_id, *(_CORS if cors else ())]
                if _CAPABILITY.match(path):
                    message["headers"] = [*message["headers"], _NO_REFERRER]
            elif message["type"] == "http.response.body":
                size += len(message["body"])
            await send(message)

        try:
            refused = self._refused(scope, path)
            if refused is None:
                scope["path"] = routed_path(scope)
                # The framework would leave an empty segment out, and so know a route by more paths than its own.
                refused = unknown_path(path) if "//" in scope["path"] else None
            await (refused or self.inner)(scope, receive, observed)
        finally:
            noted.let_go()
            elapsed_ns = self._clock.monotonic_ns() - started_ns
            template: object = scope.get("path_template")
            self._access.line(scope, noted, path, status=status, size_bytes=size, elapsed_ns=elapsed_ns)
            self._measures.request(scope["method"], template if isinstance(template, str) else None, status, elapsed_ns)

    def _refused(self, scope: HTTPScope, path: str) -> Answer | None:
        """The answer to a request that reaches no route."""
        if "\x00" in path or "%00" in path:
            return _nul("URL path contains null bytes")
        query = scope["query_string"]
        if query and (b"\x00" in query or b"%00" in query):
            return _nul("query parameters contain null bytes")
        if (reason := self._hosts.refusal(scope["headers"])) is not None:
            return problem(400, "Bad Request", reason)
        if scope["method"] == "OPTIONS":
            if any(name == b"access-control-request-method" for name, _ in scope["headers"]):
                return Answer(204, list(_PREFLIGHT[1:]), b"")
            return unknown_path(path)
        return None


def routed_path(scope: HTTPScope) -> str:
    """The path to route on: as it was sent, with the slash of a server's name inside its segment."""
    raw = scope.get("raw_path") or b""
    path: str = raw.decode("latin-1").partition("?")[0] or scope["path"]
    _, servers, rest = path.partition("/servers/")
    if servers and "%2F" not in rest.partition("/")[0]:
        match = _NAME_IN_PATH.fullmatch(path)
        if match is not None and "/" not in unquote(unquote(match["first"])):
            path = f"{match['before']}{match['first']}%2F{match['second']}/{match['after']}"
    return path


def _nul(what: str) -> Answer:
    # reference §1.1.1: not problem+json, and just these members.
    body = b'{"title":"Bad Request","status":400,"detail":"Invalid request: %s"}\n' % what.encode()
    return Answer(400, [*_JSON, (b"content-length", b"%d" % len(body))], body)
