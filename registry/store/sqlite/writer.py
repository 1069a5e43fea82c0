"""The one thread of a process that writes, and its queue.

Whoever asks waits for the commit. Operations that wait together are committed together, each in a savepoint of its
own, so that one that fails does not take the others with it. A turn is given up after a few milliseconds, so that
the writers of other processes get theirs.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from registry.clock import Clock
from registry.errors import RegistryError, StoreBusy, StoreFault, StoreFull
from registry.store.sqlite.connection import open_writer
from registry.store.sqlite.transaction import SqliteTransaction
from registry.store.sqlite.turnstile import Turnstile

T = TypeVar("T")

_TURN_NS: Final = 10_000_000
_MOST_QUEUED: Final = 1000
_TURNS_IN_LOG: Final = 50
_IDLE_S: Final = 1.0
_PATIENCE_S: Final = 30.0
_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


class _Operation(Protocol):
    def __call__(self, transaction: SqliteTransaction, /) -> object: ...


class _Waiting:
    """An operation, and who waits for it. It is either claimed by the thread or abandoned by who waits."""

    def __init__(self, operation: _Operation, durable: bool) -> None:
        self.operation = operation
        self.durable = durable
        self.loop = asyncio.get_running_loop()
        # Any: what an operation returns is its own; `Writer.transact` gives it its type back.
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self._taken = threading.Lock()

    def take(self) -> bool:
        """True for the first of the two who asks: the thread, to write it; who waits, to give it up."""
        return self._taken.acquire(blocking=False)

    def resolve(self, outcome: object) -> None:
        self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: object) -> None:
        if self.future.done():
            return
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class Writer:
    """Starts its thread on construction; `close` finishes what is queued."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(_MOST_QUEUED)
        self._held_back: _Waiting | None = None
        self._closing = False
        self._turns = 0
        self.fault: str | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def transact(self, operation: Callable[[SqliteTransaction], T], *, durable: bool) -> T:
        """See interface.Store.transact."""
        waiting = _Waiting(operation, durable)
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise StoreBusy("too many changes are waiting to be written; try again in a moment") from None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                outcome: T = await asyncio.shield(waiting.future)
        except TimeoutError:
            if waiting.take():
                raise StoreBusy("the change did not get its turn to be written; try again in a moment") from None
            outcome = await waiting.future
        return outcome

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        connection = open_writer(self._path)
        turnstile = Turnstile(self._path)
        try:
            while (waiting := self._next(connection)) is not None:
                self._take_turn(connection, turnstile, waiting)
        finally:
            connection.close()
            turnstile.close()

    def _next(self, connection: sqlite3.Connection) -> _Waiting | None:
        """Who is next, None to close. The log is moved into the file when it has grown, or nobody wants to write."""
        if self._held_back is not None:
            waiting, self._held_back = self._held_back, None
            return waiting
        if self._turns >= _TURNS_IN_LOG:
            self._checkpoint(connection)
        while True:
            try:
                return self._queue.get(timeout=_IDLE_S if self._turns else None)
            except queue.Empty:
                self._checkpoint(connection)

    def _take_turn(self, connection: sqlite3.Connection, turnstile: Turnstile, first: _Waiting) -> None:
        """Commit *first*, and what waits behind it, for as long as a turn lasts."""
        written: list[tuple[_Waiting, object]] = []
        try:
            connection.execute("PRAGMA synchronous = FULL" if first.durable else "PRAGMA synchronous = NORMAL")
            with turnstile.turn():
                ends_ns = self._clock.monotonic_ns() + _TURN_NS
                connection.execute("BEGIN IMMEDIATE")
                waiting: _Waiting | None = first
                while waiting is not None:
                    if waiting.take():
                        written.append((waiting, self._perform(connection, waiting)))
                    waiting = self._next_like(first) if self._clock.monotonic_ns() < ends_ns else None
                connection.execute("COMMIT")
            self.fault = None
        except Exception as error:  # noqa: BLE001 - the outermost loop of the thread: everybody waiting is told
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            translated = self._translated(error)
            if isinstance(error, sqlite3.Error):
                self.fault = str(translated)
            if not written and first.take():
                written.append((first, translated))
            written = [(waiting, translated) for waiting, _ in written]
        for waiting, outcome in written:
            waiting.resolve(outcome)
        self._turns += 1

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        """Move the log into the file, outside any turn. Passive: it waits for nobody, and nobody waits for it."""
        self._turns = 0
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self.fault = str(self._translated(error))

    def _next_like(self, first: _Waiting) -> _Waiting | None:
        """The next that may share the commit of *first*; one that may not begins the next turn."""
        if self._held_back is not None or self._closing:
            return None
        try:
            waiting = self._queue.get_nowait()
        except queue.Empty:
            return None
        if waiting is None:
            self._closing = True
            self._queue.put_nowait(None)
        elif waiting.durable and not first.durable:
            self._held_back = waiting
            return None
        return waiting

    def _perform(self, connection: sqlite3.Connection, waiting: _Waiting) -> object:
        connection.execute("SAVEPOINT operation")
        try:
            outcome = waiting.operation(SqliteTransaction(connection, self._path, self._clock))
        except sqlite3.Error as error:
            if error.sqlite_errorcode in _FULL or not connection.in_transaction:
                raise
            outcome = self._translated(error)
        except Exception as error:  # noqa: BLE001 - whoever asked gets it; the others go on
            outcome = error
        if isinstance(outcome, BaseException):
            connection.execute("ROLLBACK TO operation")
        connection.execute("RELEASE operation")
        return outcome

    def _translated(self, error: BaseException) -> BaseException:
        if not isinstance(error, sqlite3.Error):
            return error
        translated: RegistryError
        if error.sqlite_errorcode in _FULL:
            translated = StoreFull(f"no space left to write to {self._path.name}; free some, reads go on meanwhile")
        else:
            translated = StoreFault(f"the store could not be written: {error}")
        translated.__cause__ = error
        return translated
