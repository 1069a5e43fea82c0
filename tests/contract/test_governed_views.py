"""What decisions make of stored views: when time changes them, that they are what the rule says, in every process."""

from pathlib import Path

import msgspec
import pytest

from registry.catalog.entry import ServerName
from registry.catalog.standing import judge
from registry.commands.project_views import standing
from registry.store.interface import EVERYONE, Store, Transaction
from tests.contract.decided import a_block, a_team, write
from tests.contract.engines import NOW_US, Engine, configure, entry, opened, put, source
from tests.contract.governing import PAY, approved, shown, team, view
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

SHIP = ServerName("com.acme/ship")


class TestWhatTimeChanges:
    async def test_names_are_due_when_their_time_has_come(self, store: Store) -> None:
        """
        Not before, the earliest first, in every view that shows them; and the view says when the first one is.
        """
        (everything,) = store.snapshot().governance.rules(in_force=True)
        await write(store, msgspec.structs.replace(everything, ended_us=1, ended_by="ada"))
        await team(store, "backend", "*")
        await put(store, entry(PAY), entry(SHIP))
        await approved(store, SHIP, expires_us=NOW_US + 20)
        await approved(store, PAY, expires_us=NOW_US + 30, audience=("backend",))
        later_us = NOW_US + 100

        async def due(now_us: int) -> list[tuple[ServerName, int]]:
            return await store.transact(lambda t: t.governance.due("backend", now_us=now_us, limit=9))

        assert await due(NOW_US + 19) == []
        assert await due(NOW_US + 20) == [(SHIP, NOW_US + 20)]
        assert await due(later_us) == [(SHIP, NOW_US + 20), (PAY, NOW_US + 30)]
        late = await store.transact(lambda transaction: transaction.governance.late(SHIP, now_us=later_us))
        assert sorted(late) == [("backend", NOW_US + 20), (EVERYONE, NOW_US + 20)]
        assert view(store, "backend").state().next_us == NOW_US + 20


class TestComparing:
    async def test_stored_and_computed_agree_until_somebody_meddles(self, store: Store) -> None:
        """
        What is stored otherwise than the rule says is named, and rewriting mends it.
        """
        await put(store, entry(PAY))
        await store.transact(lambda transaction: transaction.change_status(
            transaction.entries("official", PAY)[0].id, "deprecated", "old", status_changed_us=NOW_US
        ))  # fmt: skip

        def differences(transaction: Transaction) -> list[str]:
            grants = transaction.governance.grants(team=EVERYONE, in_force=True)
            verdicts = judge(EVERYONE, standing(transaction, PAY), grants, now_us=transaction.now_us)
            return transaction.governance.differences(EVERYONE, PAY, verdicts)

        def rewrite(transaction: Transaction) -> int:
            grants = transaction.governance.grants(team=EVERYONE, in_force=True)
            verdicts = judge(EVERYONE, standing(transaction, PAY), grants, now_us=transaction.now_us)
            return transaction.governance.rewrite_in_view(EVERYONE, PAY, verdicts)

        assert [what.split()[0] for what in await store.transact(differences)] == ["1.0.0"]
        assert await store.transact(rewrite) == 1
        assert await store.transact(differences) == []
        assert await store.transact(rewrite) == 0
        assert store.snapshot().governance.names_in_view(EVERYONE) == [PAY]


class TestSeveralProcesses:
    async def test_a_decision_is_seen_in_every_open_store(
        self, engine: Engine, store: Store, tmp_path: Path, clock: FrozenClock
    ) -> None:
        """
        The next read elsewhere sees what was decided here, and the view's generation has moved.
        """
        async with opened(engine, tmp_path, clock) as other:
            await team(store, "backend", "com.acme/*")
            before = view(other, "backend").generation()

            await put(store, entry(PAY, body="a"))

            assert await shown(other, "backend") == {(PAY, "1.0.0"): "a"}
            assert view(other, "backend").generation() != before
            assert other.snapshot().governance.team("backend") is not None

    async def test_survives_reopening_and_a_restore(self, engine: Engine, tmp_path: Path, clock: FrozenClock) -> None:
        """
        Decisions and views are in the file and in its backup, and after a restore exactly those are in force.
        """
        async with opened(engine, tmp_path, clock) as store:
            await configure(store, source())
            await team(store, "backend", "com.acme/*")
            await put(store, entry(PAY, body="a"))
        async with opened(engine, tmp_path, clock) as again:
            assert await shown(again, "backend") == {(PAY, "1.0.0"): "a"}
            await again.backup(tmp_path / "copy")
            await write(again, a_block(PAY), a_team("later"))

        await engine.restore(tmp_path / "copy", tmp_path, clock)

        async with opened(engine, tmp_path, clock) as restored:
            governance = restored.snapshot().governance
            assert governance.blocks() == []
            assert governance.team("later") is None
            assert [each.pattern for each in governance.grants(team="backend", in_force=True)] == ["com.acme/*"]
            assert await shown(restored, "backend") == {(PAY, "1.0.0"): "a"}
