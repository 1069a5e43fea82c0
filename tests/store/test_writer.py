"""The queue of one process's changes: who gives up, who waits too long, what is told to whom."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from registry.clock import SystemClock
from registry.errors import StoreBusy, StoreFault, StoreFull
from registry.store.interface import Transaction
from registry.store.sqlite.store import SqliteStore
from registry.store.sqlite.transaction import SqliteTransaction
from registry.store.sqlite.turnstile import Turnstile
from registry.store.sqlite.writer import Writer
from tests.contract.engines import entry, everything, put

pytestmark = pytest.mark.anyio


@pytest.fixture
async def impatient(path: Path) -> AsyncIterator[Writer]:
    """A writer whose callers wait a fiftieth of a second for their turn."""
    writer = Writer(path, SystemClock(), patience_s=0.02)
    try:
        yield writer
    finally:
        await asyncio.to_thread(writer.close)


def _sequence(transaction: Transaction) -> int:
    return transaction.next_sequence()


def _pragma(statement: str) -> Any:  # an operation; its connection is the one thing a full disk can be played on
    return lambda transaction: transaction._connection.execute(statement).fetchone()


class _Held:
    """An operation that stays inside its transaction until it is let go."""

    def __init__(self) -> None:
        self.inside = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, transaction: Transaction) -> int:
        self.inside.set()
        assert self.go_on.wait(20)
        return transaction.next_sequence()


class TestGivingUp:
    async def test_cancelled_before_its_turn(self, store: SqliteStore) -> None:
        """
        Of a change whose caller went away before it began, nothing is written.
        """
        held = _Held()
        first = asyncio.create_task(store.transact(held))
        await asyncio.to_thread(held.inside.wait)
        second = asyncio.create_task(put(store, entry("com.acme/never")))
        await asyncio.sleep(0)

        second.cancel()
        await asyncio.wait([second])
        held.go_on.set()

        assert await first == 1
        assert second.cancelled()
        await store.transact(_sequence)
        assert await everything(store) == {}

    async def test_cancelled_while_it_is_written(self, store: SqliteStore) -> None:
        """
        A change that had begun is finished whole, whoever went away meanwhile, and nothing is complained about.
        """
        held = _Held()
        task = asyncio.create_task(store.transact(held))
        await asyncio.to_thread(held.inside.wait)

        task.cancel()
        await asyncio.wait([task])
        held.go_on.set()

        assert task.cancelled()
        assert await store.transact(_sequence) == 2

    async def test_out_of_patience_before_its_turn(self, impatient: Writer, path: Path) -> None:
        """
        Who waited too long is told so, and nothing of it is written later.
        """
        with closing(Turnstile(path)) as turnstile, turnstile.turn():
            with pytest.raises(StoreBusy, match="did not get its turn"):
                await impatient.transact(_sequence, durable=True)
            with pytest.raises(StoreBusy, match="did not get its turn"):
                await impatient.transact(_sequence, durable=False)

        held = _Held()
        held.go_on.set()
        while True:
            try:
                assert await impatient.transact(held, durable=True) == 1
            except StoreBusy:
                continue
            break

    async def test_out_of_patience_while_it_is_written(self, impatient: Writer) -> None:
        """
        Once it has begun its outcome is waited for and told, however long it takes: nobody is left in doubt.
        """
        held = _Held()
        task = asyncio.create_task(impatient.transact(held, durable=True))
        await asyncio.to_thread(held.inside.wait)

        done, _ = await asyncio.wait([task], timeout=0.1)
        held.go_on.set()

        assert done == set()
        assert await task == 1

    async def test_too_many_waiting(self, store: SqliteStore) -> None:
        """
        The queue has a size; beyond it the answer comes at once, and those in the queue are served.
        """
        held = _Held()
        first = asyncio.create_task(store.transact(held))
        await asyncio.to_thread(held.inside.wait)
        waiting = [asyncio.create_task(store.transact(_sequence)) for _ in range(1000)]
        await asyncio.sleep(0)

        with pytest.raises(StoreBusy, match="too many"):
            await store.transact(_sequence)
        held.go_on.set()

        assert await asyncio.gather(first, *waiting) == list(range(1, 1002))


class TestClosing:
    async def test_finishes_what_is_queued(self, path: Path) -> None:
        """
        Who asked before the store was closed gets an answer.
        """
        store = SqliteStore(path, SystemClock())
        waiting = [asyncio.create_task(store.transact(_sequence, durable=n % 3 == 0)) for n in range(50)]
        await asyncio.sleep(0)

        await store.aclose()

        assert await asyncio.gather(*waiting) == list(range(1, 51))

    def test_a_loop_that_is_gone(self, path: Path) -> None:
        """
        A caller whose event loop ended meanwhile takes nobody else's writer with it.
        """
        writer = Writer(path, SystemClock())
        held = _Held()

        async def leave() -> None:
            task = asyncio.create_task(writer.transact(held, durable=True))
            await asyncio.to_thread(held.inside.wait)
            task.cancel()

        asyncio.run(leave())
        held.go_on.set()

        assert asyncio.run(writer.transact(_sequence, durable=True)) == 2
        writer.close()


class TestFaults:
    async def test_full_inside_an_operation(self, store: SqliteStore) -> None:
        """
        Everybody in the turn is told that there is no room, nothing of theirs is written, and it recovers.
        """
        await put(store, entry("com.acme/before"))
        (pages,) = await store.transact(_pragma("PRAGMA page_count"))
        await store.transact(_pragma(f"PRAGMA max_page_count = {pages + 2}"))

        outcomes = await asyncio.gather(
            put(store, entry("com.acme/small")),
            *(put(store, entry("com.acme/large", description="x" * 200_000, body=str(n))) for n in range(3)),
            return_exceptions=True,
        )

        assert any(isinstance(outcome, StoreFull) for outcome in outcomes)
        assert store.fault is not None
        assert ("com.acme/before", "1.0.0") in await everything(store)
        assert ("com.acme/large", "1.0.0") not in await everything(store)
        await store.transact(_pragma("PRAGMA max_page_count = 1000000"))
        await put(store, entry("com.acme/large", description="x" * 200_000))
        assert store.fault is None

    async def test_a_tool_that_holds_the_file(self, store: SqliteStore, path: Path) -> None:
        """
        A lock of something that knows no turns reads as busy, not as broken, and is over when it lets go.
        """
        await store.transact(_pragma("PRAGMA busy_timeout = 0"))
        with closing(sqlite3.connect(path, isolation_level=None)) as tool:
            tool.execute("BEGIN IMMEDIATE")

            with pytest.raises(StoreBusy, match="something else holds"):
                await put(store, entry("com.acme/payroll"))
            tool.execute("ROLLBACK")

        assert await put(store, entry("com.acme/payroll")) == 1

    async def test_a_statement_that_breaks_the_schema(self, store: SqliteStore) -> None:
        """
        What the schema refuses is a fault of that one change; those beside it are written.
        """

        def wrong(transaction: SqliteTransaction) -> None:
            transaction._connection.execute("INSERT INTO views (id, team, generation) VALUES (1, 'x', 0)")

        outcomes = await asyncio.gather(
            store.transact(_sequence),
            store.transact(wrong),  # type: ignore[arg-type] # it is this engine's own transaction
            store.transact(_sequence),
            return_exceptions=True,
        )

        assert (outcomes[0], outcomes[2]) == (1, 2)
        assert isinstance(outcomes[1], StoreFault)
        assert store.fault is None

    def test_a_file_that_cannot_be_opened(self, tmp_path: Path) -> None:
        """
        A store that cannot be written says so when it is opened, not when the first change has waited in vain.
        """
        broken = tmp_path / "registry.db"
        broken.write_bytes(b"no database at all" * 1000)

        with pytest.raises(StoreFault, match="the store"):
            SqliteStore(broken, SystemClock())
