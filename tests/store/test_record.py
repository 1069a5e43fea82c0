"""The chain in the file: what was there before it, several who append, sudden death, and hands that meddle."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from registry import RELEASE
from registry.audit.chain import BEGINNING, first_broken, sealed
from registry.audit.event import encode_event
from registry.clock import SystemClock
from registry.store.sqlite.migrations import MIGRATIONS, migrate
from registry.store.sqlite.store import SqliteStore
from tests.records import append, event
from tests.store.processes import Process, another

pytestmark = pytest.mark.anyio

_BEFORE = tuple(step for step in MIGRATIONS if step.title != "audit chain")


def _broken(store: SqliteStore) -> object:
    """What is wrong with the chain of the store; None if nothing is."""
    snapshot = store.snapshot()
    return first_broken(snapshot.sealed_events(after=0, limit=1_000_000), end=snapshot.audit_head())


class TestBefore:
    async def test_what_was_recorded_before_is_the_beginning(self, tmp_path: Path) -> None:
        """
        Sealed in its order, byte for byte, at its instants; numbered without the gap that was in it.
        """
        path = tmp_path / "registry.db"
        migrate(path, clock=SystemClock(), release=RELEASE, migrations=_BEFORE)
        records = {1: encode_event(event(1)), 2: b' {"detail":{},"action":"a.b","actor":"x","roles":[],"object":"o"}'}
        records[5] = encode_event(event(5))
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executemany(
                "INSERT INTO audit_events (id, at_us, action, actor, record) VALUES (?, ?, 'a', 'b', ?)",
                [(number, 1000 + number, record) for number, record in records.items()],
            )

        migrate(path, clock=SystemClock(), release=RELEASE)

        store = SqliteStore(path, SystemClock())
        try:
            chain = store.snapshot().sealed_events(after=0, limit=9)
            assert [(each.sequence, each.at_us, each.record) for each in chain] == [
                (1, 1001, records[1]),
                (2, 1002, records[2]),
                (3, 1005, records[5]),
            ]
            await store.transact(lambda transaction: transaction.append_audit(event(6)))
            assert _broken(store) is None
            assert store.snapshot().misfiled_events(after=0, limit=9) == []
        finally:
            await store.aclose()

    async def test_a_fresh_store_begins_at_the_beginning(self, store: SqliteStore) -> None:
        """
        Where nothing was recorded there is nothing to seal.
        """
        assert store.snapshot().audit_head() == BEGINNING


class TestSeveralProcesses:
    async def test_append_to_one_chain(self, store: SqliteStore, path: Path) -> None:
        """
        Four processes that record at once, and this one among them: one chain without a gap, none of theirs lost.
        """
        writing = [Process("record", path) for _ in range(3)]
        assert [each.line() for each in writing] == ["writing"] * 3
        for number in range(30):
            await append(store, event(number))
        recorded = sum(int(each.end()) for each in writing)

        assert store.snapshot().audit_head().sequence == recorded + 30
        assert _broken(store) is None

    async def test_killed_while_they_record(self, store: SqliteStore, path: Path) -> None:
        """
        Who dies in the middle of a write leaves a whole chain, and the next event is sealed behind it.
        """
        for number in range(5):
            with another("record", path) as writing:
                assert writing.line() == "writing"
                writing.kill()

            await append(store, event(number))
            assert _broken(store) is None

        # Each of them said so when its first event was on record.
        assert store.snapshot().audit_head().sequence >= 10


class TestMeddling:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_events SET record = x'7b7d' WHERE id = 2",
            "UPDATE audit_events SET at_us = 1",
            "DELETE FROM audit_events WHERE id = 2",
            "DELETE FROM audit_events",
        ],
    )
    async def test_the_file_refuses_it(self, store: SqliteStore, path: Path, statement: str) -> None:
        """
        What is on record is changed by no statement, unless somebody first takes the rule away.
        """
        await self._recorded(store)

        with (
            closing(sqlite3.connect(path)) as connection,
            pytest.raises(sqlite3.IntegrityError, match="append only"),
        ):
            connection.execute(statement)

        assert _broken(store) is None

    @pytest.mark.parametrize(
        ("statement", "at"),
        [
            ("UPDATE audit_events SET record = CAST(replace(record, 's2', 's9') AS BLOB) WHERE id = 2", 2),
            ("UPDATE audit_events SET at_us = at_us + 1 WHERE id = 3", 3),
            ("UPDATE audit_events SET seal = zeroblob(32) WHERE id = 1", 1),
            ("UPDATE audit_events SET payload = zeroblob(32) WHERE id = 4", 4),
            ("DELETE FROM audit_events WHERE id = 3", 3),
            ("DELETE FROM audit_events WHERE id <= 2", 1),
            ("DELETE FROM audit_events WHERE id >= 4", 4),
            (
                "UPDATE audit_events SET record = (SELECT record FROM audit_events AS o "
                "WHERE o.id = 5 - audit_events.id)"
                " WHERE id IN (2, 3)",
                2,
            ),
            ("UPDATE audit_head SET sequence = 4", 5),
        ],
    )
    async def test_whoever_takes_the_rule_away_is_found(
        self, store: SqliteStore, path: Path, statement: str, at: int
    ) -> None:
        """
        Edited, deleted, cut at either end, out of order: the first link that does not hold is the one.
        """
        await self._recorded(store)
        _meddle(path, statement)

        snapshot = store.snapshot()
        broken = first_broken(snapshot.sealed_events(after=0, limit=99), end=snapshot.audit_head())

        assert broken is not None
        assert broken.sequence == at

    async def test_what_would_be_found_as_something_else(self, store: SqliteStore, path: Path) -> None:
        """
        The columns that are searched are no part of a seal, and are compared with what is.
        """
        await self._recorded(store)
        _meddle(path, "UPDATE audit_events SET actor = 'somebody else' WHERE id = 2")

        assert _broken(store) is None
        assert store.snapshot().misfiled_events(after=0, limit=9) == [2]
        assert store.snapshot().misfiled_events(after=2, limit=9) == []

    async def test_seals_of_its_own_making_are_those_of_the_module(self, store: SqliteStore) -> None:
        """
        The engine adds nothing to the rule by which an event is sealed.
        """
        await self._recorded(store)

        head = BEGINNING
        for each in store.snapshot().sealed_events(after=0, limit=9):
            assert each == sealed(head, each.event, at_us=each.at_us)
            head = each.head

    async def _recorded(self, store: SqliteStore) -> None:
        for number in range(1, 6):
            await append(store, event(number))


def _meddle(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER audit_events_stay")
        connection.execute("DROP TRIGGER audit_events_stand")
        connection.execute(statement)
