"""Several upstreams: each name is answered by one of them, whole."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from registry.catalog.entry import SourceId
from registry.catalog.overlay import Source
from registry.commands.actor import SYNC
from registry.commands.configure_sources import configure_sources, project_pending
from registry.commands.perform import perform
from registry.errors import NotFound
from registry.store.records import RunState
from tests.doubles.upstream import FakeUpstream
from tests.sync.world import World, publish, server

pytestmark = pytest.mark.anyio


def write_entries(path: Path, entries: list[bytes], *, array: bool = False) -> Path:
    """*entries* in the shape that the name of *path* promises."""
    listed = b"[%b]" % b",".join(entries)
    content = b"\n".join(entries) if ".jsonl" in path.suffixes else listed if array else b'{"servers":%b}' % listed
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.fixture
def other() -> Iterator[FakeUpstream]:
    with FakeUpstream() as fake:
        yield fake


class TestOwner:
    async def test_the_first_start_follows_precedence(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        A name that both have goes to the lower precedence with all its versions, whatever order they are declared in.
        """
        upstream.publish(server("com.acme/payroll", "9.9.9"), at="2025-05-01T00:00:00Z")
        other.publish(server("com.acme/payroll", "1.0.0"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream, "official", precedence=20)
        await world.mirror(other, "internal", precedence=10)

        await world.jobs().tick()

        assert await world.sources() == {"com.acme/payroll@1.0.0": "internal"}

    async def test_who_had_the_name_first_keeps_it(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        A name that turns up in a source of lower precedence later stays where it was.
        """
        other.publish(server("com.acme/payroll", "1.0.0"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream, "official", precedence=10)
        await world.mirror(other, "internal", precedence=20)
        await world.jobs().tick()
        upstream.publish(server("com.acme/payroll", "9.9.9"), at="2025-05-02T00:00:00Z")

        await world.full("official")

        assert await world.sources() == {"com.acme/payroll@1.0.0": "internal"}

    async def test_a_claim_wins_before_its_owner_has_the_name(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        Dependency confusion: a stranger's entry in a claimed namespace is mirrored and never served.
        """
        upstream.publish(server("com.acme/payroll", "9.9.9"), at="2025-05-01T00:00:00Z")
        upstream.publish(server("COM.Acme/payroll", "9.9.9"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream, "official", precedence=10)
        await world.mirror(other, "internal", precedence=20, claims=("com.acme",))

        await world.jobs().tick()

        assert await world.served() == {}
        other.publish(server("com.acme/payroll", "1.0.0"), at="2025-05-02T00:00:00Z")
        await world.sync("internal")
        assert await world.sources() == {"com.acme/payroll@1.0.0": "internal"}

    async def test_a_stranger_does_not_inherit_what_was_deleted(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        A name whose owner deleted it, or lists it no longer, does not fall through to the next source.
        """
        other.publish(server("com.acme/payroll", "1.0.0"), at="2025-05-01T00:00:00Z")
        other.publish(server("com.acme/other", "1.0.0"), at="2025-05-01T00:00:00Z")
        upstream.publish(server("com.acme/payroll", "9.9.9"), at="2025-05-01T00:00:00Z")
        await world.mirror(other, "internal", precedence=10)
        await world.mirror(upstream, "official", precedence=20)
        await world.jobs().tick()
        other.remove_silently("com.acme/payroll", "1.0.0")

        await world.full("internal")

        assert (await world.statuses())["com.acme/payroll@1.0.0"] == "deleted"
        assert "com.acme/payroll@9.9.9" not in await world.statuses()


class TestConfiguration:
    async def test_a_new_claim_is_in_force_at_once(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        Entries served so far become tombstones, before any upstream is asked.
        """
        publish(upstream, 30)
        upstream.publish(server("org.other/a"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream, "official", precedence=10)
        await world.sync()
        upstream.forget_requests()

        await world.mirror(other, "internal", precedence=20, claims=("com.acme",))

        statuses = await world.statuses()
        assert {name for name, status in statuses.items() if status == "active"} == {"org.other/a@1.0.0"}
        assert upstream.requests == []

    async def test_a_source_that_is_gone_no_longer_answers(
        self, world: World, upstream: FakeUpstream, other: FakeUpstream
    ) -> None:
        """
        A name it was remembered for goes to the next that has it; when it comes back, the name stays there.
        """
        upstream.publish(server("com.acme/a", "1.0.0"), at="2025-05-01T00:00:00Z")
        other.publish(server("com.acme/a", "2.0.0"), at="2025-05-01T00:00:00Z")
        await world.mirror(upstream, "official", precedence=10)
        await world.mirror(other, "internal", precedence=20)
        await world.jobs().tick()

        await world.forget("official")

        assert (await world.statuses())["com.acme/a@1.0.0"] == "deleted"
        assert (await world.sources())["com.acme/a@2.0.0"] == "internal"
        await world.mirror(upstream, "official", precedence=10)
        assert (await world.statuses())["com.acme/a@2.0.0"] == "active"

    async def test_the_same_again_writes_nothing(self, world: World, upstream: FakeUpstream) -> None:
        """
        A start with an unchanged configuration leaves no record and no new generation.
        """
        publish(upstream, 3)
        await world.mirror(upstream)
        await world.sync()
        before = world.store.snapshot().audit_events(limit=100)

        await world.put_in_force()

        assert world.store.snapshot().audit_events(limit=100) == before

    async def test_is_finished_by_whoever_comes_next(self, world: World, upstream: FakeUpstream) -> None:
        """
        A process that dies before all names were looked at leaves the rest to the jobs.
        """
        publish(upstream, 30)
        await world.mirror(upstream, "official")
        await world.sync()
        claimed = [
            (Source(id=SourceId("official"), precedence=10), "http"),
            (Source(id=SourceId("internal"), precedence=20, claims=("com.acme",)), "http"),
        ]
        await perform(world.store, lambda tx: configure_sources(tx, claimed))
        await perform(world.store, lambda tx: project_pending(tx, limit=10))

        await world.jobs().tick()

        assert set((await world.statuses()).values()) == {"deleted"}


class TestAsking:
    async def test_an_unknown_upstream_is_named_with_what_was_meant(self, world: World, upstream: FakeUpstream) -> None:
        """
        The error says which upstream is close.
        """
        await world.mirror(upstream)

        with pytest.raises(NotFound, match="no upstream 'oficial' is configured; did you mean 'official'"):
            await world.sync("oficial")

    async def test_every_run_is_on_record(self, world: World, upstream: FakeUpstream) -> None:
        """
        Requested, started, entries mirrored, completed: who asked, and the counts.
        """
        publish(upstream, 2)
        await world.mirror(upstream)

        run = await world.sync()

        events = [event for _, _, event in world.store.snapshot().audit_events(limit=100)]
        told = [event for event in events if event.detail.get("run") == run.id]
        assert [(event.action, event.actor) for event in reversed(told)] == [
            ("sync.requested", "local:ada"),
            ("sync.started", "system:sync"),
            ("entries.mirrored", "system:sync"),
            ("sync.completed", "system:sync"),
        ]
        assert [event.detail.get("requested_by") for event in reversed(told)] == [None, "local:ada", None, "local:ada"]
        assert [event.roles for event in told if event.action == "sync.started"] == [SYNC.roles]
        assert [event.detail["asked"] for event in told if event.action == "sync.requested"] == ["incremental"]


class TestFile:
    @pytest.mark.parametrize("suffix", [".json", ".jsonl", ".json.gz", ".jsonl.gz"])
    @pytest.mark.parametrize("bare", [False, True], ids=["entries", "documents"])
    async def test_is_an_upstream(self, world: World, tmp_path: Path, suffix: str, bare: bool) -> None:
        """
        Lists, arrays and lines, compressed or not, of entries or of bare documents: mirrored byte for byte.
        """
        documents = [b'{"name":"com.acme/s%d", "version":"1.0.0"}' % number for number in range(5)]
        entries = documents if bare else [b'{"server":%b}' % document for document in documents]
        path = write_entries(tmp_path / f"catalog{suffix}", entries, array=bare)
        await world.mirror(path, page_limit=2)

        run = await world.sync()

        assert (run.state, run.new, run.quarantined) == (RunState.COMPLETED, 5, 0)
        assert (world.raw("com.acme/s3", "1.0.0") or b"").startswith(b'{"server":' + documents[3])

    async def test_every_run_finds_what_went_and_changed(self, world: World, tmp_path: Path) -> None:
        """
        A file cannot be asked what changed, so each run compares all of it.
        """
        entries = [msgspec.json.encode(server(f"com.acme/s{number}")) for number in range(5)]
        path = write_entries(tmp_path / "catalog.jsonl", entries)
        await world.mirror(path)
        await world.sync()
        entries[1] = msgspec.json.encode(server("com.acme/s1", title="new"))
        write_entries(path, entries[:4])

        run = await world.sync()

        assert (run.changed, run.withdrawn, run.unchanged) == (1, 1, 3)

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("catalog.json", b'{"servers":null}', "no list of servers"),
            ("catalog.json", b"<html>", "no list of servers"),
            ("catalog.json.gz", b"no gzip", "compressed and damaged"),
            ("catalog.yaml", b"", "no known kind"),
            ("absent/catalog.json", None, "no such file"),
        ],
    )
    async def test_that_cannot_be_used_is_a_reason(
        self, world: World, tmp_path: Path, name: str, content: bytes | None, reason: str
    ) -> None:
        """
        The run fails and says what is wrong with the file.
        """
        if content is not None:
            (tmp_path / name).write_bytes(content)
        await world.mirror(tmp_path / name)

        run = await world.sync()

        assert run.state is RunState.FAILED
        assert reason in (run.reason or "")

    async def test_a_directory_is_no_file(self, world: World, tmp_path: Path) -> None:
        """
        Neither is a pipe: nothing waits for one.
        """
        (tmp_path / "folder.json").mkdir()
        await world.mirror(tmp_path / "folder.json")

        run = await world.sync()

        assert "not a regular file" in (run.reason or "")

    async def test_sets_bad_lines_aside(self, world: World, tmp_path: Path) -> None:
        """
        Lines that are no JSON, or far too long, are set aside; the lines around them are mirrored.
        """
        good = [b'{"name":"com.acme/a","version":"1"}', b'{"name":"com.acme/b","version":"1"}']
        lines = [good[0], b"not json", b"x" * 200_000, b"", good[1]]
        path = write_entries(tmp_path / "catalog.jsonl", lines)
        await world.mirror(path, max_entry_bytes=2048)

        run = await world.sync()

        assert (run.state, run.new, run.quarantined) == (RunState.COMPLETED, 2, 2)
