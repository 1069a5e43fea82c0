"""A page made to be expensive: nobody else on the event loop waits for it, and it takes no memory to speak of."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from registry.store.records import Run, RunState
from sync.terms import SyncTerms
from tests.doubles.faults import Fault, not_json, with_items
from tests.doubles.upstream import FakeUpstream
from tests.sync.world import World, publish

pytestmark = pytest.mark.anyio

MIB = 1024 * 1024
LONGEST_HOLD_S = 0.2


class Heart:
    """`longest_s`: between two beats."""

    longest_s: float = 0.0


@asynccontextmanager
async def beating() -> AsyncIterator[Heart]:
    heart = Heart()

    async def beat() -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            heart.longest_s, before = max(heart.longest_s, now - before), now

    beats = asyncio.create_task(beat())
    try:
        yield heart
    finally:
        beats.cancel()
        await asyncio.wait({beats})


def listed(item: bytes, count: int) -> bytes:
    return b'{"servers":[%b],"metadata":{"count":1}}' % b",".join([item] * count)


def large_document(number: int, size_bytes: int) -> bytes:
    """Legal, and all small members: the slowest to read."""
    members = b",".join(b'"k%d":%d' % (key, key) for key in range(size_bytes // 15))
    return b'{"server":{"name":"com.acme/large%d","version":"1","x":{%b}}}' % (number, members)


MANY_NUMBERS = listed(b"1", 524_288)
MANY_LISTS = listed(b"[]", 700_000)
MANY_BROKEN = listed(b'"\\ud800"', 100_000)
ONE_HUGE = listed(b"[%b]" % b",".join([b"[]"] * 1_400_000), 1)
HUGE_NAME = listed(b'{"server":{"name":[%b],"version":"1"}}' % b",".join([b"1"] * 2_000_000), 1)
HUGE_SURROGATE = listed(b'{"server":{"name":"\\ud800","x":[%b]}}' % b",".join([b"1"] * 800_000), 1)
HUGE_UNREADABLE = listed(b'{"server":{"name":NaN,"x":[%b]}}' % b",".join([b"1"] * 400_000), 1)


class TestTime:
    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            pytest.param(
                MANY_NUMBERS, "more than 1000 items in a page; asked for were 100", id="half a million numbers"
            ),
            pytest.param(MANY_LISTS, "more than 1000 items in a page", id="even more lists"),
            pytest.param(MANY_BROKEN, "more than 1000 items in a page", id="what only the patient parser reads"),
        ],
    )
    async def test_far_too_many_items_end_the_run(
        self, world: World, upstream: FakeUpstream, body: bytes, reason: str
    ) -> None:
        """
        The page is refused as a whole, and nothing of it is judged.
        """
        upstream.faults.append(Fault(not_json(body)))
        await world.mirror(upstream)

        async with beating() as heart:
            run = await world.sync()

        assert run.state is RunState.FAILED
        assert reason in (run.reason or "")
        assert world.quarantined() == []
        assert heart.longest_s < LONGEST_HOLD_S

    @pytest.mark.parametrize(
        "body",
        [ONE_HUGE, HUGE_NAME, HUGE_UNREADABLE, HUGE_SURROGATE],
        ids=["an item of 4 MB", "a name of 4 MB", "NaN and 0.8 MB", "half a name"],
    )
    async def test_one_huge_item_is_set_aside(self, world: World, upstream: FakeUpstream, body: bytes) -> None:
        """
        It is not read further than it takes to say what it is called.
        """
        upstream.faults.append(Fault(not_json(body)))
        await world.mirror(upstream)

        async with beating() as heart:
            run = await world.sync()

        assert (run.state, run.quarantined) == (RunState.COMPLETED, 1)
        assert heart.longest_s < LONGEST_HOLD_S

    async def test_large_documents_are_mirrored_in_turns(self, world: World, upstream: FakeUpstream) -> None:
        """
        Sixteen legal ones of 0.8 MB in one page.
        """
        documents = [large_document(number, 800_000) for number in range(16)]
        upstream.faults.append(Fault(with_items(*documents)))
        await world.mirror(upstream)

        async with beating() as heart:
            run = await world.sync()

        assert (run.state, run.new) == (RunState.COMPLETED, 16)
        assert heart.longest_s < LONGEST_HOLD_S


class TestMemory:
    @pytest.mark.parametrize("body", [MANY_NUMBERS, MANY_LISTS, ONE_HUGE], ids=["numbers", "lists", "one item"])
    async def test_is_a_few_times_the_page(self, world: World, upstream: FakeUpstream, body: bytes) -> None:
        """
        Not a hundred bytes for each of its own.
        """
        upstream.faults.append(Fault(not_json(body)))
        world.terms = SyncTerms()
        await world.mirror(upstream)
        tracemalloc.start()

        try:
            await world.sync()
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert peak_bytes < 8 * len(body) + 16 * MIB


class TestTooLarge:
    async def test_keeps_what_is_mirrored_of_it(self, world: World, upstream: FakeUpstream) -> None:
        """
        An entry that has grown beyond every cap is set aside under its name; the mirrored one stays.
        """
        publish(upstream, 1)
        await world.mirror(upstream, max_entry_bytes=2048)
        await world.sync()
        huge = b'{"server":{"name":"com.acme/s000","version":"1.0.0","title":"%b"}}' % (b"x" * 200_000)
        upstream.faults.append(Fault(not_json(listed(huge, 1))))

        run: Run = await world.full()

        (aside,) = world.quarantined()
        assert (run.state, run.quarantined, run.withdrawn, run.unseen) == (RunState.COMPLETED, 1, 0, 0)
        assert (aside.name, aside.version, aside.reason) == ("com.acme/s000", "1.0.0", "it has more than 67584 bytes")
        assert await world.statuses() == {"com.acme/s000@1.0.0": "active"}

    async def test_judging_stops_where_too_many_were_set_aside(self, world: World, upstream: FakeUpstream) -> None:
        """
        What comes behind the first one too many is not looked at.
        """
        world.terms = SyncTerms(most_quarantined=3)
        upstream.faults.append(Fault(with_items(*[b"[]"] * 4, *(large_document(n, 800_000) for n in range(20)))))
        await world.mirror(upstream)
        began_s = time.perf_counter()

        run = await world.sync()

        assert run.reason == "more than 3 of its entries cannot be served"
        assert time.perf_counter() - began_s < 1
