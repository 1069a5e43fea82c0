"""Approvals that end by themselves: announced once some time before, and ended on time though nobody looks."""

from typing import Final

import pytest

from registry.audit.question import Question
from registry.catalog.approval import Approval, State
from registry.catalog.entry import ServerName
from registry.commands.actor import local
from registry.commands.approvals import Wanted, approve_now, revoke_approval
from registry.commands.perform import perform
from tests.doubles.upstream import FakeUpstream
from tests.sync.world import START_US, World, publish

pytestmark = pytest.mark.anyio

_ANN: Final = local("ann")
_DAY_S: Final = 86_400
_DAY_US: Final = _DAY_S * 1_000_000


async def _approved(world: World, upstream: FakeUpstream, *, days: int) -> Approval:
    """Something that is mirrored, approved for that long."""
    publish(upstream, 1)
    await world.mirror(upstream)
    await world.sync()
    wanted = Wanted(name=ServerName("com.acme/s000"), expires_us=world.clock.now_us() + days * _DAY_US)
    return await perform(world.store, lambda transaction: approve_now(transaction, wanted, reason="", actor=_ANN))


def _recorded(world: World, action: str) -> list[tuple[str, dict[str, str | int | None]]]:
    found = world.store.snapshot().found_events(Question(action=action), before=None, limit=9)
    return [(each.event.object, each.event.detail) for each in found.events]


class TestAnnounced:
    async def test_once_a_week_before(self, world: World, upstream: FakeUpstream) -> None:
        """
        Not sooner, not again, also not by the next process; with the instant and whom it is for.
        """
        approval = await _approved(world, upstream, days=30)
        jobs = world.jobs()
        await jobs.tick()
        world.clock.advance(23 * _DAY_S - 60)
        await jobs.tick()
        early = _recorded(world, "approval.expiring")
        world.clock.advance(60)
        await jobs.tick()
        await jobs.tick()
        await jobs.stop()
        await world.jobs().tick()

        assert early == []
        expected = {"server": "com.acme/s000", "audience": "*", "expires_us": START_US + 30 * _DAY_US}
        assert _recorded(world, "approval.expiring") == [(approval.id, expected)]

    async def test_at_once_where_less_is_left(self, world: World, upstream: FakeUpstream) -> None:
        """
        What is approved for a day is announced with its approval.
        """
        approval = await _approved(world, upstream, days=1)
        await world.jobs().tick()

        assert [name for name, _ in _recorded(world, "approval.expiring")] == [approval.id]

    async def test_not_what_was_revoked(self, world: World, upstream: FakeUpstream) -> None:
        """
        Nobody is told of the end of what is over.
        """
        approval = await _approved(world, upstream, days=30)
        await perform(world.store, lambda t: revoke_approval(t, approval.id, reason="", actor=_ANN))
        world.clock.advance(29 * _DAY_S)
        await world.jobs().tick()

        assert _recorded(world, "approval.expiring") == []


class TestEnded:
    async def test_though_nobody_reads(self, world: World, upstream: FakeUpstream) -> None:
        """
        On record within a tick of its end, once, and not announced any more.
        """
        approval = await _approved(world, upstream, days=1)
        world.clock.advance(_DAY_S)
        jobs = world.jobs()
        await jobs.tick()
        await jobs.tick()

        ended = world.store.snapshot().governance.approval(approval.id)
        assert ended is not None
        assert ended.state is State.EXPIRED
        expected = {"server": "com.acme/s000", "audience": "*", "expired_us": approval.expires_us}
        assert _recorded(world, "approval.expired") == [(approval.id, expected)]
        assert _recorded(world, "approval.expiring") == []
