"""An empty or suddenly smaller list is more often broken than right: it withdraws nothing until somebody accepts it."""

import pytest

from registry.errors import Conflict, NotFound
from registry.store.records import Run, RunKind, RunState
from sync.sweep import Census, objection
from tests.doubles.faults import Fault, empty_list
from tests.doubles.upstream import FakeUpstream
from tests.sync.world import World, publish

pytestmark = pytest.mark.anyio


async def shrunk(world: World, upstream: FakeUpstream, *, gone: int, of: int = 20) -> None:
    publish(upstream, of)
    await world.mirror(upstream)
    await world.sync()
    for number in range(gone):
        upstream.remove_silently(f"com.acme/s{number:03d}", "1.0.0")


class TestRefusal:
    async def test_an_implausible_share_is_refused(self, world: World, upstream: FakeUpstream) -> None:
        """
        Seven of twenty are gone: nothing is withdrawn, and the reason says how many and how to accept it.
        """
        await shrunk(world, upstream, gone=7)

        run = await world.full()

        assert (run.state, run.withdrawn, run.unseen) == (RunState.REFUSED, 0, 7)
        assert (run.reason or "").startswith("7 of 20 entries are listed no longer, more than a share of 0.2")
        assert f"mcp-registry sync --upstream official --accept-run {run.id}" in (run.reason or "")
        assert set((await world.statuses()).values()) == {"active"}
        assert world.state().trouble == run.reason

    async def test_an_empty_list_is_always_refused(self, world: World, upstream: FakeUpstream) -> None:
        """
        However small the mirror and whatever share is allowed, nothing at all is not believed.
        """
        publish(upstream, 2)
        await world.mirror(upstream, max_shrink_share=1.0)
        await world.sync()
        upstream.faults.append(Fault(empty_list()))

        run = await world.full()

        assert run.state is RunState.REFUSED
        assert "lists nothing at all" in (run.reason or "")

    async def test_new_names_do_not_hide_that_the_old_ones_went(self, world: World, upstream: FakeUpstream) -> None:
        """
        The share is of what was mirrored before the walk: a list of strangers is refused, however long it is.
        """
        await shrunk(world, upstream, gone=20)
        publish(upstream, 100, first=100)

        run = await world.full()

        assert (run.state, run.new, run.unseen) == (RunState.REFUSED, 100, 20)

    async def test_what_is_new_is_mirrored_nevertheless(self, world: World, upstream: FakeUpstream) -> None:
        """
        Only silence is refused; what the walk did say is in force.
        """
        await shrunk(world, upstream, gone=7)
        upstream.set_status("com.acme/s010", "1.0.0", "deleted", at="2025-06-01T00:00:00Z")

        await world.full()

        assert (await world.statuses())["com.acme/s010@1.0.0"] == "deleted"

    async def test_recovers_by_itself(self, world: World, upstream: FakeUpstream) -> None:
        """
        When the upstream lists everything again, the next walk completes.
        """
        publish(upstream, 20)
        await world.mirror(upstream)
        await world.sync()
        upstream.faults.append(Fault(empty_list(), times=1))
        await world.full()

        run = await world.full()

        assert (run.state, run.unchanged) == (RunState.COMPLETED, 20)
        assert world.state().trouble is None


class TestAcceptance:
    async def test_withdraws_what_was_refused(self, world: World, upstream: FakeUpstream) -> None:
        """
        A run that accepts the refused one carries its withdrawals out.
        """
        await shrunk(world, upstream, gone=7)
        refused = await world.full()

        run = await world.sync(accepts=refused.id)

        assert (run.kind, run.state, run.withdrawn) == (RunKind.FULL, RunState.COMPLETED, 7)
        assert list((await world.statuses()).values()).count("deleted") == 7

    async def test_does_not_cover_much_more_than_was_seen(self, world: World, upstream: FakeUpstream) -> None:
        """
        What disappeared after somebody looked is refused anew.
        """
        await shrunk(world, upstream, gone=7)
        refused = await world.full()
        for number in range(7, 15):
            upstream.remove_silently(f"com.acme/s{number:03d}", "1.0.0")

        run = await world.full(accepts=refused.id)

        assert (run.state, run.unseen, run.withdrawn) == (RunState.REFUSED, 15, 0)

    async def test_names_the_newest_refused_run_of_this_upstream(self, world: World, upstream: FakeUpstream) -> None:
        """
        Any other run cannot be accepted, and the error says why.
        """
        await shrunk(world, upstream, gone=7)
        older = await world.full()
        newer = await world.full()

        with pytest.raises(Conflict, match=newer.id):
            await world.full(accepts=older.id)
        with pytest.raises(NotFound, match="no run 'run_x' of upstream official"):
            await world.full(accepts="run_x")
        done = await world.full(accepts=newer.id)
        with pytest.raises(Conflict, match="was completed after it"):
            await world.full(accepts=newer.id)
        with pytest.raises(Conflict, match="it is completed"):
            await world.full(accepts=done.id)


def make_run(**counts: int) -> Run:
    return Run(
        id="run_1",
        sequence=1,
        upstream="official",
        kind=RunKind.FULL,
        state=RunState.RUNNING,
        trigger="schedule",
        actor="system:sync",
        requested_us=0,
        **counts,  # type: ignore[arg-type]  # all of Run's counters are whole numbers
    )


class TestObjection:
    @pytest.mark.parametrize(
        ("live", "unseen", "seen", "new", "withdrawn", "share", "refused"),
        [
            (100, 0, 100, 0, 0, 0.2, False),
            (100, 20, 80, 0, 0, 0.2, False),
            (100, 21, 79, 0, 0, 0.2, True),
            (5, 5, 1, 1, 0, 0.2, False),
            (6, 5, 1, 0, 0, 0.01, False),
            (100, 1, 99, 0, 0, 0.0, True),
            (100, 0, 100, 0, 0, 0.0, False),
            (6, 6, 1, 1, 0, 0.2, True),
            (1, 1, 0, 0, 0, 1.0, True),
            (100, 99, 1, 0, 0, 1.0, False),
            (1000, 100, 900, 900, 0, 0.2, True),
            # An interrupted sweep withdrew 15 already: the share goes on from there.
            (85, 6, 79, 0, 15, 0.2, True),
            (85, 5, 80, 0, 15, 0.2, False),
        ],
    )
    async def test_weighs_share_and_number(
        self, live: int, unseen: int, seen: int, new: int, withdrawn: int, share: float, refused: bool
    ) -> None:
        """
        Up to five may go, beyond that a share of what was mirrored before; an empty list never, and nothing where
        the share is 0.
        """
        run = make_run(seen=seen, new=new, withdrawn=withdrawn)

        found = objection(Census(live=live, unseen=unseen), run, max_shrink_share=share, few=5, accepted=None)

        assert (found is not None) == refused

    @pytest.mark.parametrize(("unseen", "refused"), [(50, False), (55, False), (56, True)])
    async def test_an_accepted_run_covers_its_own_number_and_a_few(self, unseen: int, refused: bool) -> None:
        """
        The walk that follows an acceptance may find a few more gone, not another catalog.
        """
        run, accepted = make_run(seen=0), make_run(seen=0, unseen=50)

        found = objection(Census(live=100, unseen=unseen), run, max_shrink_share=0.2, few=5, accepted=accepted)

        assert (found is not None) == refused
