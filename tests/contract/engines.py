"""How the suite opens an engine, and the few verbs in which its tests speak of a catalog.

Nothing here knows an engine but `SqliteEngine`; another one adds a class with the same two methods.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from registry import RELEASE
from registry.catalog.entry import Entry, Facets, ServerName, SourceId, Status, digest_of
from registry.catalog.overlay import Source
from registry.catalog.query import Page, Query
from registry.clock import Clock
from registry.commands.project_views import project_views
from registry.store.interface import EVERYONE, Store, TeamView, Transaction
from registry.store.records import Run, RunKind, RunState
from registry.store.sqlite.backup import restore
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from schemas.registry_api import OFFICIAL_KEY
from tests.doubles.opened import open_up

NOW_US = 1_757_376_000_000_000
OFFICIAL = "official"


class Engine(Protocol):
    """A kind of store."""

    async def open(self, place: Path, clock: Clock) -> Store:
        """The store at *place*, made if there is none. May be opened several times at once."""

    async def restore(self, backup: Path, place: Path, clock: Clock) -> None:
        """Put *backup* in the place of the store at *place*, which nobody has open."""


class SqliteEngine:
    async def open(self, place: Path, clock: Clock) -> Store:
        path = place / "registry.db"
        migrate(path, clock=clock, release=RELEASE)
        return SqliteStore(path, clock)

    async def restore(self, backup: Path, place: Path, clock: Clock) -> None:
        restore(backup, place / "registry.db", clock)


@asynccontextmanager
async def opened(engine: Engine, place: Path, clock: Clock) -> AsyncIterator[Store]:
    store = await engine.open(place, clock)
    try:
        yield store
    finally:
        await store.aclose()


def entry(
    name: str,
    version: str = "1.0.0",
    *,
    title: str = "",
    description: str = "",
    registry_types: tuple[str, ...] = (),
    transports: tuple[str, ...] = (),
    body: str = "",
    **changes: Any,  # the remaining fields of Entry, as they are named there
) -> Entry:
    """An entry whose document differs with everything that is said here but the source's own facts."""
    document = msgspec.json.encode(
        {"name": str(name), "description": description, "version": version, "title": title, "x": body}
    )
    facets = Facets(title=title, description=description, registry_types=registry_types, transports=transports)
    given: dict[str, Any] = {"published_us": NOW_US, "status": Status.ACTIVE} | changes
    return Entry(
        name=ServerName.parse(name),
        version=version,
        document=document,
        digest=digest_of(document),
        facets=facets,
        **given,
    )


def source(name: str = OFFICIAL, precedence: int = 10, *claims: str, cool_off_us: int = 0) -> Source:
    return Source(id=SourceId(name), precedence=precedence, claims=claims, cool_off_us=cool_off_us)


async def configure(store: Store, *sources: Source) -> None:
    """Exactly these sources, and a view of `everyone` that holds what they have."""

    def operation(transaction: Transaction) -> None:
        transaction.put_sources([(each, "http") for each in sources])
        open_up(transaction)

    await store.transact(operation)


def mirror(transaction: Transaction, entries: Iterable[Entry], *, of: str = OFFICIAL, seen_in: int = 1) -> int:
    """Take *entries* over and project their names; how many view rows were written."""
    names: dict[ServerName, None] = {}
    for each in entries:
        transaction.put_entry(of, each, seen_in=seen_in)
        names[each.name] = None
    return project_views(transaction, names)


async def put(store: Store, *entries: Entry, of: str = OFFICIAL, seen_in: int = 1) -> int:
    """`mirror` in a transaction of its own."""
    return await store.transact(lambda transaction: mirror(transaction, entries, of=of, seen_in=seen_in))


async def withdraw(store: Store, *, of: str = OFFICIAL, seen_in: int, limit: int = 1000) -> int:
    """Withdraw what the run *seen_in* has not seen, and project the names; how many entries."""

    def operation(transaction: Transaction) -> int:
        count, names = transaction.withdraw_unseen(of, seen_in=seen_in, limit=limit)
        project_views(transaction, names)
        return count

    return await store.transact(operation)


def everyone(store: Store) -> TeamView:
    view = store.view(EVERYONE)
    assert view is not None
    return view


async def walk(view: TeamView, query: Query) -> list[bytes]:
    """All items, following `next` to the end; fails if a page is too long, or empty though one was promised."""
    items: list[bytes] = []
    while True:
        page: Page = await view.page(query)
        assert len(page.items) <= query.limit
        items += page.items
        if page.next is None:
            return items
        assert len(page.items) == query.limit
        query = msgspec.structs.replace(query, after=page.next)


def key(item: bytes) -> tuple[str, str]:
    server = msgspec.json.decode(item)["server"]
    return server["name"], server["version"]


def keys(items: Iterable[bytes]) -> list[tuple[str, str]]:
    return [key(item) for item in items]


def official(item: bytes) -> dict[str, Any]:  # the block's members are of several types
    block: dict[str, Any] = msgspec.json.decode(item)["_meta"][OFFICIAL_KEY]
    return block


async def everything(store: Store) -> dict[tuple[str, str], dict[str, Any]]:
    """The official block of every row of the view, deleted ones included."""
    items = await walk(everyone(store), Query(limit=100, include_deleted=True))
    return {key(item): official(item) for item in items}


def run(sequence: int, *, upstream: str = OFFICIAL, state: RunState = RunState.COMPLETED, **changes: Any) -> Run:
    given: dict[str, Any] = {
        "requested_us": NOW_US + sequence,
        "trigger": "schedule",
        "actor": "system:sync",
        "kind": RunKind.FULL,
    }
    return Run(id=f"run_{sequence}", sequence=sequence, upstream=upstream, state=state, **(given | changes))
