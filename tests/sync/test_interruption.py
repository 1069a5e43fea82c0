"""A run that dies is gone on with: nothing skipped, nothing repeated, and never by two processes at once."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.commands.apply_changes import Batch, apply_changes
from registry.commands.keep_lease import keep_lease
from registry.commands.perform import perform
from registry.errors import Conflict
from registry.store.records import Run, RunKind, RunState
from sync.holder import holder_name
from sync.lease import JOBS, TTL_US
from sync.pause import RealPause
from tests.doubles.faults import Fault, hang_before_headers, html_error, later_page, status
from tests.doubles.upstream import FakeUpstream
from tests.sync.world import ACTOR, World, publish

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


async def until(true: Callable[[], bool]) -> None:
    """Give way to the others until *true*."""
    async with asyncio.timeout(5):
        # What is waited for is in a database, written by a thread: nothing there could set an event.
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def interrupted_walk(world: World, upstream: FakeUpstream, *, pages: int) -> Run:
    """A first walk that was cancelled when *pages* pages were committed; the run that was left behind."""
    fault = Fault(hang_before_headers(), when=later_page, after=pages - 1)
    upstream.faults.append(fault)
    jobs = world.jobs()
    working = asyncio.create_task(jobs.tick())
    await until(lambda: [run.pages for run in world.store.snapshot().runs_in(RunState.RUNNING)] == [pages])
    working.cancel()
    await asyncio.wait({working})
    upstream.faults.clear()
    upstream.forget_requests()
    return world.store.snapshot().runs_in(RunState.RUNNING)[0]


class TestGoingOn:
    async def test_a_walk_goes_on_behind_its_last_committed_page(self, world: World, upstream: FakeUpstream) -> None:
        """
        After a kill the same run asks for the page it had not stored, and for none before it.
        """
        publish(upstream, 10)
        await world.mirror(upstream, page_limit=2)
        left = await interrupted_walk(world, upstream, pages=3)
        world.clock.advance(60)

        await world.jobs().tick()

        run = world.store.snapshot().runs(upstream="official", limit=5)[0]
        assert (run.id, run.state, run.new, run.seen, run.pages) == (left.id, RunState.COMPLETED, 10, 10, 6)
        assert upstream.requests[0].params["cursor"] == "com.acme/s005:1.0.0"
        assert len(await world.served()) == 10

    async def test_withdraws_only_what_neither_part_met(self, world: World, upstream: FakeUpstream) -> None:
        """
        What was met before the kill is not taken for lost after it.
        """
        publish(upstream, 10)
        await world.mirror(upstream, page_limit=2)
        await world.sync()
        upstream.remove_silently("com.acme/s009", "1.0.0")
        world.clock.advance(25 * 3600)
        await interrupted_walk(world, upstream, pages=3)
        world.clock.advance(60)

        await world.jobs().tick()

        run = world.store.snapshot().runs(upstream="official", limit=5)[0]
        assert (run.state, run.withdrawn, run.unchanged) == (RunState.COMPLETED, 1, 9)

    async def test_begins_anew_where_the_position_is_refused(self, world: World, upstream: FakeUpstream) -> None:
        """
        An upstream that no longer knows the cursor is walked from the beginning, within the same run.
        """
        publish(upstream, 6)
        await world.mirror(upstream, page_limit=2)
        left = await interrupted_walk(world, upstream, pages=2)
        upstream.faults.append(Fault(status(400), when=later_page, times=1))
        world.clock.advance(60)

        await world.jobs().tick()

        run = world.store.snapshot().runs(upstream="official", limit=5)[0]
        assert (run.id, run.state, run.seen, run.new) == (left.id, RunState.COMPLETED, 6, 6)

    async def test_a_failed_walk_goes_on_too(self, world: World, upstream: FakeUpstream) -> None:
        """
        A slow upstream that exceeds the deadline every time is mirrored all the same, in several attempts.
        """
        publish(upstream, 6)
        upstream.faults.append(Fault(html_error(500), when=later_page, after=1, times=4))
        await world.mirror(upstream, page_limit=2)
        await world.jobs().tick()
        failed = world.store.snapshot().runs(upstream="official", limit=1)[0]
        upstream.forget_requests()
        world.clock.advance(90)

        await world.jobs().tick()

        run = world.store.snapshot().runs(upstream="official", limit=1)[0]
        assert (failed.state, failed.pages) == (RunState.FAILED, 2)
        assert (run.id, run.state, run.new) == (failed.id, RunState.COMPLETED, 6)
        assert upstream.requests[0].params["cursor"] == "com.acme/s003:1.0.0"

    async def test_not_after_a_day(self, world: World, upstream: FakeUpstream) -> None:
        """
        A walk that failed long ago is begun anew: its first pages say little about today.
        """
        publish(upstream, 6)
        upstream.faults.append(Fault(html_error(500), when=later_page, times=4))
        await world.mirror(upstream, page_limit=2)
        await world.jobs().tick()
        upstream.forget_requests()
        world.clock.advance(25 * 3600)

        await world.jobs().tick()

        assert "cursor" not in upstream.requests[0].params

    async def test_an_increment_left_behind_is_done_again(self, world: World, upstream: FakeUpstream) -> None:
        """
        It asks from the same watermark, under the same id, so that whoever waits for it learns its end.
        """
        publish(upstream, 2)
        await world.mirror(upstream, page_limit=1)
        await world.sync()
        publish(upstream, 3, first=2)
        world.clock.advance(2 * 3600)
        left = await interrupted_walk(world, upstream, pages=2)
        world.clock.advance(60)

        await world.jobs().tick()

        run = world.store.snapshot().runs(upstream="official", limit=1)[0]
        assert (left.kind, run.id, run.state) == (RunKind.INCREMENTAL, left.id, RunState.COMPLETED)
        assert len(await world.served()) == 5

    async def test_a_run_of_an_upstream_that_is_gone_is_given_up(self, world: World, upstream: FakeUpstream) -> None:
        """
        It is abandoned with a reason, and what it mirrored is served no longer.
        """
        publish(upstream, 6)
        await world.mirror(upstream, page_limit=2)
        left = await interrupted_walk(world, upstream, pages=2)
        await world.forget("official")
        world.clock.advance(60)

        await world.jobs().tick()

        run = world.store.snapshot().run(left.id)
        assert run is not None
        assert (run.state, run.reason) == (RunState.ABANDONED, "no upstream 'official' is configured any more")
        assert set((await world.statuses()).values()) == {"deleted"}


class TestFence:
    async def test_a_late_process_writes_nothing(self, world: World, upstream: FakeUpstream) -> None:
        """
        A process that was away while another took over is refused with its first batch.
        """
        publish(upstream, 2)
        await world.mirror(upstream)
        run = await world.sync()
        store, now_us = world.store, world.clock.now_us()
        late = await perform(store, lambda tx: keep_lease(tx, JOBS, holder="late", now_us=now_us, ttl_us=TTL_US))
        later_us = now_us + TTL_US
        taken = await perform(store, lambda tx: keep_lease(tx, JOBS, holder="new", now_us=later_us, ttl_us=TTL_US))
        assert late is not None
        assert taken is not None

        with pytest.raises(Conflict, match="taken over"):
            await perform(
                store,
                lambda tx: apply_changes(tx, run, Batch(entries=()), advance=lambda run: run, fence=(JOBS, late.fence)),
            )

    async def test_a_run_that_was_taken_over_stops(self, world: World, upstream: FakeUpstream) -> None:
        """
        It raises Conflict and leaves the run to the other process.
        """
        publish(upstream, 4)
        fault = Fault(hang_before_headers(), when=later_page, times=1)
        upstream.faults.append(fault)
        await world.mirror(upstream, page_limit=2)
        late, new = world.jobs(), world.jobs()
        working = asyncio.create_task(late.tick())
        await until(lambda: fault.struck == 1)
        world.clock.advance(60)
        await new.tick()

        with pytest.raises(Conflict):
            await working

        run = world.store.snapshot().runs(upstream="official", limit=5)[0]
        assert (run.state, run.new, world.state().entries) == (RunState.COMPLETED, 4, 4)


class TestLease:
    async def test_only_one_process_performs_a_run(self, world: World, upstream: FakeUpstream) -> None:
        """
        While one has the lease, another one's tick does nothing.
        """
        publish(upstream, 1)
        await world.mirror(upstream)
        first, second = world.jobs(), world.jobs()
        await first.tick()
        upstream.forget_requests()
        world.clock.advance(4)
        await first.tick()
        world.clock.advance(9)

        await second.tick()

        assert (first.leading, second.leading) == (True, False)

    async def test_is_taken_over_when_its_holder_dies(self, world: World, upstream: FakeUpstream) -> None:
        """
        Ten seconds after the last renewal, another process runs the jobs.
        """
        publish(upstream, 1)
        await world.mirror(upstream)
        first, second = world.jobs(), world.jobs()
        await first.tick()
        world.clock.advance(10)

        await second.tick()

        assert (first.leading, second.leading) == (False, True)

    async def test_of_a_killed_process_is_taken_over_at_once(self, world: World, upstream: FakeUpstream) -> None:
        """
        On the same machine a dead holder is known to be dead: its successor does not wait for the lease to expire.
        """
        script = "from sync.holder import holder_name; print(holder_name())"
        killed = await asyncio.to_thread(subprocess.check_output, [sys.executable, "-c", script], cwd=ROOT, text=True)
        now_us = world.clock.now_us()
        await perform(world.store, lambda tx: keep_lease(tx, JOBS, holder=killed.strip(), now_us=now_us, ttl_us=TTL_US))
        await world.mirror(upstream)
        jobs = world.jobs()

        await jobs.tick()

        lease = world.store.snapshot().lease(JOBS)
        assert jobs.leading
        assert lease is not None
        assert lease.fence == 2

    @pytest.mark.parametrize(
        "holder",
        ["elsewhere", "1:2:3:4", "-:1:-:x", f"{holder_name().rpartition(':')[0]}:other"],
        ids=["no holder", "numbers", "unknown", "this process"],
    )
    async def test_of_a_stranger_is_respected(self, world: World, upstream: FakeUpstream, holder: str) -> None:
        """
        Who is alive, in another namespace, or cannot be told is waited for.
        """
        now_us = world.clock.now_us()
        await perform(world.store, lambda tx: keep_lease(tx, JOBS, holder=holder, now_us=now_us, ttl_us=TTL_US))
        await world.mirror(upstream)
        jobs = world.jobs()

        await jobs.tick()

        assert not jobs.leading

    async def test_is_given_back_by_a_graceful_stop(self, world: World, upstream: FakeUpstream) -> None:
        """
        After `stop` nobody has to wait for it to expire.
        """
        await world.mirror(upstream)
        first, second = world.jobs(), world.jobs()
        await first.tick()
        await first.stop()

        await second.tick()

        assert second.leading

    async def test_a_command_beside_a_server_lets_the_server_do_it(self, world: World, upstream: FakeUpstream) -> None:
        """
        Where another process has the lease, a request is stored for it and followed to its end.
        """
        publish(upstream, 3)
        await world.mirror(upstream)
        serving, command = world.jobs(), world.jobs(pause=RealPause())
        await serving.tick()
        publish(upstream, 1, first=3)

        async with asyncio.TaskGroup() as group:
            asked = group.create_task(command.run_now("official", kind=RunKind.FULL, trigger="command", actor=ACTOR))
            await until(lambda: bool(world.store.snapshot().runs_in(RunState.REQUESTED)))
            await serving.tick()

        run = asked.result()
        assert (run.state, run.new, run.actor) == (RunState.COMPLETED, 1, "local:ada")
        assert not command.leading


class TestTicking:
    async def test_serves_its_upstreams_until_stopped(self, world: World, upstream: FakeUpstream) -> None:
        """
        Started, it mirrors by itself within seconds; stopped in the middle of a walk, it leaves the run open.
        """
        publish(upstream, 6)
        fault = Fault(hang_before_headers(), when=later_page, after=1)
        upstream.faults.append(fault)
        await world.mirror(upstream, page_limit=2)
        jobs = world.jobs()

        await jobs.start()
        await until(lambda: fault.struck > 0)
        await until(lambda: [run.pages for run in world.store.snapshot().runs_in(RunState.RUNNING)] == [2])
        await jobs.stop()

        (run,) = world.store.snapshot().runs_in(RunState.RUNNING)
        assert (run.pages, run.new, len(await world.served())) == (2, 4, 4)
        lease = world.store.snapshot().lease(JOBS)
        assert lease is not None
        assert lease.expires_us == 0
