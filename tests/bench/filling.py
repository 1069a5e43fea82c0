"""Filling a store from a generated catalog: what a full walk would leave behind, without the walk."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from fixtures.generator import generate
from registry import RELEASE
from registry.catalog.entry import Entry, SourceId
from registry.catalog.overlay import Source
from registry.clock import SystemClock
from registry.commands.apply_changes import Batch, apply_changes
from registry.commands.configure_sources import configure_sources
from registry.commands.perform import Done, perform, recorded
from registry.store.interface import Transaction
from registry.store.records import Run, RunKind, RunState
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from schemas.validation.engine import REVISION
from sync.normalize import normalize, take_apart
from tests.bench.telling import tell
from tests.doubles.opened import open_up

UPSTREAM: Final = "bench"
KIND: Final = "http"
PRECEDENCE: Final = 10
_BATCH: Final = 100
LARGEST_ENTRY_BYTES: Final = 1 << 20


class _Key(msgspec.Struct):
    name: str
    version: str


class _Line(msgspec.Struct):
    server: _Key


_LINE: Final = msgspec.json.Decoder(_Line)


def in_order(versions: int) -> list[bytes]:
    """A generated catalog in the order of a list, by name and version."""
    return sorted(generate(versions), key=key_of)


def key_of(line: bytes) -> tuple[str, str]:
    """Name and version of a catalog's line."""
    server = _LINE.decode(line).server
    return server.name, server.version


async def fill(path: Path, versions: int) -> None:
    """Make the file at *path* a store with that many versions."""
    clock = SystemClock()
    migrate(path, clock=clock, release=RELEASE)
    store = SqliteStore(path, clock)
    try:
        await store.transact(_configure)
        run = await store.transact(lambda transaction: _started(transaction, clock.now_us()))
        lines = in_order(versions)
        began, said = time.monotonic(), 0
        for start in range(0, versions, _BATCH):
            items = lines[start : start + _BATCH]
            entries = [normalize(item, take_apart(item), max_entry_bytes=LARGEST_ENTRY_BYTES) for item in items]
            run = await perform(store, _applying(run, Batch(entries=entries)), durable=False)
            await store.transact(_judging(entries), durable=False)
            done = start + len(items)
            if done - said >= 50_000 or done == versions:
                said = done
                tell(f"filling a store: {done:,} of {versions:,}, {done / (time.monotonic() - began):,.0f} versions/s")
    finally:
        await store.aclose()


async def open_empty(path: Path) -> None:
    """Make the file at *path* a store with nothing in it, whose `everyone` sees whatever comes."""
    clock = SystemClock()
    migrate(path, clock=clock, release=RELEASE)
    store = SqliteStore(path, clock)
    try:
        await store.transact(open_up)
    finally:
        await store.aclose()


async def freshen(path: Path, versions: int) -> None:
    """Note that the last full walk ended just now, so that a server on the file has nothing to fetch."""
    clock = SystemClock()
    store = SqliteStore(path, clock)
    try:
        await store.transact(lambda transaction: _walked(transaction, versions, clock.now_us()))
    finally:
        await store.aclose()


async def make_due(path: Path) -> None:
    """Note that no walk was ever completed, so that a server on the file begins a full one at once."""
    store = SqliteStore(path, SystemClock())
    try:
        await store.transact(_unwalked)
    finally:
        await store.aclose()


def _configure(transaction: Transaction) -> None:
    sources = [(Source(id=SourceId(UPSTREAM), precedence=PRECEDENCE), KIND)]
    open_up(transaction)
    recorded(transaction, configure_sources(transaction, sources))
    transaction.put_unprojected(None)


def _started(transaction: Transaction, now_us: int) -> Run:
    return Run(
        id="run_bench",
        sequence=transaction.next_sequence(),
        upstream=UPSTREAM,
        kind=RunKind.FULL,
        state=RunState.COMPLETED,
        trigger="bench",
        actor="bench",
        requested_us=now_us,
        started_us=now_us,
        finished_us=now_us,
    )


def _applying(run: Run, batch: Batch) -> Callable[[Transaction], Done[Run]]:
    return lambda transaction: apply_changes(transaction, run, batch, advance=lambda advanced: advanced)


def _judging(entries: Sequence[Entry]) -> Callable[[Transaction], None]:
    """Judged already, and right: a server on the file has nothing to do beside what is measured."""

    def judged(transaction: Transaction) -> None:
        for entry in entries:
            transaction.put_findings(entry.digest, (), revision=REVISION)

    return judged


def _walked(transaction: Transaction, versions: int, now_us: int) -> None:
    state = next(state for state in transaction.source_states() if state.source == UPSTREAM)
    transaction.put_source_state(
        msgspec.structs.replace(
            state,
            watermark_us=now_us,
            full_us=now_us,
            full_count=versions,
            synced_us=now_us,
            attempted_us=now_us,
            trouble=None,
            trouble_us=None,
        )
    )


def _unwalked(transaction: Transaction) -> None:
    state = next(state for state in transaction.source_states() if state.source == UPSTREAM)
    transaction.put_source_state(
        msgspec.structs.replace(state, watermark_us=None, full_us=None, synced_us=None, attempted_us=None)
    )
