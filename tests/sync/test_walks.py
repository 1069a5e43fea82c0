"""What a run mirrors: the first full walk, increments, reconciliation."""

import msgspec
import pytest

from registry.catalog.entry import ServerName
from registry.store.records import RunKind, RunState
from tests.doubles.faults import Fault, missing, under
from tests.doubles.upstream import FakeUpstream
from tests.sync.world import START_US, World, publish, server

pytestmark = pytest.mark.anyio

HOUR_S = 3600.0


class TestFirstRun:
    async def test_is_a_full_walk_with_deleted_entries(self, world: World, upstream: FakeUpstream) -> None:
        """
        The first run asks for everything, deleted entries included, page by page.
        """
        publish(upstream, 5)
        upstream.set_status("com.acme/s001", "1.0.0", "deleted", "gone", at="2025-05-02T00:00:00Z")
        await world.mirror(upstream, page_limit=2)

        run = await world.sync()

        assert (run.kind, run.state, run.new, run.pages) == (RunKind.FULL, RunState.COMPLETED, 5, 3)
        assert all(request.params["include_deleted"] == "true" for request in upstream.requests)
        assert not any("updated_since" in request.params for request in upstream.requests)
        assert (await world.statuses())["com.acme/s001@1.0.0"] == "deleted"

    async def test_keeps_each_document_byte_for_byte(self, world: World, upstream: FakeUpstream) -> None:
        """
        What a source wrote is what we serve: blanks, escapes, order, unknown members.
        """
        document = b'{ "version":"1.0.0","name" : "com.acme/odd", "x-new": [1.50, 1e3], "title":"caf\\u00e9 \xc3\xa9"}'
        upstream.publish(document, at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)

        await world.sync()

        assert (world.raw("com.acme/odd", "1.0.0") or b"").startswith(b'{"server":' + document + b',"_meta"')

    async def test_mirrors_what_merely_fails_its_schema(self, world: World, upstream: FakeUpstream) -> None:
        """
        A document with an empty repository and no description is mirrored as it is.
        """
        upstream.publish({"name": "com.acme/bare", "version": "1", "repository": {}}, at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)

        run = await world.sync()

        assert (run.new, run.quarantined) == (1, 0)

    async def test_speaks_v0_where_there_is_no_v0_1(self, world: World, upstream: FakeUpstream) -> None:
        """
        A 404 for v0.1 means v0, and that is found out once a run.
        """
        publish(upstream, 3)
        upstream.faults.append(Fault(missing(), when=under("/v0.1/")))
        await world.mirror(upstream, page_limit=1)

        run = await world.sync()

        assert run.state is RunState.COMPLETED
        assert [request.path for request in upstream.requests].count("/v0.1/servers") == 1
        assert run.new == 3

    async def test_keeps_the_path_of_the_address(self, world: World, upstream: FakeUpstream) -> None:
        """
        A registry below a path is asked below that path.
        """
        await world.mirror(upstream, url=f"{upstream.url}/c/team")

        run = await world.sync()

        assert run.state is RunState.FAILED
        assert [request.path for request in upstream.requests] == ["/c/team/v0.1/servers", "/c/team/v0/servers"]


class TestIncrement:
    async def test_asks_for_what_changed_since_the_watermark(self, world: World, upstream: FakeUpstream) -> None:
        """
        The watermark is the newest change seen, less an overlap of five minutes.
        """
        upstream.publish(server("com.acme/a"), at="2025-05-01T12:00:00Z")
        await world.mirror(upstream)
        await world.sync()
        upstream.publish(server("com.acme/b"), at="2025-05-03T12:00:00Z")
        upstream.forget_requests()

        run = await world.sync()

        assert [request.params["updated_since"] for request in upstream.requests] == ["2025-05-01T11:55:00Z"]
        assert (run.kind, run.new, run.unchanged) == (RunKind.INCREMENTAL, 1, 1)

    async def test_with_nothing_new_is_one_request(self, world: World, upstream: FakeUpstream) -> None:
        """
        An idle increment costs the upstream one request and us no change.
        """
        publish(upstream, 30)
        await world.mirror(upstream, page_limit=10)
        await world.sync()
        upstream.forget_requests()
        view = world.store.view("everyone")
        assert view is not None
        generation = view.generation()

        run = await world.sync()

        assert len(upstream.requests) == 1
        assert (run.new, run.changed, run.withdrawn) == (0, 0, 0)
        assert view.generation() == generation

    async def test_takes_over_new_statuses(self, world: World, upstream: FakeUpstream) -> None:
        """
        Deprecated and deleted propagate with their messages, also when most of a catalog is deleted at once.
        """
        publish(upstream, 10)
        await world.mirror(upstream)
        await world.sync()
        upstream.set_status("com.acme/s000", "1.0.0", "deprecated", "use s001", at="2025-06-01T00:00:00Z")
        for number in range(1, 10):
            upstream.set_status(f"com.acme/s{number:03d}", "1.0.0", "deleted", at="2025-06-01T00:00:00Z")

        run = await world.sync()

        assert (run.state, run.changed) == (RunState.COMPLETED, 10)
        statuses = list((await world.statuses()).values())
        assert (statuses[0], set(statuses[1:])) == ("deprecated", {"deleted"})
        assert b'"statusMessage":"use s001"' in (world.raw("com.acme/s000", "1.0.0") or b"")

    async def test_remembers_the_document_that_was_replaced(self, world: World, upstream: FakeUpstream) -> None:
        """
        A body that changed under its name and version is a new document; the old one is remembered.
        """
        upstream.publish(server("com.acme/a", title="before"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)
        await world.sync()
        upstream.edit(server("com.acme/a", title="after"), at="2025-05-02T00:00:00Z")

        run = await world.sync()

        assert run.changed == 1
        assert b"after" in (world.raw("com.acme/a", "1.0.0") or b"")
        assert world.store.snapshot().growth().rows["superseded documents"] == 1

    async def test_a_stamp_from_the_future_does_not_blind_us(self, world: World, upstream: FakeUpstream) -> None:
        """
        The watermark is capped at the run's start: one entry from 2099 hides nothing that comes later.
        """
        upstream.publish(server("com.acme/liar"), at="2099-01-01T00:00:00Z")
        await world.mirror(upstream)
        await world.sync()
        upstream.publish(server("com.acme/late"), at="2025-06-15T15:05:00Z")

        run = await world.sync()

        assert world.state().watermark_us == START_US - world.terms.overlap_us
        assert run.new == 1

    async def test_never_moves_the_watermark_back(self, world: World, upstream: FakeUpstream) -> None:
        """
        An increment that sees only old stamps leaves the watermark where it was.
        """
        upstream.publish(server("com.acme/a"), at="2025-05-01T12:00:00Z")
        await world.mirror(upstream)
        await world.sync()
        before = world.state().watermark_us
        upstream.remove_silently("com.acme/a", "1.0.0")

        await world.sync()

        assert world.state().watermark_us == before


class TestReconciliation:
    async def test_finds_what_changed_without_a_trace(self, world: World, upstream: FakeUpstream) -> None:
        """
        A body that changed while no time moved is found by the next full walk, not before.
        """
        upstream.publish(server("com.acme/old", title="before"), at="2025-04-01T00:00:00Z")
        publish(upstream, 2)
        await world.mirror(upstream)
        await world.sync()
        upstream.replace_silently("com.acme/old", "1.0.0", server("com.acme/old", title="after"))

        increment = await world.sync()
        full = await world.full()

        assert (increment.changed, full.changed, full.unchanged) == (0, 1, 2)
        assert world.store.snapshot().growth().rows["superseded documents"] == 1

    async def test_withdraws_what_disappeared(self, world: World, upstream: FakeUpstream) -> None:
        """
        An entry that is listed no longer becomes a tombstone, with a message and a new instant.
        """
        publish(upstream, 4)
        await world.mirror(upstream)
        await world.sync()
        upstream.remove_silently("com.acme/s002", "1.0.0")

        run = await world.full()

        assert (run.withdrawn, run.unseen, run.unchanged) == (1, 1, 3)
        assert (await world.statuses())["com.acme/s002@1.0.0"] == "deleted"
        assert b"no longer listed" in (world.raw("com.acme/s002", "1.0.0") or b"")

    async def test_what_comes_back_is_served_again(self, world: World, upstream: FakeUpstream) -> None:
        """
        A withdrawn entry that is listed again is what it was.
        """
        publish(upstream, 4)
        await world.mirror(upstream)
        await world.sync()
        row = upstream.catalog.row("com.acme/s002", "1.0.0")
        upstream.remove_silently("com.acme/s002", "1.0.0")
        await world.full()
        upstream.load_jsonl([row.item])

        await world.full()

        assert (await world.statuses())["com.acme/s002@1.0.0"] == "active"
        assert world.state().entries == 4

    async def test_a_flag_that_flipped_upstream_changes_nothing(self, world: World, upstream: FakeUpstream) -> None:
        """
        `isLatest` is ours to compute: an upstream's is not looked at.
        """
        upstream.publish(server("com.acme/a", "1.0.0"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)
        await world.sync()
        upstream.publish(server("com.acme/a", "2.0.0"), at="2025-05-02T00:00:00Z")

        run = await world.full()

        assert (run.new, run.changed, run.unchanged) == (1, 0, 1)
        view = world.store.view("everyone")
        assert view is not None
        latest = msgspec.json.decode(view.latest(ServerName.parse("com.acme/a"), include_deleted=False) or b"{}")
        assert latest["server"]["version"] == "2.0.0"
