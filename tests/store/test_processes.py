"""Several processes on one file: turns, sight of each other's changes, sudden death, a full disk."""

import json
import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

import pytest

from registry.catalog.query import Query
from registry.store.sqlite.backup import verify
from registry.store.sqlite.migrations import MIGRATIONS
from registry.store.sqlite.store import SqliteStore
from tests.contract.engines import entry, everyone, keys, put, walk
from tests.store.processes import Process, another

pytestmark = pytest.mark.anyio


class TestTurns:
    async def test_small_writes_beside_a_busy_writer(self, store: SqliteStore, path: Path) -> None:
        """
        A process that writes without pause starves nobody: single changes of another get through one after the other.
        """
        waits_s = []
        with another("busy", path) as busy:
            assert busy.line() == "writing"

            for number in range(40):
                began_s = time.monotonic()
                await put(store, entry(f"com.acme/small{number}"))
                waits_s.append(time.monotonic() - began_s)

            batches = int(busy.end())
        assert statistics.median(waits_s) < 0.25
        assert batches > 5

    async def test_a_change_of_another_process_is_seen_at_once(self, store: SqliteStore, path: Path) -> None:
        """
        What another process has committed is in the very next answer, and the generation is another.
        """
        before = everyone(store).generation()

        with another("busy", path) as busy:
            assert busy.line() == "writing"

            assert len(await walk(everyone(store), Query(limit=100))) == 50
            assert everyone(store).generation() != before

    async def test_migrating_at_the_same_time(self, tmp_path: Path) -> None:
        """
        Of processes that start together on no file each step is taken by exactly one, and all go on.
        """
        together = [Process("migrate", tmp_path / "fresh.db") for _ in range(3)]

        taken = [json.loads(process.end()) for process in together]

        assert sorted(title for titles in taken for title in titles) == sorted(step.title for step in MIGRATIONS)


class TestSuddenDeath:
    async def test_killed_in_the_middle_of_a_change(self, store: SqliteStore, path: Path) -> None:
        """
        Of a change whose process was killed nothing is there, the file is sound, and the turn is free.
        """
        await put(store, entry("com.acme/before"))
        with another("hang", path) as hanging:
            assert hanging.line() == "inside"

            hanging.kill()

        await put(store, entry("com.acme/after"))
        names = [name for name, _ in keys(await walk(everyone(store), Query(limit=100)))]
        assert names == ["com.acme/after", "com.acme/before"]
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []

    async def test_killed_while_it_writes(self, store: SqliteStore, path: Path) -> None:
        """
        A process that dies while it commits leaves whole changes and a file that can be copied and verified.
        """
        for number in range(3):
            with another("busy", path) as busy:
                assert busy.line() == "writing"
                busy.kill()

            await put(store, entry(f"com.acme/after{number}"))
            await store.backup(path.with_name(f"copy{number}"))

            verify(path.with_name(f"copy{number}"))
            assert len(await walk(everyone(store), Query(limit=100))) == 51 + number


class TestFullDisk:
    async def test_reads_go_on_writes_say_so_and_it_recovers(self, store: SqliteStore, path: Path) -> None:
        """
        Without room a change is refused whole and the fault says why, until a write succeeds again.
        """
        with another("fill", path) as filling:
            said = json.loads(filling.line())

        assert "no space left" in said["refused"]
        assert "no space left" in said["fault_when_full"]
        assert said["fault_after_a_read"] == said["fault_when_full"]
        assert said["pairs"][0] == said["pairs"][1]
        assert said["fault_afterwards"] is None
        assert store.fault is None
