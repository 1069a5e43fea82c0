"""A registry that holds what some upstreams list from its start, changed in steps whose instants a test knows apart.

The same items are written to a file per upstream and declared as file upstreams, so that the first synchronisation
finds nothing to do. Items are `{"server","_meta"}` entries, as bytes.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from registry import RELEASE
from registry.catalog.entry import SourceId
from registry.catalog.overlay import Source
from registry.clock import Clock, SystemClock
from registry.commands.apply_changes import Batch, apply_changes
from registry.commands.perform import Done, perform
from registry.settings import Settings
from registry.store.interface import Transaction
from registry.store.records import Run, RunKind, RunState
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from registry.wiring import private_source
from sync.normalize import normalize, take_apart
from tests.doubles.opened import OPEN, open_up
from tests.running import RunningRegistry

ANONYMOUS = '[anonymous]\nteam = "everyone"\n'
"""Configuration under which everybody reads what is loaded."""

ACME_CLAIMS = ("com.acme", "com.acme.*")

_ACME = Path(__file__).resolve().parents[2] / "fixtures" / "acme"
_LARGEST = 1 << 20
_PATIENCE_S = 10.0


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """What one upstream lists. Those given first answer first."""

    name: str
    items: Sequence[bytes]
    claims: tuple[str, ...] = ()


class _List(msgspec.Struct):
    servers: list[msgspec.Raw]


def acme() -> list[Upstream]:
    """The two upstreams of fixtures/acme."""
    return [
        Upstream(name="internal", items=_items("internal.json"), claims=ACME_CLAIMS),
        Upstream(name="official", items=_items("official.json")),
    ]


@contextlib.contextmanager
def serving(
    folder: Path,
    upstreams: Sequence[Upstream],
    *,
    configuration: str = ANONYMOUS,
    server: str = "",
    governance: str = OPEN,
    everywhere: bool = False,
    batch: int = 100,
    workers: int = 1,
) -> Iterator[RunningRegistry]:
    """
    A running registry in *folder* that holds what *upstreams* list, and has compared it with them once.

    Args:
        configuration: TOML beside `[server]`, `[store]` and the upstreams.
        server: TOML lines in `[server]`.
        governance: The governance file; the default shows everything to `everyone`.
        everywhere: Listen on every address, as a registry for others does.
        batch: Items in one transaction, and so with one `updatedAt`.
    """
    registry = RunningRegistry(
        folder,
        configuration + load(folder, upstreams, batch=batch),
        server=server,
        governance=governance,
        workers=workers,
    )
    if everywhere:
        registry.config.write_text(registry.config.read_text().replace("127.0.0.1", "0.0.0.0"))
    with registry:
        registry.wait_for("synced", times=len(upstreams))
        yield registry


def load(folder: Path, upstreams: Sequence[Upstream], *, batch: int = 100) -> str:
    """
    Fill the store that a RunningRegistry in *folder* will serve; the TOML that declares the upstreams.

    Args:
        batch: Items in one transaction, and so with one `updatedAt`.
    """
    clock = SystemClock()
    migrate(folder / "registry.db", clock=clock, release=RELEASE)
    asyncio.run(_load(folder / "registry.db", clock, upstreams, batch))
    for upstream in upstreams:
        (folder / f"{upstream.name}.json").write_bytes(b'{"servers":[%b]}' % b",".join(upstream.items))
    return "".join(
        f'\n[[upstream]]\nname = "{upstream.name}"\nkind = "file"\npath = "{folder / upstream.name}.json"\n'
        f"precedence = {precedence}\nclaims = {msgspec.json.encode(upstream.claims).decode()}\n"
        for precedence, upstream in enumerate(upstreams)
    )


def change(folder: Path, upstream: str, items: Sequence[bytes]) -> None:
    """The *upstream* lists these too, or anew: one transaction, from this process, while a server may be running."""
    asyncio.run(_change(folder / "registry.db", upstream, items))


async def _load(path: Path, clock: Clock, upstreams: Sequence[Upstream], batch: int) -> None:
    store = SqliteStore(path, clock)
    try:
        sources = [(private_source(Settings()), "private")]
        sources += [
            (Source(id=SourceId(upstream.name), precedence=precedence, claims=upstream.claims), "file")
            for precedence, upstream in enumerate(upstreams)
        ]
        await store.transact(lambda transaction: _prepare(transaction, sources))
        for upstream in upstreams:
            for start in range(0, len(upstream.items), batch):
                await _apply(store, upstream.name, upstream.items[start : start + batch])
    finally:
        await store.aclose()


def _prepare(transaction: Transaction, sources: Sequence[tuple[Source, str]]) -> None:
    transaction.put_sources(sources)
    open_up(transaction)


async def _change(path: Path, upstream: str, items: Sequence[bytes]) -> None:
    store = SqliteStore(path, SystemClock())
    try:
        await _apply(store, upstream, items)
    finally:
        await store.aclose()


async def _apply(store: SqliteStore, upstream: str, items: Iterable[bytes]) -> None:
    batch = Batch(entries=[normalize(item, take_apart(item), max_entry_bytes=_LARGEST) for item in items])

    def command(transaction: Transaction) -> Done[Run]:
        sequence = transaction.next_sequence()
        run = Run(
            id=f"run_{sequence:026d}",
            sequence=sequence,
            upstream=upstream,
            kind=RunKind.INCREMENTAL,
            state=RunState.COMPLETED,
            trigger="test",
            actor="test",
            requested_us=transaction.instant_us,
        )
        return apply_changes(transaction, run, batch, advance=lambda progressed: progressed)

    await perform(store, command, durable=False)


def _items(file: str) -> list[bytes]:
    return [bytes(item) for item in msgspec.json.decode((_ACME / file).read_bytes(), type=_List).servers]
