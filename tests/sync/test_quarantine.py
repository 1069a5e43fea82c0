"""Entries that cannot be served are set aside one by one, with a reason; their neighbours are not touched."""

import msgspec
import pytest

from registry.audit.question import Question
from registry.store.records import RunState
from sync.terms import SyncTerms
from tests.doubles.faults import Fault, with_items
from tests.doubles.upstream import FakeUpstream
from tests.sync.world import World, publish, server

pytestmark = pytest.mark.anyio

KEY = "io.modelcontextprotocol.registry/official"


def item(document: object, official: dict[str, object] | None = None) -> bytes:
    meta = {} if official is None else {"_meta": {KEY: official}}
    return msgspec.json.encode({"server": document, **meta})


BAD = [
    pytest.param(b'"a text"', "not a JSON object", id="no object"),
    pytest.param(b"[]", "not a JSON object", id="an array"),
    pytest.param(b"null", "not a JSON object", id="null"),
    pytest.param(b"{}", "no server object", id="no server"),
    pytest.param(b'{"server":null}', "no server object", id="server is null"),
    pytest.param(b'{"server":"com.acme/x"}', "no server object", id="server is a text"),
    pytest.param(item({"version": "1"}), "no name", id="no name"),
    pytest.param(item({"name": 7, "version": "1"}), "no name", id="name is a number"),
    pytest.param(item({"name": "com.acme/x"}), "no version", id="no version"),
    pytest.param(item({"name": "com.acme/x", "version": 1}), "no version", id="version is a number"),
    pytest.param(item(server("no-slash")), "not a server name", id="a name without a slash"),
    pytest.param(item(server("com.acme/a/b")), "not a server name", id="a name with two slashes"),
    pytest.param(item(server("com.äcme/x")), "not a server name", id="a name outside ASCII"),
    pytest.param(item(server("com.acme/x\n")), "not a server name", id="a name with a line end"),
    pytest.param(item(server("com.acme/x", "")), "not a version", id="an empty version"),
    pytest.param(item(server("com.acme/x", "latest")), "reserved", id="a version called latest"),
    pytest.param(item(server("com.acme/x", "1\u0000")), "not a version", id="a version with a control character"),
    pytest.param(item(server("com.acme/x", title="t" * 2000)), "bytes; at most 1500", id="too large"),
    pytest.param(b'{"server":{"name":"com.acme/x","name":"com.acme/y","version":"1"}}', "stands twice", id="two names"),
    pytest.param(b'{"server":{"name":"com.acme/x","Name":"com.evil/x","version":"1"}}', "'Name'", id="another case"),
    pytest.param(
        b'{"server":{"name":"com.acme/x","version":"1"},"server":{"name":"com.acme/y","version":"1"}}',
        "'server' stands twice",
        id="two servers",
    ),
    pytest.param(
        b'{"Server":{"name":"com.acme/y","version":"1"},"server":{"name":"com.acme/x","version":"1"}}',
        "'server' stands twice",
        id="a server in another case",
    ),
    pytest.param(b'{"server":{"name":"com.acme/x","version":"1","a":"\xff"}}', "UTF-8", id="broken UTF-8"),
    pytest.param(b'{"server":{"name":"com.acme/x","version":"1","a":"\\ud800"}}', "surrogate", id="half a surrogate"),
    pytest.param(b'{"server":{"name":"com.acme/\\ud800","version":"1"}}', "surrogate", id="half a surrogate in a name"),
    pytest.param(
        b'{"server":{"name":"com.acme/x","version":"1","a":%b1%b}}' % (b"[" * 200, b"]" * 200), "nested", id="too deep"
    ),
    pytest.param(item(server("com.acme/x"), {"status": "paused"}), "its status is 'paused'", id="unknown status"),
    pytest.param(item(server("com.acme/x"), {"status": 1}), "official block cannot be read", id="status is a number"),
    pytest.param(item(server("com.acme/x"), {"updatedAt": "yesterday"}), "its updatedAt", id="no instant"),
    pytest.param(item(server("com.acme/x"), {"publishedAt": "2025-01-01"}), "its publishedAt", id="a day only"),
    pytest.param(item(server("com.acme/x"), {"statusMessage": "m" * 5000}), "statusMessage", id="an endless message"),
]


class TestReasons:
    @pytest.mark.parametrize(("bad", "reason"), BAD)
    async def test_one_bad_entry_does_not_spoil_its_neighbours(
        self, world: World, upstream: FakeUpstream, bad: bytes, reason: str
    ) -> None:
        """
        It is set aside with its reason and its beginning, and the rest of the page is mirrored.
        """
        publish(upstream, 2)
        upstream.catalog.put_item("com.acme/x", "1.0.0", bad, at="2025-05-01T00:00:00Z")
        await world.mirror(upstream, max_entry_bytes=1500)

        run = await world.sync()

        assert (run.state, run.new, run.quarantined) == (RunState.COMPLETED, 2, 1)
        (aside,) = world.quarantined()
        assert reason in aside.reason
        assert (aside.upstream, aside.run, aside.size_bytes) == ("official", run.id, len(bad))
        assert bad.startswith(aside.excerpt)

    async def test_the_same_again_is_one_record(self, world: World, upstream: FakeUpstream) -> None:
        """
        The first sighting stays, the last one moves.
        """
        upstream.catalog.put_item("com.acme/x", "1.0.0", b"{}", at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)
        await world.sync()
        world.clock.advance(60)

        await world.sync()

        (aside,) = world.quarantined()
        assert aside.last_seen_us - aside.first_seen_us == 60_000_000

    async def test_what_comes_into_it_is_on_record(self, world: World, upstream: FakeUpstream) -> None:
        """
        Once, with the run that brought it, also where that brought nothing else; not at every sighting.
        """
        upstream.catalog.put_item("com.acme/x", "1.0.0", b"{}", at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)
        run = await world.sync()
        world.clock.advance(60)

        await world.full()

        found = world.store.snapshot().found_events(Question(action="entries.mirrored"), before=None, limit=9)
        assert [each.event.detail for each in found.events] == [
            {"run": run.id, "new": 0, "changed": 0, "names": 0, "quarantined": 1}
        ]

    async def test_an_upstream_of_nothing_else_ends_the_run(self, world: World, upstream: FakeUpstream) -> None:
        """
        Beyond a number it is no accident of single entries, and the store does not fill up with it.
        """
        world.terms = SyncTerms(most_quarantined=3)
        upstream.faults.append(Fault(with_items(*(b'{"n":%d}' % number for number in range(4)))))
        await world.mirror(upstream)

        run = await world.sync()

        assert run.reason == "more than 3 of its entries cannot be served"
        assert world.quarantined() == []

    async def test_keeps_the_newest_thousand(self, world: World, upstream: FakeUpstream) -> None:
        """
        An upstream that sends new rubbish every day does not fill the store; another one's records stay.
        """
        await world.mirror(upstream)
        await world.mirror(upstream, "other")
        upstream.faults.append(Fault(with_items(b"[]"), times=1))
        await world.sync("other")
        for day in range(2):
            world.clock.advance(86_400)
            items = [b'{"day":%d,"n":%d}' % (day, number) for number in range(700)]
            upstream.faults.append(Fault(with_items(*items), times=1))
            await world.sync()

        kept = [aside for aside in world.store.snapshot().quarantined(upstream=None, limit=5000)]

        days = [aside.excerpt[:8] for aside in kept if aside.upstream == "official"]
        assert 900 <= len(days) <= 1000
        assert days.count(b'{"day":1') == 700
        assert [aside.excerpt for aside in kept if aside.upstream == "other"] == [b"[]"]

    async def test_neither_reason_nor_excerpt_grows_with_what_was_sent(
        self, world: World, upstream: FakeUpstream
    ) -> None:
        """
        A record stays small however long the name is that cannot be served.
        """
        bad = item(server("com.acme/" + "x" * 500_000))
        upstream.catalog.put_item("com.acme/x", "1.0.0", bad, at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)

        await world.sync()

        (aside,) = world.quarantined()
        assert len(aside.reason) <= 500
        assert len(aside.excerpt) <= 2048


class TestContradiction:
    async def test_keeps_what_is_mirrored(self, world: World, upstream: FakeUpstream) -> None:
        """
        A page that says two things about one version is believed about neither; the mirrored one stays.
        """
        upstream.publish(server("com.acme/a", title="good"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream)
        await world.sync()
        upstream.faults.append(Fault(with_items(item(server("com.acme/a", title="evil")))))

        run = await world.full()

        assert (run.quarantined, run.changed, run.withdrawn, run.unseen) == (2, 0, 0, 0)
        assert b"good" in (world.raw("com.acme/a", "1.0.0") or b"")
        assert {aside.reason for aside in world.quarantined()} == {
            "the same page says something else about this name and version"
        }

    async def test_a_broken_twin_contradicts_too(self, world: World, upstream: FakeUpstream) -> None:
        """
        A good entry beside one of the same key that can be read in two ways is not believed either.
        """
        upstream.publish(server("com.acme/a"), at="2025-05-01T00:00:00Z")
        twin = b'{"server":{"name":"com.acme/a","version":"1.0.0","title":"x","title":"y"}}'
        upstream.faults.append(Fault(with_items(twin)))
        await world.mirror(upstream)

        run = await world.sync()

        assert (run.new, run.quarantined) == (0, 2)

    async def test_a_bad_listing_does_not_bring_back_what_was_withdrawn(
        self, world: World, upstream: FakeUpstream
    ) -> None:
        """
        What is set aside keeps what is mirrored of it, and what was withdrawn stays a tombstone.
        """
        publish(upstream, 3)
        await world.mirror(upstream)
        await world.sync()
        upstream.remove_silently("com.acme/s001", "1.0.0")
        await world.full()
        bad = item(server("com.acme/s001"), {"status": "paused"})
        upstream.catalog.put_item("com.acme/s001", "1.0.0", bad, at="2025-05-01T00:00:00Z")

        await world.full()
        await world.full()

        assert (await world.statuses())["com.acme/s001@1.0.0"] == "deleted"
        assert world.state().entries == 2


class TestSelection:
    async def test_takes_what_is_included_and_not_excluded(self, world: World, upstream: FakeUpstream) -> None:
        """
        Both are globs over names, compared without case; what is not taken is not judged either.
        """
        for name in ("com.acme/a", "com.acme/b-beta", "com.acme.data/c", "org.other/d", "COM.ACME/e-beta"):
            upstream.publish(server(name), at="2025-05-01T00:00:00Z")
        upstream.catalog.put_item("org.other/x", "1.0.0", item({"name": "org.other/x"}), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream, include=("com.acme*/*",), exclude=("*/*-beta",))

        run = await world.sync()

        assert {name for name, _ in await world.served()} == {"com.acme/a", "com.acme.data/c"}
        assert run.quarantined == 0

    async def test_an_empty_list_takes_nothing(self, world: World, upstream: FakeUpstream) -> None:
        """
        Fail closed: including nothing mirrors nothing.
        """
        publish(upstream, 3)
        await world.mirror(upstream, include=())

        run = await world.sync()

        assert (run.state, run.seen) == (RunState.COMPLETED, 0)
