"""The process that has the jobs confirms the record: every thousand events, and every hour."""

import pytest

from registry.store.interface import Transaction
from tests.records import KEY, append, event
from tests.sync.world import World

pytestmark = pytest.mark.anyio

HOUR_S = 3600.0


def _confirmed(world: World) -> list[int]:
    return [each.sequence for each in world.store.snapshot().checkpoints(after=0, limit=99)]


class TestCheckpoints:
    async def test_every_hour_if_something_happened(self, world: World) -> None:
        """
        The first at once; then one an hour, unless nothing was recorded since.
        """
        jobs = world.jobs(checkpoint_key=KEY)
        await jobs.tick()
        first = _confirmed(world)
        await append(world.store, event(1))
        world.clock.advance(HOUR_S - 5)
        await jobs.tick()
        early = _confirmed(world)
        world.clock.advance(10)
        await jobs.tick()
        await jobs.tick()
        world.clock.advance(HOUR_S)
        await jobs.tick()
        late = _confirmed(world)

        assert len(first) == 1
        assert early == first
        assert late == [*first, world.store.snapshot().audit_head().sequence]

    async def test_every_thousand_events(self, world: World) -> None:
        """
        Much that happens is confirmed sooner.
        """

        def many(transaction: Transaction) -> None:
            for number in range(999):
                transaction.append_audit(event(number))

        jobs = world.jobs(checkpoint_key=KEY)
        await jobs.tick()
        first = _confirmed(world)
        await world.store.transact(many)
        await jobs.tick()
        almost = _confirmed(world)
        await append(world.store, event(1))
        await jobs.tick()

        assert almost == first
        assert _confirmed(world) == [*first, world.store.snapshot().audit_head().sequence]

    async def test_without_a_key_there_are_none(self, world: World) -> None:
        """
        A command on the store that performs runs signs nothing.
        """
        await world.jobs().tick()

        assert _confirmed(world) == []
        assert world.store.snapshot().audit_head().sequence > 0
