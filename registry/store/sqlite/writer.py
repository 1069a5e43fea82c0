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
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from registry.clock import Clock
from registry.errors import RegistryError, StoreBusy, StoreFault, StoreFull
from registry.store.sqlite import queries
from registry.store.sqlite.checkpoints import CHECKPOINT, Checkpoints
from registry.store.sqlite.connection import open_writer
from registry.store.sqlite.presence import Presence
from registry.store.sqlite.transaction import SqliteTransaction
from registry.store.sqlite.turnstile import Turnstile

T = TypeVar("T")

_TURN_NS: Final = 10_000_000
_MOST_QUEUED: Final = 1000
# Each checkpoint waits for the disk, and so does every durable commit of another process meanwhile: rather often than
# long. Measured in a full sync: 50 gave small writes beside it a p99 of 103 ms, 12 of 44 ms at 3 % of the throughput.
_TURNS_IN_LOG: Final = 12
_IDLE_S: Final = 1.0
_PATIENCE_S: Final = 30.0
# What SQLite calls it when a quota, the largest size of a file, or the file beside it (shared memory) is in the way.
_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
_HELD_ELSEWHERE: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


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

    def give_up(self) -> bool:
        """Want nothing written any more; False if it is too late for that."""
        return self.take()

    def resolve(self, outcome: object) -> None:
        # A loop that is closed has nobody left who waits.
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: object) -> None:
        if self.future.done():
            return
        if isinstance(outcome, BaseException):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class Writer:
    """
    Starts its thread on construction; `close` finishes what is queued.

    Args:
        patience_s: How long a change waits for its turn.

    Raises:
        StoreFault: the file cannot be opened for writing.
    """

    def __init__(self, path: Path, clock: Clock, *, patience_s: float = _PATIENCE_S) -> None:
        self._path = path
        self._clock = clock
        self._patience_s = patience_s
        try:
            self._connection = open_writer(path)
            self._turnstile = Turnstile(path)
            self._checkpoints = Checkpoints(path)
        except (sqlite3.Error, OSError) as error:
            raise StoreFault(f"cannot open the store {path} for writing: {error}") from error
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(_MOST_QUEUED)
        self._held_back: _Waiting | None = None
        self._closing = False
        self._turns = 0
        """Since the writing thread itself last moved the log."""
        self._fault: str | None = None
        self._sign = Presence(path, "fault")
        self._elsewhere = Presence(path, "fault")
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
            async with asyncio.timeout(self._patience_s):
                outcome: T = await asyncio.shield(waiting.future)
        except asyncio.CancelledError:
            # Nothing is written for who left; what is being written already is finished, and nobody is told.
            waiting.give_up()
            waiting.future.cancel()
            raise
        except TimeoutError:
            if waiting.give_up():
                raise StoreBusy("the change did not get its turn to be written; try again in a moment") from None
            outcome = await waiting.future
        return outcome

    @property
    def fault(self) -> str | None:
        """Why writes fail at present, in this process or in another one; None while they work."""
        if self._fault is not None:
            return self._fault
        if not self._elsewhere.announce():
            return f"another process cannot write to {self._path.name} at present"
        self._elsewhere.withdraw()
        return None

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._sign.close()
        self._elsewhere.close()

    def _run(self) -> None:
        try:
            while (waiting := self._next(self._connection)) is not None:
                self._take_turn(self._connection, self._turnstile, waiting)
        finally:
            self._checkpoints.close()
            self._connection.close()
            self._turnstile.close()

    def _next(self, connection: sqlite3.Connection) -> _Waiting | None:
        """Who is next, None to close. The log is moved into the file when it has grown, or nobody wants to write."""
        self._look_after_log(connection)
        if self._held_back is not None:
            waiting, self._held_back = self._held_back, None
            return waiting
        while True:
            try:
                return self._queue.get(timeout=_IDLE_S if self._turns or self._fault else None)
            except queue.Empty:
                if self._fault is not None:
                    self._try_again(connection, self._turnstile)
                self._checkpoint(connection)

    def _take_turn(self, connection: sqlite3.Connection, turnstile: Turnstile, first: _Waiting) -> None:
        """Commit *first*, and what waits behind it, for as long as a turn lasts."""
        claimed: list[_Waiting] = []
        outcomes: list[object] = []
        try:
            connection.execute("PRAGMA synchronous = FULL" if first.durable else "PRAGMA synchronous = NORMAL")
            with turnstile.turn():
                ends_ns = self._clock.monotonic_ns() + _TURN_NS
                changes = connection.total_changes
                connection.execute("BEGIN IMMEDIATE")
                waiting: _Waiting | None = first
                while waiting is not None:
                    if waiting.take():
                        claimed.append(waiting)
                        outcomes.append(self._perform(connection, waiting))
                    waiting = self._next_like(first) if self._clock.monotonic_ns() < ends_ns else None
                connection.execute("COMMIT")
            if connection.total_changes > changes:
                self._note(None)
        except Exception as error:  # noqa: BLE001 - the outermost loop of the thread: everybody waiting is told
            with suppress(sqlite3.Error):
                connection.rollback()
            translated = self._translated(error)
            self._note(str(translated))
            if not claimed and first.take():
                claimed.append(first)
            outcomes = [translated] * len(claimed)
        for waiting, outcome in zip(claimed, outcomes, strict=True):
            waiting.resolve(outcome)
        self._turns += 1

    def _look_after_log(self, connection: sqlite3.Connection) -> None:
        """Have the log moved aside now and then, and here where that leaves too much of it."""
        if self._turns and self._turns % _TURNS_IN_LOG == 0:
            self._checkpoints.want()
        if (error := self._checkpoints.take_error()) is not None:
            self._note(str(self._translated(error)))
        if self._checkpoints.take_long():
            self._checkpoint(connection)

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        """Move the log into the file, outside any turn, while nobody in this process writes."""
        self._turns = 0
        try:
            connection.execute(CHECKPOINT).fetchone()
        except sqlite3.Error as error:
            self._note(str(self._translated(error)))

    def _note(self, fault: str | None) -> None:
        """Remember why writes fail at present, and let the other processes know that they do."""
        if fault is not None:
            # Another process may have the sign, or somebody looks at it: while the fault lasts this is tried again.
            self._sign.claim_alone()
        elif self._fault is not None:
            self._sign.withdraw()
        self._fault = fault

    def _try_again(self, connection: sqlite3.Connection, turnstile: Turnstile) -> None:
        """Write something small: whoever could not write and has nothing to write now must still find out."""
        try:
            with turnstile.turn():
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(queries.NEXT_INSTANT, {"now_us": 0}).fetchone()
                connection.execute("COMMIT")
            self._note(None)
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                connection.rollback()
            self._note(str(self._translated(error)))

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
            if _code(error) in _FULL or not connection.in_transaction:
                raise
            outcome = self._translated(error)
        except Exception as error:  # noqa: BLE001 - whoever asked gets it; the others go on
            outcome = error
        if isinstance(outcome, BaseException):
            connection.execute("ROLLBACK TO operation")
        connection.execute("RELEASE operation")
        return outcome

    def _translated(self, error: Exception) -> RegistryError:
        translated: RegistryError
        if _code(error) in _FULL:
            translated = StoreFull(f"no space left to write to {self._path.name}; free some, reads go on meanwhile")
        elif (_code(error) or 0) & 0xFF in _HELD_ELSEWHERE:
            translated = StoreBusy(f"something else holds {self._path.name}, a tool perhaps; try again in a moment")
        else:
            translated = StoreFault(f"the store could not be written: {error}")
        translated.__cause__ = error
        return translated


def _code(error: Exception) -> int | None:
    """SQLite's extended code; None for errors of other origin, and for the module's own."""
    return getattr(error, "sqlite_errorcode", None)
