"""The catalog as one team may see it, read from its stored view.

A page is answered on the event loop: it costs less than the hop to a thread. What turns out slow is interrupted
after a few milliseconds and asked again on another thread, where SQLite works without holding the interpreter.
"""

import sqlite3
from collections.abc import Callable
from typing import Final, NamedTuple

from registry.catalog.entry import ServerName
from registry.catalog.query import LATEST, Page, Position, Query
from registry.store.sqlite import queries, rows
from registry.store.sqlite.readers import Readers

# Up to here it is cheaper to sort what changed, or what matched, than to walk the view for it.
_FEW_CHANGED: Final = 1000
_FEW_MATCHES: Final = 400
_GRAM: Final = 3

_EXACT_NAME, _EXACT_SLUG, _OTHERS = 0, 1, 2


class _Found(NamedTuple):
    tier: int
    name: str
    version: str
    item: bytes


class SqliteTeamView:
    """See interface.TeamView."""

    def __init__(self, readers: Readers, *, team: str, view: int) -> None:
        self._readers = readers
        self._team = team
        self._view = view

    @property
    def team(self) -> str:
        return self._team

    def generation(self) -> str:
        row = self._readers.inline.execute(queries.GENERATION, {"view": self._view}).fetchone()
        return f"{row[0]}.{self._view}.{row[1]}"

    async def page(self, query: Query) -> Page:
        if not query.search:
            return await self._readers.ask(lambda connection: self._list(connection, query))
        # A search term decides what it costs, and part of that cannot be interrupted.
        return await self._readers.ask_aside(lambda connection: self._search(connection, query))

    def versions(self, name: ServerName, *, include_deleted: bool) -> list[bytes]:
        bound = {"view": self._view, "name": name, "deleted": include_deleted}
        return [row[0] for row in self._readers.inline.execute(queries.ITEMS_OF_NAME, bound)]

    def version(self, name: ServerName, version: str, *, include_deleted: bool) -> bytes | None:
        bound = {"view": self._view, "name": name, "version": version, "deleted": include_deleted}
        row = self._readers.inline.execute(queries.ITEM, bound).fetchone()
        return None if row is None else row[0]

    def latest(self, name: ServerName, *, include_deleted: bool) -> bytes | None:
        bound = {"view": self._view, "name": name, "deleted": include_deleted}
        row = self._readers.inline.execute(queries.LATEST_ITEM, bound).fetchone()
        return None if row is None else row[0]

    def _list(self, connection: sqlite3.Connection, query: Query) -> Page:
        # Without a search everything is in the last tier; a position in an earlier one comes before all of it.
        after = query.after if query.after.tier == _OTHERS else Position(tier=_OTHERS)
        bound = self._bound(query, after, query.limit + 1)
        found = connection.execute(self._list_statement(connection, query, bound), bound).fetchall()
        return _page([_Found(_OTHERS, *row) for row in found], query.limit)

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

    def _search(self, connection: sqlite3.Connection, query: Query) -> Page:
        term = query.search.casefold()
        tiers: list[tuple[int, Callable[[], str]]] = [
            (_EXACT_NAME, lambda: queries.SEARCH_EXACT_NAME),
            (_EXACT_SLUG, lambda: queries.SEARCH_EXACT_SLUG),
            (_OTHERS, lambda: _search_statement(connection, term)),
        ]
        found: list[_Found] = []
        for tier, statement in tiers:
            wanted = query.limit + 1 - len(found)
            if tier < query.after.tier or wanted == 0:
                continue
            after = query.after if query.after.tier == tier else Position(tier=tier)
            bound = self._bound(query, after, wanted) | {"term": term, "grams": rows.grams(term)}
            found += [_Found(tier, *row) for row in connection.execute(statement(), bound)]
        return _page(found, query.limit)

    def _bound(self, query: Query, after: Position, limit: int) -> dict[str, object]:
        exact = "" if query.version in (None, LATEST) else query.version
        return {
            "view": self._view,
            "name": after.name,
            "version": after.version,
            "limit": limit,
            "deleted": query.include_deleted,
            "latest": query.version == LATEST,
            "exact": exact,
            "since": -(1 << 62) if query.updated_since_us is None else query.updated_since_us,
            "registry_type": rows.words((query.registry_type,)) if query.registry_type else "",
            "transport": rows.words((query.transport,)) if query.transport else "",
        }


def _search_statement(connection: sqlite3.Connection, term: str) -> str:
    short = len(term) < _GRAM
    bound = {"term": term, "grams": rows.grams(term), "cap": _FEW_MATCHES}
    matches = connection.execute(queries.SHORT_COUNT if short else queries.SEARCH_COUNT, bound).fetchone()[0]
    if matches >= _FEW_MATCHES:
        return queries.SEARCH_COMMON
    return queries.SEARCH_SHORT if short else queries.SEARCH_RARE


def _page(found: list[_Found], limit: int) -> Page:
    if len(found) <= limit:
        return Page(items=[each.item for each in found], next=None)
    last = found[limit - 1]
    return Page(
        items=[each.item for each in found[:limit]],
        next=Position(tier=last.tier, name=last.name, version=last.version),
    )
