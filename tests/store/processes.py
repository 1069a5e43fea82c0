"""Other processes on the same file: `python -m tests.store.processes VERB FILE`, told to end by closing stdin.

Each verb says on stdout how far it is, a line at a time, so that a test never has to guess or sleep.
"""

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from registry import RELEASE
from registry.catalog.query import Query
from registry.clock import SystemClock
from registry.errors import StoreFull
from registry.store.interface import Transaction
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from tests.contract.engines import entry, everyone, mirror, put, walk
from tests.records import append, event

PROJECT = Path(__file__).resolve().parents[2]


class Process:
    """The test's end."""

    def __init__(self, verb: str, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.processes", verb, str(path)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """What it says next; empty if it has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def end(self) -> str:
        """Tell it to end; what it still says."""
        said, _ = self._process.communicate(timeout=30)
        return said

    def kill(self) -> None:
        """SIGKILL, now."""
        self._process.kill()
        self._process.communicate(timeout=30)


@contextmanager
def another(verb: str, path: Path) -> Iterator[Process]:
    process = Process(verb, path)
    try:
        yield process
    finally:
        process.kill()


async def _migrate(path: Path) -> None:
    _say(json.dumps(migrate(path, clock=SystemClock(), release=RELEASE)))


async def _stay(path: Path) -> None:
    """Has the store open until told to end."""
    store = SqliteStore(path, SystemClock())
    _say("open")
    await asyncio.to_thread(sys.stdin.read)
    await store.aclose()


async def _busy(path: Path) -> None:
    """Writes batches as a full sync does, one after the other, until told to end; then how many."""
    store = SqliteStore(path, SystemClock())
    told = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    batches = 0
    while not told.done():
        batch = [entry(f"com.acme/busy{number}", description="x" * 500, body=str(batches)) for number in range(50)]
        await store.transact(partial(mirror, entries=batch), durable=False)
        batches += 1
        if batches == 1:
            _say("writing")
    await store.aclose()
    _say(str(batches))


async def _record(path: Path) -> None:
    """Records one event after the other, as commands do, until told to end; then how many."""
    store = SqliteStore(path, SystemClock())
    told = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    number = 0
    while not told.done():
        number += 1
        await append(store, event(number))
        if number == 1:
            _say("writing")
    await store.aclose()
    _say(str(number))


async def _hang(path: Path) -> None:
    """Stops in the middle of a change, with much of it written, and stays there."""
    store = SqliteStore(path, SystemClock())

    def operation(transaction: Transaction) -> None:
        mirror(transaction, [entry(f"com.acme/half{number}") for number in range(200)])
        _say("inside")
        sys.stdin.read()

    await store.transact(operation)


async def _fill(path: Path) -> None:
    """Writes until the file may not grow, looks around, gets room again, goes on."""
    store = SqliteStore(path, SystemClock())
    await put(store, entry("com.acme/before"))
    hard = _limit_growth(path, 200_000)
    refused = None
    for number in range(100):
        try:
            await put(store, entry(f"com.acme/s{number}", description="x" * 10_000), entry(f"com.acme/t{number}"))
        except StoreFull as error:
            refused = str(error)
            break
    fault_when_full = store.fault
    await store.transact(lambda transaction: transaction.team_exists("everyone"))
    fault_after_a_read = store.fault
    names = [item for item in await walk(everyone(store), Query(limit=100)) if b"/s" in item or b"/t" in item]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await put(store, entry("com.acme/after"))
    _say(
        json.dumps(
            {
                "refused": refused,
                "fault_when_full": fault_when_full,
                "fault_after_a_read": fault_after_a_read,
                "pairs": [len(names), 2 * number],
                "fault_afterwards": store.fault,
            }
        )
    )
    await store.aclose()


def _limit_growth(path: Path, size_bytes: int) -> int:
    """No file of this process grows beyond what is there by more than *size_bytes*; the limit there was."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(each.stat().st_size for each in (path, path.with_name(path.name + "-wal")))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + size_bytes, hard))
    return hard


_VERBS: dict[str, Callable[[Path], Awaitable[None]]] = {
    "migrate": _migrate,
    "stay": _stay,
    "busy": _busy,
    "record": _record,
    "hang": _hang,
    "fill": _fill,
}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _main() -> None:
    await _VERBS[sys.argv[1]](Path(sys.argv[2]))


if __name__ == "__main__":
    asyncio.run(_main())
