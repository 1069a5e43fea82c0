"""Mirrored documents are judged off the path of a run, by the process that has the lease."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
import structlog

from registry.errors import Conflict
from registry.store.records import Finding
from schemas.validation.engine import REVISION, validate
from schemas.validation.issue import rule_of
from sync.findings import NOT_JUDGED, BackgroundValidation, judge
from sync.lease import JobsLease
from tests.doubles.clock import FrozenClock
from tests.doubles.faults import Fault, hang_before_headers, listing
from tests.doubles.upstream import FakeUpstream
from tests.manifests import manifest
from tests.sync.world import SteppingPause, World, publish, server

pytestmark = pytest.mark.anyio


def _rules(world: World) -> dict[str, int]:
    """How many documents break each rule."""
    return {total.rule: total.documents for total in world.store.snapshot().finding_totals()}


def _pending(world: World) -> int:
    return world.store.snapshot().unjudged(revision=REVISION)


class TestJobs:
    async def test_a_tick_leaves_nothing_due(self, world: World, upstream: FakeUpstream) -> None:
        """
        What a run brought is judged afterwards, and what is wrong with it is as the engine says.
        """
        publish(upstream, 70)
        upstream.publish(manifest(name="com.acme/right"))
        await world.mirror(upstream)

        await world.sync()
        before = _pending(world)
        await world.jobs().tick()

        expected = {rule_of(issue) for issue in validate(json.dumps(server("com.acme/s000")).encode())}
        assert (before, _pending(world)) == (71, 0)
        assert _rules(world) == dict.fromkeys(expected, 70)

    async def test_a_change_is_judged_anew(self, world: World, upstream: FakeUpstream) -> None:
        """
        What was mended upstream has no findings any more after the next run.
        """
        upstream.publish(manifest(name="com.acme/pay", title=" "), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)
        jobs = world.jobs()
        await world.sync()
        await jobs.tick()
        before = _rules(world)

        upstream.edit(manifest(name="com.acme/pay"), at="2025-05-02T00:00:00Z")
        await world.sync()
        await jobs.tick()

        assert before == {"title-whitespace-only": 1}
        assert _rules(world) == {}

    async def test_only_with_the_lease(self, world: World, upstream: FakeUpstream) -> None:
        """
        A process beside the one that runs the jobs judges nothing.
        """
        publish(upstream, 3)
        await world.mirror(upstream)
        await world.sync()
        first, second = world.jobs(), world.jobs()
        lease = JobsLease(world.store, world.clock, holder="another")
        await lease.fence()

        await first.tick()
        idle = _pending(world)
        await lease.release()
        await second.tick()

        assert (idle, _pending(world)) == (3, 0)

    async def test_goes_on_beside_an_upstream_that_hangs(self, world: World, upstream: FakeUpstream) -> None:
        """
        A run that does not get anywhere holds up no findings.
        """
        publish(upstream, 3)
        await world.mirror(upstream)
        await world.sync()
        with FakeUpstream() as hanging:
            hanging.faults.append(Fault(hang_before_headers(), when=listing))
            await world.mirror(hanging, "hanging")
            ticking = asyncio.create_task(world.jobs().tick())

            async with asyncio.timeout(10):
                while _pending(world):  # noqa: ASYNC110 - the store tells nobody when something was written
                    await asyncio.sleep(0.01)

            ticking.cancel()
            await asyncio.wait({ticking})
        assert _rules(world)


class _Slow(FrozenClock):
    """Each look at it costs a millisecond."""

    def monotonic_ns(self) -> int:
        self.advance(0.001)
        return super().monotonic_ns()


class _Switch:
    """Says yes from the given call on."""

    def __init__(self, after: int) -> None:
        self._left = after

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


class TestWork:
    def _validation(self, world: World, clock: FrozenClock, pause: SteppingPause) -> BackgroundValidation:
        return BackgroundValidation(world.store, clock, pause=pause, log=structlog.get_logger())

    async def _mirrored(self, world: World, upstream: FakeUpstream, count: int) -> tuple[str, int]:
        publish(upstream, count)
        await world.mirror(upstream)
        await world.sync()
        fence = await JobsLease(world.store, world.clock, holder="tests").fence()
        assert fence is not None
        return fence

    async def test_rests_longer_beside_a_run(self, world: World, upstream: FakeUpstream) -> None:
        """
        Alone it rests for as long as it worked, beside a run thirty-nine times that.
        """
        fence = await self._mirrored(world, upstream, 4)
        clock = _Slow(0)
        pause = SteppingPause(clock)

        await self._validation(world, clock, pause).work(fence, beside_run=_Switch(after=2))

        assert [round(seconds * 1000) for seconds in pause.waits_s] == [1, 1, 39, 39]

    async def test_a_bug_of_ours_stops_nothing(self, world: World, upstream: FakeUpstream) -> None:
        """
        A document that cannot be judged does not pass for right, and the others are judged.
        """
        fence = await self._mirrored(world, upstream, 3)

        def judgement(document: bytes) -> tuple[Finding, ...]:
            if b"s001" in document:
                raise RuntimeError("a bug")
            return ()

        validation = BackgroundValidation(
            world.store, world.clock, pause=world.pause, log=structlog.get_logger(), judgement=judgement
        )
        await validation.work(fence, beside_run=lambda: False)

        (found,) = world.store.snapshot().findings(rules=[NOT_JUDGED], limit=9)
        assert (found.name, found.finding.severity) == ("com.acme/s001", "error")
        assert (_pending(world), _rules(world)) == (0, {NOT_JUDGED: 1})

    async def test_a_lost_lease_ends_it(self, world: World, upstream: FakeUpstream) -> None:
        """
        Who was replaced writes nothing; all of it is due still.
        """
        fence = await self._mirrored(world, upstream, 3)
        validation = self._validation(world, world.clock, world.pause)

        with pytest.raises(Conflict, match="taken over"):
            await validation.work((fence[0], fence[1] - 1), beside_run=lambda: False)

        assert (_pending(world), _rules(world)) == (3, {})

    async def test_cancelled_at_any_document(self, world: World, upstream: FakeUpstream) -> None:
        """
        What was not written is due still, and judged by whoever comes next.
        """
        fence = await self._mirrored(world, upstream, 40)
        for stopped_after in (1, 20, 35):
            clock = _Slow(0)
            pause = _Cutting(clock, stopped_after)
            with pytest.raises(asyncio.CancelledError):
                await self._validation(world, clock, pause).work(fence, beside_run=lambda: False)

        left = _pending(world)
        await self._validation(world, world.clock, world.pause).work(fence, beside_run=lambda: False)

        assert left in (8, 40)
        assert _pending(world) == 0
        assert set(_rules(world).values()) == {40}


class _Cutting(SteppingPause):
    """Is where the task is cancelled."""

    def __init__(self, clock: FrozenClock, after: int) -> None:
        super().__init__(clock)
        self._after = after

    async def wait(self, seconds: float) -> None:
        await super().wait(seconds)
        if len(self.waits_s) == self._after:
            raise asyncio.CancelledError


def _document(**changes: object) -> bytes:
    return json.dumps(manifest(**changes)).encode()


def _kept(findings: Iterable[Finding]) -> dict[str, tuple[int, int]]:
    return {finding.rule: (finding.count, len(finding.issues)) for finding in findings}


class TestJudge:
    def test_what_is_right(self) -> None:
        """
        A document without issues has no findings.
        """
        assert judge(_document()) == ()

    def test_text_that_is_none(self) -> None:
        """
        What cannot be taken as a document has one finding that says so.
        """
        assert _kept(judge(b'{"name": 1, "name": 2}')) == {"json-syntax": (1, 1)}

    def test_what_is_kept_is_bounded(self) -> None:
        """
        Ten places of a rule, fifty of a document, one of each rule at least; all of them are counted.
        """
        variables: list[Any] = [{"name": f"{number}-API_TOKEN"} for number in range(40)]
        arguments: list[Any] = [{"type": "positional", "value": "x"} for _ in range(40)]
        remotes: list[Any] = [
            {"type": "sse", "url": f"http://a{number}.example", "headers": [{"name": "x", "value": "{y}"}]}
            for number in range(40)
        ]
        given = manifest(title=" ", remotes=remotes)
        given["packages"][0] |= {"environmentVariables": variables, "packageArguments": arguments}

        findings = judge(json.dumps(given).encode())

        kept = _kept(findings)
        assert kept["secret-not-marked"] == (40, 10)
        assert all(places >= 1 for _, places in kept.values())
        assert sum(places for _, places in kept.values()) <= 50 + len(kept)

    def test_paths_are_bounded(self) -> None:
        """
        A path holds what the document chose to call things, and is cut.
        """
        given = manifest(remotes=[{"type": "sse", "url": "https://a.example/{b}", "variables": {"v" * 5000: 1}}])

        findings = judge(json.dumps(given).encode())

        assert findings
        assert max(len(issue.path) for finding in findings for issue in finding.issues) <= 1000

    def test_judging_the_same_bytes_is_the_same(self) -> None:
        """
        A finding follows from the bytes alone.
        """
        given = _document(title=" ")

        assert judge(given) == judge(given) != ()
