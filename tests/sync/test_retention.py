"""What has outlived its retention goes once a day, while nothing else is to be done."""

import pytest

from tests.doubles.upstream import FakeUpstream
from tests.sync.world import World, server

pytestmark = pytest.mark.anyio

DAY_S = 86_400.0


class TestRetention:
    async def test_superseded_documents_go_after_a_year(self, world: World, upstream: FakeUpstream) -> None:
        """
        Until then they are remembered; what is served stays whatever its age.
        """
        upstream.publish(server("com.acme/a", title="before"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)
        await world.sync()
        upstream.edit(server("com.acme/a", title="after"), at="2025-05-02T00:00:00Z")
        await world.sync()
        jobs = world.jobs()

        world.clock.advance(364 * DAY_S)
        await jobs.tick()
        remembered = world.store.snapshot().growth().rows["superseded documents"]
        world.clock.advance(2 * DAY_S)
        await jobs.tick()

        assert (remembered, world.store.snapshot().growth().rows["superseded documents"]) == (1, 0)
        assert b"after" in (world.raw("com.acme/a", "1.0.0") or b"")

    async def test_old_runs_go_and_the_newest_stays(self, world: World, upstream: FakeUpstream) -> None:
        """
        `status` can always say how the last run went.
        """
        await world.mirror(upstream)
        for _ in range(3):
            await world.sync()
        world.clock.advance(91 * DAY_S)
        upstream.stop()

        await world.jobs().tick()

        (run,) = world.store.snapshot().runs(upstream="official", limit=10)
        assert "cannot connect" in (run.reason or "")
