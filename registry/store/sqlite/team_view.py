"""The catalog as one team may see it, read from its stored view.

A page is answered on the event loop: it costs less than the hop to a thread. What turns out slow is interrupted
after a few milliseconds and asked again on another thread, where SQLite works without holding the interpreter.
"""

import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec

from registry.catalog.compat import Compat
from registry.catalog.entry import ServerName
from registry.catalog.query import LATEST, Detail, Found, Page, Position, Query
from registry.store.interface import ViewState
from registry.store.sqlite import queries, rows
from registry.store.sqlite.readers import Readers

# Up to here it is cheaper to sort what changed, or what matched, than to walk the view for it.
_FEW_CHANGED: Final = 1000
# A walk is quick where matches are spread evenly, and slow where they cluster: it has to be clearly cheaper.
_FEW_MATCHES: Final = 3000
_GRAM: Final = 3

_EXACT_NAME, _EXACT_SLUG, _OTHERS = 0, 1, 2


class SqliteTeamView:
    """
    See interface.TeamView.

    Args:
        incarnation: Of the file. It does not change while anybody has the file open.
    """

    def __init__(self, readers: Readers, *, team: str, view: int, incarnation: str) -> None:
        self._incarnation = incarnation
        self._readers = readers
        self._team = team
        self._view = view

    @property
    def team(self) -> str:
        return self._team

    def state(self) -> ViewState:
        row = self._readers.row(queries.GENERATION, {"view": self._view})
        assert row is not None
        generation, next_us, compat = row
        return ViewState(
            generation=f"{self._incarnation}.{self._view}.{generation}",
            next_us=next_us,
            compat=None if compat is None else Compat(compat),
        )

    def generation(self) -> str:
        return self.state().generation

    async def page(self, query: Query) -> Page:
        if not query.search:
            return await self._readers.ask(lambda connection: self._list(connection, query))
        # A search term decides what it costs, and part of that cannot be interrupted.
        return await self._readers.ask_aside(lambda connection: self._search_at_once(connection, query))

    async def versions(self, name: ServerName, *, include_deleted: bool) -> list[bytes]:
        bound = {"view": self._view, "name": name, "deleted": include_deleted}
        found = await self._readers.ask(lambda connection: connection.execute(queries.ITEMS_OF_NAME, bound).fetchall())
        return [row[0] for row in found]

    def version(self, name: ServerName, version: str, *, include_deleted: bool) -> bytes | None:
        bound = {"view": self._view, "name": name, "version": version, "deleted": include_deleted}
        row = self._readers.row(queries.ITEM, bound)
        return None if row is None else row[0]

    def latest(self, name: ServerName, *, include_deleted: bool) -> bytes | None:
        bound = {"view": self._view, "name": name, "deleted": include_deleted}
        row = self._readers.row(queries.LATEST_ITEM, bound)
        return None if row is None else row[0]

    def detail(self, name: ServerName, version: str, *, include_deleted: bool) -> Detail | None:
        bound = {"view": self._view, "name": name, "version": version, "deleted": include_deleted}
        row = self._readers.row(queries.LATEST_DETAIL if version == LATEST else queries.DETAIL, bound)
        if row is None:
            return None
        return Detail(item=row[0], found=None if row[1] is None else _found.decode(row[1]))

    def _list(self, connection: sqlite3.Connection, query: Query) -> Page:
        # Without a search everything is in the last tier; a position in an earlier one comes before all of it.
        after = query.after if query.after.tier == _OTHERS else Position(tier=_OTHERS)
        bound = self._bound(query, after, query.limit + 1)
        found = connection.execute(self._list_statement(connection, query, bound), bound).fetchall()
        items = [item for (item,) in found]
        if len(items) <= query.limit:
            return Page(items=items, next=None)
        items.pop()
        return Page(items=items, next=_position(_OTHERS, items[-1]))

    def _list_statement(self, connection: sqlite3.Connection, query: Query, bound: dict[str, object]) -> str:
        if query.updated_since_us is not None:
            changed = connection.execute(queries.CHANGED_COUNT, bound | {"cap": _FEW_CHANGED}).fetchone()[0]
            if changed < _FEW_CHANGED:
                return queries.PAGE_CHANGED
        elif not (query.include_deleted or query.registry_type or query.transport):
            if query.version is None:
                return queries.PAGE_PLAIN
            if query.version == LATEST:
                return queries.PAGE_LATEST
        return queries.PAGE_ONE_VERSION if bound["exact"] else queries.PAGE_FILTERED

    def _search_at_once(self, connection: sqlite3.Connection, query: Query) -> Page:
        # Several statements make one page: a commit between them would show half of a change.
        connection.execute("BEGIN")
        try:
            return self._search(connection, query)
        finally:
            connection.rollback()

    def _search(self, connection: sqlite3.Connection, query: Query) -> Page:
        term = rows.search_term(query.search)
        tiers: list[tuple[int, Callable[[], str]]] = [
            (_EXACT_NAME, lambda: queries.SEARCH_EXACT_NAME),
            (_EXACT_SLUG, lambda: queries.SEARCH_EXACT_SLUG),
            (_OTHERS, lambda: _search_statement(connection, term)),
        ]
        items: list[bytes] = []
        last: Position | None = None
        for tier, statement in tiers:
            if tier < query.after.tier:
                continue
            after = query.after if query.after.tier == tier else Position(tier=tier)
            wanted = query.limit - len(items)
            bound = self._bound(query, after, wanted + 1) | {"term": term, "grams": rows.grams(term)}
            found = connection.execute(statement(), bound).fetchall()
            items += [item for (item,) in found[:wanted]]
            if found[:wanted]:
                last = _position(tier, items[-1])
            if len(found) > wanted:
                return Page(items=items, next=last)
        return Page(items=items, next=None)

    def _bound(self, query: Query, after: Position, limit: int) -> dict[str, object]:
        exact = "" if query.version in (None, LATEST) else query.version
        return {
            "view": self._view,
            "name": after.name,
            "version": after.version,
            "limit": limit,
            "deleted": query.include_deleted or query.updated_since_us is not None,
            "latest": query.version == LATEST,
            "exact": exact,
            "since": -(1 << 62) if query.updated_since_us is None else query.updated_since_us,
            "registry_type": rows.wanted_word(query.registry_type),
            "transport": rows.wanted_word(query.transport),
        }


def _search_statement(connection: sqlite3.Connection, term: str) -> str:
    short = len(term) < _GRAM
    bound = {"term": term, "grams": rows.grams(term), "cap": _FEW_MATCHES}
    matches = connection.execute(queries.SHORT_COUNT if short else queries.SEARCH_COUNT, bound).fetchone()[0]
    if matches >= _FEW_MATCHES:
        return queries.SEARCH_COMMON
    return queries.SEARCH_SHORT if short else queries.SEARCH_RARE


_found: Final = msgspec.json.Decoder(tuple[Found, ...])


class _Named(msgspec.Struct, frozen=True):
    name: str
    version: str


class _Item(msgspec.Struct, frozen=True):
    server: _Named


_item: Final = msgspec.json.Decoder(_Item)


def _position(tier: int, item: bytes) -> Position:
    """Behind *item*."""
    server = _item.decode(item).server
    return Position(tier=tier, name=server.name, version=server.version)
