"""The store, open in this process: one writing thread, the readers, and what is remembered of the file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from registry.clock import Clock
from registry.errors import StoreFault
from registry.store.interface import Copy, Snapshot, TeamView, Transaction
from registry.store.sqlite import backup, queries
from registry.store.sqlite.copy import SqliteCopy, lend
from registry.store.sqlite.migrations import require_current
from registry.store.sqlite.presence import Presence
from registry.store.sqlite.readers import Readers, unreadable
from registry.store.sqlite.snapshot import SqliteSnapshot
from registry.store.sqlite.team_view import SqliteTeamView
from registry.store.sqlite.writer import Writer

T = TypeVar("T")


class SqliteStore:
    """
    See interface.Store. The file must have been migrated.

    Opened after a process was forked, never before: SQLite's connections do not survive it.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._presence = Presence(path)
        if not self._presence.announce():
            self._presence.close()
            raise StoreFault(f"the store {path} is being restored; start again when that is done")
        with ExitStack() as opened:
            opened.callback(self._presence.close)
            try:
                self._readers = Readers(path, clock)
            except sqlite3.Error as error:
                raise unreadable(error) from error
            opened.callback(self._readers.close)
            require_current(self._readers.inline, path)
            self._incarnation: str = self._readers.inline.execute(queries.INCARNATION).fetchone()[0]
            self._writer = Writer(path, clock)
            opened.pop_all()
        self._views: dict[str, SqliteTeamView] = {}

    def snapshot(self) -> Snapshot:
        return SqliteSnapshot(self._readers.inline, self._path)

    def view(self, team: str) -> TeamView | None:
        # Ids of views are never reused, so what was found once stays true.
        view = self._views.get(team)
        if view is None:
            row = self._readers.row(queries.VIEW, {"team": team})
            if row is None:
                return None
            view = self._views[team] = SqliteTeamView(
                self._readers, team=team, view=row[0], incarnation=self._incarnation
            )
        return view

    async def ask(self, question: Callable[[Snapshot], T]) -> T:
        return await self._readers.ask_aside(lambda connection: question(SqliteSnapshot(connection, self._path)))

    async def transact(self, operation: Callable[[Transaction], T], *, durable: bool = True) -> T:
        return await self._writer.transact(operation, durable=durable)

    @property
    def fault(self) -> str | None:
        return self._writer.fault

    async def backup(self, target: Path) -> int:
        return await asyncio.to_thread(backup.backup, self._path, target)

    @asynccontextmanager
    async def copy(self) -> AsyncIterator[Copy]:
        making = asyncio.ensure_future(asyncio.to_thread(lend, self._path))
        try:
            copy = await asyncio.shield(making)
        except asyncio.CancelledError:
            # The thread cannot be stopped; what it makes is given back as soon as it has.
            making.add_done_callback(_give_back)
            raise
        try:
            yield copy
        finally:
            copy.close()

    async def aclose(self) -> None:
        await asyncio.to_thread(self._writer.close)
        self._readers.close()
        self._presence.close()


def _give_back(made: asyncio.Future[SqliteCopy]) -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().close()
