"""The read API: lists, versions, one version. Each handler asks a view and hands its bytes on.

Every 200 carries an ETag made of the view's generation and the question, so that a 304 costs no page.
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry import RELEASE
from registry.api.answers import Answer, Header, json_answer
from registry.api.cursor import encode_cursor
from registry.api.decodable import decodable, decodable_page
from registry.api.params import include_deleted, list_query, parse_query
from registry.api.path import name_in, version_in
from registry.api.pending import pending_version
from registry.api.problems import UnknownPath
from registry.catalog.entry import ServerName
from registry.catalog.overlay import Source
from registry.catalog.query import Page, Query
from registry.catalog.view import with_findings
from registry.clock import Clock
from registry.commands.follow import settled
from registry.errors import NotFound, Refused
from registry.findings import finding_counts
from registry.policy.principal import Principal
from registry.store.interface import Store, TeamView, ViewState
from schemas.registry_api import ListMetadata
from schemas.validation.issue import Severity

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_encode: Final = msgspec.json.Encoder().encode
_BUILD: Final = RELEASE.encode()
# Where a credential decided what is seen, no shared cache may keep the answer.
_SHARED: Final = (b"cache-control", b"no-cache")
_PRIVATE: Final = (b"cache-control", b"private, no-cache")
_VARY: Final = (b"vary", b"Authorization")
_LEFT_OUT: Final = b"x-registry-left-out"
"""How many entries a list leaves out because the client it is for cannot decode them; absent for none."""


class _Reading:
    """One read: who asks, through which view, and under which validator."""

    def __init__(self, view: TeamView, state: ViewState, principal: Principal, scope: HTTPScope) -> None:
        self.view = view
        self.compat = principal.compat or state.compat
        self._had_already = False
        question = scope["path"].encode() + b"?" + scope["query_string"]
        self._seed = b"\n".join((state.generation.encode(), _BUILD, (self.compat or "").encode(), question))
        self._kept = _SHARED if principal.anonymous else _PRIVATE
        self._tag(b"")

    def depends_on(self, said: bytes) -> None:
        """The answer depends on this, too, beside the generation of the view and the question."""
        self._tag(b"\n" + said)

    def _tag(self, more: bytes) -> None:
        self.etag = b'"%s"' % blake2b(self._seed + more, digest_size=12).hexdigest().encode()
        self.headers: tuple[Header, ...] = ((b"etag", self.etag), self._kept, _VARY)

    def unchanged(self, scope: HTTPScope) -> Answer | None:
        """The 304 for a caller that has this very answer already."""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                if _matches(value, self.etag):
                    return self._unchanged()
                # RFC 9110 §13.1.2: `*` is any answer there is, so whether there is one comes first.
                self._had_already |= value.strip() == b"*"
        return None

    async def page(self, query: Query) -> Page:
        if self.compat is None:
            return await self.view.page(query)
        page, left_out = await decodable_page(self.view, query, self.compat)
        self._say(left_out)
        return page

    async def versions(self, name: ServerName, *, include_deleted: bool) -> list[bytes]:
        """Raises NotFound if there is none, be it one that the client cannot decode."""
        items = await self.view.versions(name, include_deleted=include_deleted)
        if not items:
            raise NotFound("Server not found")
        if self.compat is None:
            return items
        kept = decodable(self.compat, items)
        self._say(len(items) - len(kept))
        return kept

    def _say(self, left_out: int) -> None:
        if left_out:
            self.headers = (*self.headers, (_LEFT_OUT, b"%d" % left_out))

    def answer(self, body: bytes) -> Answer:
        return self._unchanged() if self._had_already else json_answer(body, headers=self.headers)

    def _unchanged(self) -> Answer:
        return Answer(304, list(self.headers), b"")


async def _begun(store: Store, clock: Clock, principal: Principal, scope: HTTPScope) -> _Reading:
    """A read of the caller's view, which is late with nothing: what ended by time alone has ended."""
    view = None if principal.home_team is None else store.view(principal.home_team)
    if view is None:
        raise UnknownPath
    state = view.state()
    if state.next_us is not None and clock.now_us() >= state.next_us:
        await settled(store, view.team)
        state = view.state()
    return _Reading(view, state, principal, scope)


def read_routes(
    prefix: str,
    store: Store,
    clock: Clock,
    reader: Callable[[HTTPScope], Principal],
    severities: Mapping[str, Severity],
    *,
    private: Source | None = None,
) -> list[HTTPRouteHandler]:
    """
    The three read routes under *prefix*, which may have parameters.

    Args:
        reader: Who reads: the view of their home team. Raises for who does not.
        severities: What the organisation makes of rules of advice, by id.
        private: The source whose publishers are shown versions that the view does not have; None: nobody is.
    """

    async def begin(scope: HTTPScope) -> _Reading:
        return await _begun(store, clock, reader(scope), scope)

    @route(f"{prefix}/servers", http_method=_READ, name=f"list-servers{prefix}")
    async def list_servers(scope: HTTPScope) -> ASGIApp:
        reading = await begin(scope)
        query = list_query(parse_query(scope["query_string"]))
        if (unchanged := reading.unchanged(scope)) is not None:
            return unchanged
        page = await reading.page(query)
        return reading.answer(_page_body(page, query))

    @route(f"{prefix}/servers/{{server_name:str}}/versions", http_method=_READ, name=f"get-server-versions{prefix}")
    async def list_versions(scope: HTTPScope) -> ASGIApp:
        reading = await begin(scope)
        name, deleted = name_in(scope), include_deleted(parse_query(scope["query_string"]))
        if (unchanged := reading.unchanged(scope)) is not None:
            return unchanged
        items = await reading.versions(name, include_deleted=deleted)
        return reading.answer(list_body(items, ListMetadata(count=len(items))))

    @route(
        f"{prefix}/servers/{{server_name:str}}/versions/{{version:str}}",
        http_method=_READ,
        name=f"get-server-version{prefix}",
    )
    async def get_version(scope: HTTPScope) -> ASGIApp:
        try:
            return _detail(await begin(scope), scope, severities)
        except (NotFound, Refused):
            own = None if private is None else await pending_version(scope, store, private)
            if own is None:
                raise
            return own

    return [list_servers, list_versions, get_version]


def _detail(reading: _Reading, scope: HTTPScope, severities: Mapping[str, Severity]) -> Answer:
    """One version, with what was found in its document. Raises NotFound."""
    name, deleted = name_in(scope), include_deleted(parse_query(scope["query_string"]))
    detail = reading.view.detail(name, version_in(scope), include_deleted=deleted)
    if detail is None:
        raise NotFound("Server not found")
    item = detail.item
    if detail.found is not None:
        # It comes when the document is judged, which changes no view.
        counts = finding_counts(detail.found, severities)
        reading.depends_on(b"%d %d %d" % msgspec.structs.astuple(counts))
        item = with_findings(item, counts)
    return reading.unchanged(scope) or reading.answer(item + b"\n")


def _page_body(page: Page, query: Query) -> bytes:
    cursor = None if page.next is None else encode_cursor(query, page.next)
    return list_body(page.items, ListMetadata(next_cursor=cursor, count=len(page.items)))


def list_body(items: list[bytes], metadata: ListMetadata) -> bytes:
    """A list of items as every list of servers is written."""
    return b"".join((b'{"servers":[', b",".join(items), b'],"metadata":', _encode(metadata), b"}\n"))


def _matches(header: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match names *etag*; compared weakly, as RFC 9110 §13.1.2 says."""
    return any(candidate.strip().removeprefix(b"W/") == etag for candidate in header.split(b","))
