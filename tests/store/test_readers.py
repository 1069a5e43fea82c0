"""Where a read runs: quick ones on the event loop, slow ones on a thread, none for ever."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from registry.catalog.query import Query
from registry.clock import SystemClock
from registry.errors import StoreBusy, StoreFault
from registry.store.sqlite.readers import Readers
from registry.store.sqlite.store import SqliteStore
from tests.contract.engines import NOW_US, configure, entry, everyone, put, source, walk
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

COUNT = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) SELECT count(*) FROM n"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW_US)


@pytest.fixture
def readers(path: Path, clock: FrozenClock) -> Iterator[Readers]:
    with closing(Readers(path, clock)) as readers:
        yield readers


class _Question:
    """Counts to *most*, and takes *seconds* of the clock's time for it wherever it is asked."""

    def __init__(self, clock: FrozenClock, seconds: float, most: int = 200_000) -> None:
        self.asked_on: list[str] = []
        self._clock, self._seconds, self._most = clock, seconds, most

    def __call__(self, connection: sqlite3.Connection) -> int:
        self.asked_on.append("loop" if threading.current_thread() is threading.main_thread() else "thread")
        self._clock.advance(self._seconds)
        return int(connection.execute(COUNT, {"most": self._most}).fetchone()[0])


class TestDeadlines:
    async def test_quick_on_the_loop(self, readers: Readers, clock: FrozenClock) -> None:
        """
        What takes no longer than a page may is answered where it was asked.
        """
        question = _Question(clock, 0.003)

        assert await readers.ask(question) == 200_000
        assert question.asked_on == ["loop"]

    async def test_slow_on_a_thread(self, readers: Readers, clock: FrozenClock) -> None:
        """
        What takes longer is interrupted, and answered by a thread.
        """
        question = _Question(clock, 0.005)

        assert await readers.ask(question) == 200_000
        assert question.asked_on == ["loop", "thread"]

    async def test_too_slow_for_either(self, readers: Readers, clock: FrozenClock) -> None:
        """
        What a thread does not finish in its time either is given up, and the next question is answered.
        """
        question = _Question(clock, 4, most=1_000_000)

        with pytest.raises(StoreBusy, match="too long"):
            await readers.ask(question)

        assert question.asked_on == ["loop", "thread"]
        assert await readers.ask_aside(_Question(clock, 0)) == 200_000
        assert await readers.ask(_Question(clock, 0)) == 200_000

    async def test_the_loop_is_not_held(self, path: Path) -> None:
        """
        While a thread works on a question of hundreds of milliseconds the event loop goes round.
        """
        with closing(Readers(path, SystemClock())) as readers:
            answer = asyncio.create_task(readers.ask(_counting(3_000_000)))
            rounds = 0
            while not answer.done():
                await asyncio.sleep(0)
                rounds += 1

        assert await answer == 3_000_000
        assert rounds > 100

    async def test_too_many_waiting(self, readers: Readers) -> None:
        """
        Slow questions have a queue of a size; beyond it the answer comes at once.
        """
        go_on = threading.Event()

        def held(connection: sqlite3.Connection) -> bool:
            return go_on.wait(20)

        waiting = [asyncio.create_task(readers.ask_aside(held)) for _ in range(64)]
        await asyncio.sleep(0)

        with pytest.raises(StoreBusy, match="too many"):
            await readers.ask_aside(held)
        go_on.set()

        assert all(await asyncio.gather(*waiting))
        assert await readers.ask_aside(held)

    async def test_who_leaves_makes_room(self, readers: Readers) -> None:
        """
        Callers that go away do not stay in the queue.
        """
        go_on = threading.Event()
        waiting = [asyncio.create_task(readers.ask_aside(lambda _: go_on.wait(20))) for _ in range(64)]
        await asyncio.sleep(0)

        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        go_on.set()

        assert await readers.ask_aside(lambda _: True)


class TestManyRows:
    async def test_both_plans_of_a_poll_agree(self, path: Path, clock: FrozenClock) -> None:
        """
        Whether few or many rows changed since, a poll answers with exactly those, in order, whatever else it asks.
        """
        store = SqliteStore(path, clock)
        await configure(store, source())
        for number in range(12):
            clock.advance(1)
            batch = [entry(f"com.acme/s{number}-{n:03d}", registry_types=("npm",) * (n % 2)) for n in range(100)]
            await put(store, *batch)

        answers = {
            (since_s, registry_type): len(
                await walk(
                    everyone(store),
                    Query(updated_since_us=NOW_US + since_s * 1_000_000, registry_type=registry_type, limit=100),
                )
            )
            for since_s in (0, 1, 2, 3, 11, 12)
            for registry_type in ("", "npm", "oci")
        }
        await store.aclose()

        share: dict[str, Callable[[int], int]] = {"": lambda n: n, "npm": lambda n: n // 2, "oci": lambda n: 0}
        assert answers == {key: share[key[1]](1200 - 100 * key[0]) for key in answers}


class TestUnreadable:
    async def test_a_damaged_file_is_our_fault(self, path: Path) -> None:
        """
        A read that the file does not answer is a fault of the store, whichever read it is.
        """
        store = SqliteStore(path, SystemClock())
        await configure(store, source())
        await put(store, *(entry(f"com.acme/s{n}", description="x" * 5000) for n in range(40)))
        await store.aclose()
        store = SqliteStore(path, SystemClock())
        readers = Readers(path, SystemClock())
        _damage_past_first_page(path)

        with pytest.raises(StoreFault, match="could not be read"):
            store.view("everyone")
        with pytest.raises(StoreFault, match="could not be read"):
            store.snapshot().runs(upstream=None, limit=1)
        for read in (readers.ask, readers.ask_aside):
            with pytest.raises(StoreFault, match="could not be read"):
                await read(lambda connection: connection.execute("SELECT item FROM view_entries").fetchall())
        readers.close()
        await store.aclose()


def _damage_past_first_page(path: Path) -> None:
    # In place: who has the file mapped must not see it become shorter.
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (path.stat().st_size - 8192))


def _counting(most: int) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: int(connection.execute(COUNT, {"most": most}).fetchone()[0])
