"""The read connections of a process: one used on the event loop, with a deadline, and a few on threads.

The deadline is a progress handler that SQLite calls every few thousand steps of a statement. On a thread the
statement runs without holding the interpreter, and has a longer deadline.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from registry.clock import Clock
from registry.errors import StoreBusy, StoreFault
from registry.store.sqlite.connection import open_reader
from registry.store.sqlite.rows import Row

T = TypeVar("T")

_INLINE_NS: Final = 4_000_000
_ASIDE_NS: Final = 3_000_000_000
_STEPS_BETWEEN_LOOKS: Final = 1_000
_THREADS: Final = 2
_MOST_WAITING: Final = 64


class Readers:
    """Opens its connections on construction. Not shared between event loops."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._deadline_ns = 0
        self.inline: Final = self._open()
        self.inline.set_progress_handler(self._late, _STEPS_BETWEEN_LOOKS)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="slow-read")
        self._waiting = 0

    def row(self, statement: str, bound: Mapping[str, object]) -> Row | None:
        """The first row of a lookup, on the event loop. Raises StoreFault if the file cannot be read."""
        try:
            row: Row | None = self.inline.execute(statement, bound).fetchone()
        except sqlite3.Error as error:
            raise unreadable(error) from error
        return row

    def rows(self, statement: str, bound: Mapping[str, object]) -> list[Row]:
        """All rows of a short read, on the event loop. Raises StoreFault if the file cannot be read."""
        try:
            return self.inline.execute(statement, bound).fetchall()
        except sqlite3.Error as error:
            raise unreadable(error) from error

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Answer on the event loop if that is quick, else on a thread. Raises as `ask_aside` does."""
        self._deadline_ns = self._clock.monotonic_ns() + _INLINE_NS
        try:
            return question(self.inline)
        except sqlite3.Error as error:
            if not _interrupted(error):
                raise unreadable(error) from error
        finally:
            self._deadline_ns = 0
        return await self.ask_aside(question)

    async def ask_aside(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """
        Answer on a thread.

        Raises:
            StoreBusy: too many wait already, or the deadline passed.
            StoreFault: the file cannot be read.
        """
        if self._waiting >= _MOST_WAITING:
            raise StoreBusy("too many slow questions are waiting; ask again in a moment, or ask for less")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)
        except sqlite3.Error as error:
            if not _interrupted(error):
                raise unreadable(error) from error
            raise StoreBusy("this combination of filters takes too long; ask for less") from error
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        for connection in self._opened:
            connection.close()

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open()
        deadline_ns = self._clock.monotonic_ns() + _ASIDE_NS
        connection.set_progress_handler(lambda: self._clock.monotonic_ns() > deadline_ns, 200 * _STEPS_BETWEEN_LOOKS)
        return question(connection)

    def _open(self) -> sqlite3.Connection:
        connection = open_reader(self._path)
        self._opened.append(connection)
        return connection

    def _late(self) -> bool:
        return 0 < self._deadline_ns < self._clock.monotonic_ns()


def unreadable(error: sqlite3.Error) -> StoreFault:
    """What a read that failed is to everybody else."""
    return StoreFault(f"the store could not be read: {error}")


def _interrupted(error: sqlite3.Error) -> bool:
    # Errors of the module itself (a closed connection, say) carry no code.
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
