"""The read API: lists, versions, one version. Each handler asks a view and hands its bytes on.

Every 200 carries an ETag made of the view's generation and the question, so that a 304 costs no page.
"""

from hashlib import blake2b
from typing import Final
from urllib.parse import unquote

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope

from registry import RELEASE
from registry.api.answers import Answer, Header, json_answer
from registry.api.cursor import encode_cursor
from registry.api.params import include_deleted, list_query, parse_query
from registry.auth.authenticate import Authenticator
from registry.catalog.entry import ServerName
from registry.catalog.query import LATEST, Page, Query
from registry.errors import Invalid, NotFound
from registry.policy.principal import Principal
from registry.store.interface import Store, TeamView
from schemas.registry_api import ListMetadata

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_encode: Final = msgspec.json.Encoder().encode
_BUILD: Final = RELEASE.encode()
# Where a credential decided what is seen, no shared cache may keep the answer.
_SHARED: Final = (b"cache-control", b"no-cache")
_PRIVATE: Final = (b"cache-control", b"private, no-cache")
_VARY: Final = (b"vary", b"Authorization")


class _Reading:
    """One read: who asks, through which view, and under which validator."""

    def __init__(self, store: Store, principal: Principal, scope: HTTPScope) -> None:
        view = store.view(principal.home_team)
        if view is None:
            raise NotFound("there is no view to read here; the configured team does not exist")
        self.view: TeamView = view
        question = scope["path"].encode() + b"?" + scope["query_string"]
        seed = view.generation().encode() + b"\n" + _BUILD + b"\n" + question
        self.etag = b'"%s"' % blake2b(seed, digest_size=12).hexdigest().encode()
        self.headers: tuple[Header, ...] = (
            (b"etag", self.etag),
            _SHARED if principal.anonymous else _PRIVATE,
            _VARY,
        )

    def unchanged(self, scope: HTTPScope) -> Answer | None:
        """The 304 for a caller that has this very answer already."""
        for name, value in scope["headers"]:
            if name == b"if-none-match" and _matches(value, self.etag):
                return Answer(304, list(self.headers), b"")
        return None

    def answer(self, body: bytes) -> Answer:
        return json_answer(body, headers=self.headers)


def read_routes(prefix: str, store: Store, authenticator: Authenticator) -> list[HTTPRouteHandler]:
    """The three read routes under *prefix*, `/v0.1` or `/v0`."""

    def begin(scope: HTTPScope) -> _Reading:
        return _Reading(store, authenticator.reader(scope["headers"]), scope)

    @route(f"{prefix}/servers", http_method=_READ, name=f"list-servers{prefix}")
    async def list_servers(scope: HTTPScope) -> ASGIApp:
        reading = begin(scope)
        query = list_query(parse_query(scope["query_string"]))
        if (unchanged := reading.unchanged(scope)) is not None:
            return unchanged
        page = await reading.view.page(query)
        return reading.answer(_page_body(page, query))

    @route(f"{prefix}/servers/{{server_name:str}}/versions", http_method=_READ, name=f"get-server-versions{prefix}")
    async def list_versions(scope: HTTPScope, server_name: FromPath[str]) -> ASGIApp:
        reading = begin(scope)
        name, deleted = _name(server_name), include_deleted(parse_query(scope["query_string"]))
        if (unchanged := reading.unchanged(scope)) is not None:
            return unchanged
        items = reading.view.versions(name, include_deleted=deleted)
        if not items:
            raise NotFound("Server not found")
        return reading.answer(_list_body(items, ListMetadata(count=len(items))))

    @route(
        f"{prefix}/servers/{{server_name:str}}/versions/{{version:str}}",
        http_method=_READ,
        name=f"get-server-version{prefix}",
    )
    async def get_version(scope: HTTPScope, server_name: FromPath[str], version: FromPath[str]) -> ASGIApp:
        reading = begin(scope)
        name, deleted = _name(server_name), include_deleted(parse_query(scope["query_string"]))
        wanted = _decoded(version, "version")
        if (unchanged := reading.unchanged(scope)) is not None:
            return unchanged
        item = (
            reading.view.latest(name, include_deleted=deleted)
            if wanted == LATEST
            else reading.view.version(name, wanted, include_deleted=deleted)
        )
        if item is None:
            raise NotFound("Server not found")
        return reading.answer(item + b"\n")

    return [list_servers, list_versions, get_version]


def _page_body(page: Page, query: Query) -> bytes:
    cursor = None if page.next is None else encode_cursor(query, page.next)
    return _list_body(page.items, ListMetadata(next_cursor=cursor, count=len(page.items)))


def _list_body(items: list[bytes], metadata: ListMetadata) -> bytes:
    return b'{"servers":[' + b",".join(items) + b'],"metadata":' + _encode(metadata) + b"}\n"


def _name(segment: str) -> ServerName:
    try:
        return ServerName.parse(_decoded(segment, "server name"))
    except Invalid as error:
        if "encoding" in str(error):
            raise
        # What cannot be a name is not found, like a name that is not there.
        raise NotFound("Server not found") from error


def _decoded(segment: str, what: str) -> str:
    """A path segment, decoded twice as the official registry does: `%2F` and `%252F` both reach a slash."""
    try:
        return unquote(unquote(segment, errors="strict"), errors="strict") if "%" in segment else segment
    except UnicodeDecodeError as error:
        raise Invalid(f"Invalid {what} encoding") from error


def _matches(header: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match names *etag*; compared weakly, as RFC 9110 §13.1.2 says."""
    return header.strip() == b"*" or any(
        candidate.strip().removeprefix(b"W/") == etag for candidate in header.split(b",")
    )
