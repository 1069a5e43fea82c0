"""An upstream that hangs holds up nobody but itself, and yet names go to whom the configuration prefers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from registry.commands.perform import perform
from registry.commands.request_run import request_run
from registry.store.records import Run, RunKind, RunState
from sync.schedule import Jobs
from sync.terms import SyncTerms
from tests.doubles.faults import Fault, hang_before_headers, html_error, later_page, listing
from tests.doubles.upstream import FakeUpstream
from tests.sync.test_interruption import until
from tests.sync.world import ACTOR, World, publish, server

pytestmark = pytest.mark.anyio

H = 3600


@pytest.fixture
def other() -> Iterator[FakeUpstream]:
    with FakeUpstream() as fake:
        yield fake


@asynccontextmanager
async def ticking(jobs: Jobs) -> AsyncIterator[asyncio.Task[None]]:
    """One tick under way; cancelled in the end."""
    working = asyncio.create_task(jobs.tick())
    try:
        yield working
    finally:
        working.cancel()
        await asyncio.wait({working})


def hangs(upstream: FakeUpstream) -> Fault:
    fault = Fault(hang_before_headers(), when=listing)
    upstream.faults.append(fault)
    return fault


def later(world: World) -> bool:
    """A fifth of a second has passed."""
    world.clock.advance(0.2)
    return True


def newest(world: World, name: str) -> Run:
    return world.store.snapshot().runs(upstream=name, limit=1)[0]


async def both(world: World, upstream: FakeUpstream, other: FakeUpstream) -> None:
    """`slow` precedes `quick`; what hangs does so for longer than any test."""
    world.terms = SyncTerms(read_s=30)
    await world.mirror(upstream, "slow", precedence=10)
    await world.mirror(other, "quick", precedence=20)


class TestHanging:
    async def test_another_upstream_is_mirrored_in_its_own_time(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        While the run of one waits for an answer, that of the other completes.
        """
        await both(world, upstream, other)
        await world.jobs().tick()
        publish(other, 3)
        fault = hangs(upstream)
        world.clock.advance(2 * H)

        async with ticking(world.jobs()):
            await until(lambda: fault.struck > 0)
            await until(lambda: world.state("quick").entries == 3)

            assert newest(world, "slow").state is RunState.RUNNING

    async def test_a_requested_run_is_performed_meanwhile(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        It was asked for when the other run hung already, and is not made to wait for its end.
        """
        await both(world, upstream, other)
        await world.jobs().tick()
        fault = hangs(upstream)
        world.clock.advance(2 * H)

        async with ticking(world.jobs()):
            await until(lambda: fault.struck > 0 and newest(world, "quick").state is RunState.COMPLETED)
            now_us = world.clock.now_us()
            run = await perform(
                world.store,
                lambda tx: request_run(tx, "quick", kind=RunKind.FULL, trigger="api", actor=ACTOR, now_us=now_us),
            )
            await until(lambda: (world.store.snapshot().run(run.id) or run).state is RunState.COMPLETED)

            assert newest(world, "slow").state is RunState.RUNNING

    async def test_retention_does_not_wait_for_it(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        What has outlived its time goes although a run never ends.
        """
        await both(world, upstream, other)
        for _ in range(3):
            await world.sync("quick")
        fault = hangs(upstream)
        world.clock.advance(91 * 24 * H)

        async with ticking(world.jobs()):
            await until(lambda: fault.struck > 0)
            world.clock.advance(61)
            await until(lambda: len(world.store.snapshot().runs(upstream="quick", limit=9)) == 1)

            assert newest(world, "slow").state is RunState.RUNNING

    async def test_an_end_ends_all_runs(self, world: World, upstream: FakeUpstream, other: FakeUpstream) -> None:
        """
        A stopped process leaves all of them open, and the next one goes on with them.
        """
        await both(world, upstream, other)
        await world.jobs().tick()
        faults = hangs(upstream), hangs(other)
        world.clock.advance(2 * H)
        jobs = world.jobs()
        await jobs.start()
        await until(lambda: all(fault.struck for fault in faults))

        await jobs.stop()

        open_ = world.store.snapshot().runs_in(RunState.RUNNING)
        assert {run.upstream for run in open_} == {"slow", "quick"}
        upstream.faults.clear()
        other.faults.clear()
        await world.jobs().tick()
        assert {(world.store.snapshot().run(run.id) or run).state for run in open_} == {RunState.COMPLETED}


class TestFirstStart:
    async def test_waits_for_a_slow_first_walk_that_makes_progress(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        However long the preferred upstream takes, as long as page follows page the other one waits for its end.
        """
        publish(upstream, 5)
        upstream.publish(server("com.acme/shared", "1.0.0"), at="2025-05-01T00:00:00Z")
        other.publish(server("com.acme/shared", "9.9.9"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream, "slow", precedence=10, page_limit=1, max_rate=0.05)
        await world.mirror(other, "quick", precedence=20)

        await world.jobs().tick()

        assert sum(world.pause.waits_s) > 90
        assert (await world.sources())["com.acme/shared@1.0.0"] == "slow"
        assert "com.acme/shared@9.9.9" not in await world.sources()

    async def test_waits_half_a_minute_for_one_that_makes_none(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        Until then its names may still be coming; after that the registry had better serve something.
        """
        publish(upstream, 4)
        publish(other, 2, first=10)
        await both(world, upstream, other)
        await world.mirror(upstream, "slow", precedence=10, page_limit=2)
        upstream.faults.append(Fault(hang_before_headers(), when=later_page))

        async with ticking(world.jobs()):
            await until(lambda: world.state("slow").entries == 2)
            waited = other.requests == []
            await until(lambda: later(world) and world.state("quick").entries == 2)

        assert waited

    async def test_does_not_wait_for_one_that_failed(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        One attempt is what the others wait for, not a success.
        """
        publish(other, 2)
        await both(world, upstream, other)
        upstream.faults.append(Fault(html_error(500)))

        await world.jobs().tick()

        assert (newest(world, "slow").state, world.state("quick").entries) == (RunState.FAILED, 2)


class TestNumber:
    async def test_four_at_once_and_a_few_more_on_request(self, world: World, upstream: FakeUpstream) -> None:
        """
        Six are due and hang: four begin. A fifth begins when somebody asks for it.
        """
        world.terms = SyncTerms(read_s=30)
        names = [f"u{number}" for number in range(6)]
        for number, name in enumerate(names):
            await world.mirror(upstream, name, precedence=number)
        for name in names:
            await world.sync(name)
        fault = hangs(upstream)
        world.clock.advance(2 * H)

        async with ticking(world.jobs()):
            await until(lambda: fault.struck == 4)
            at_first = {run.upstream for run in world.store.snapshot().runs_in(RunState.RUNNING)}
            now_us = world.clock.now_us()
            await perform(
                world.store,
                lambda tx: request_run(tx, "u5", kind=RunKind.FULL, trigger="api", actor=ACTOR, now_us=now_us),
            )
            await until(lambda: fault.struck == 5)

        assert at_first == {"u0", "u1", "u2", "u3"}
