"""`/x/registry/mine`: what callers may publish, as it is, in every state and whatever any team sees of it."""

from collections.abc import Callable
from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import PRIVATE_ANSWER, json_answer
from registry.api.cursor import encode_cursor
from registry.api.params import list_query, parse_query
from registry.api.servers import list_body
from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE, Source
from registry.catalog.pattern import name_range
from registry.catalog.published import published, published_item
from registry.catalog.query import Position, Query
from registry.catalog.view import StoredEntry
from registry.errors import Refused
from registry.policy.namespaces import may_publish, published_by
from registry.policy.principal import Principal, Role
from registry.store.interface import Snapshot, Store
from schemas.registry_api import ListMetadata

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]


def mine_route(
    prefix: str, store: Store, caller: Callable[[HTTPScope], Principal], private: Source
) -> HTTPRouteHandler:
    """
    Under *prefix*; with `limit` and `cursor` as every list has them.

    Args:
        caller: Who asks. Raises for who may not ask here.
        private: The source of what is published here.
    """

    @route(f"{prefix}/x/registry/mine", http_method=_READ, name=f"list-mine{prefix}")
    async def list_mine(scope: HTTPScope) -> ASGIApp:
        principal = caller(scope)
        if Role.PUBLISHER not in principal.roles:
            raise Refused("this lists what you may publish, and you do not have any publish permissions")
        query = list_query(parse_query(scope["query_string"]))
        items, after = await store.ask(lambda snapshot: _page(snapshot, principal, private, query))
        cursor = None if after is None else encode_cursor(query, after)
        metadata = ListMetadata(next_cursor=cursor, count=len(items))
        return json_answer(list_body(items, metadata), headers=PRIVATE_ANSWER)

    return list_mine


def _page(
    snapshot: Snapshot, principal: Principal, private: Source, query: Query
) -> tuple[list[bytes], Position | None]:
    found: dict[tuple[ServerName, str], StoredEntry] = {}
    for pattern in published_by(principal):
        low, high = name_range(pattern)
        after = (query.after.name, query.after.version)
        for name, entry in snapshot.entries_between(PRIVATE, low, high, after=after, limit=query.limit + 1):
            found[name, entry.version] = entry
    keys = sorted(found)
    shown = keys[: query.limit]
    latest = {
        (name, visible.entry.version): visible
        for name in dict.fromkeys(name for name, _ in shown)
        for visible in published(snapshot.entries(PRIVATE, name))
    }
    # A version may have come or gone between the two looks: what is shown is what the second one saw.
    items = [
        published_item(latest[key], snapshot.document)
        for key in shown
        if key in latest and may_publish(principal, key[0], private)
    ]
    more = len(keys) > query.limit
    return items, Position(name=str(shown[-1][0]), version=shown[-1][1]) if more else None
