"""The fake upstream's catalog changes as the official registry's does: reference §3 and §4."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.generator import OFFICIAL, SAMPLE, generate
from tests.doubles.clock import FrozenClock
from tests.doubles.plain_client import fetch
from tests.doubles.upstream import FakeUpstream

NAME = "com.acme/payroll"
LIST = "/v0.1/servers"


def document(version: str, **members: str) -> dict[str, object]:
    return {"name": NAME, "description": "Pays", "version": version, **members}


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(1_767_225_600_000_000)  # 2026-01-01T00:00:00Z


@pytest.fixture
def upstream(clock: FrozenClock) -> Iterator[FakeUpstream]:
    with FakeUpstream(clock=clock) as fake:
        yield fake


def official(upstream: FakeUpstream, version: str) -> dict[str, Any]:  # Any: JSON
    for item in fetch(upstream.url, f"{LIST}?include_deleted=true&limit=100").json()["servers"]:
        if item["server"]["version"] == version:
            block: dict[str, Any] = item["_meta"][OFFICIAL]
            return block
    raise AssertionError(f"{version} is not listed")


def latest(upstream: FakeUpstream) -> list[str]:
    listed = fetch(upstream.url, f"{LIST}?version=latest&include_deleted=true").json()["servers"]
    return [item["server"]["version"] for item in listed]


def newer(upstream: FakeUpstream, since: str) -> list[str]:
    listed = fetch(upstream.url, f"{LIST}?updated_since={since}").json()["servers"]
    return [item["server"]["version"] for item in listed]


class TestPublish:
    def test_a_new_entry(self, upstream: FakeUpstream) -> None:
        """
        It is active, latest, and its three times are one.
        """
        upstream.publish(document("1.0.0"))

        assert official(upstream, "1.0.0") == {
            "status": "active",
            "statusChangedAt": "2026-01-01T00:00:00Z",
            "publishedAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
            "isLatest": True,
        }

    def test_every_publish_has_its_own_instant(self, upstream: FakeUpstream) -> None:
        """
        Two changes at one reading of the clock are a microsecond apart, so that a poll can tell them.
        """
        upstream.publish(document("1.0.0"))
        upstream.publish(document("1.0.1"))

        assert official(upstream, "1.0.1")["updatedAt"] == "2026-01-01T00:00:00.000001Z"

    def test_the_same_version_twice(self, upstream: FakeUpstream) -> None:
        """
        A version is published once.
        """
        upstream.publish(document("1.0.0"))

        with pytest.raises(ValueError, match="cannot publish duplicate version"):
            upstream.publish(document("1.0.0", description="Another"))

    @pytest.mark.parametrize(
        ("versions", "expected"),
        [
            (["1.0.0", "2.0.0", "1.5.0"], "2.0.0"),
            (["1.0.0", "1.1.0-rc.1"], "1.1.0-rc.1"),
            (["1.1.0-rc.1", "1.0.0"], "1.1.0-rc.1"),
            (["1.0.0+a", "1.0.0+b"], "1.0.0+a"),
            (["1.0.0", "v1.0.0"], "1.0.0"),
            (["1.0.0", "snapshot"], "1.0.0"),
            (["snapshot", "0.0.1"], "0.0.1"),
            (["1.0", "0.9"], "0.9"),
            (["9.0.0", "10.0.0"], "10.0.0"),
        ],
    )
    def test_latest_goes_to_the_strictly_higher(
        self, upstream: FakeUpstream, versions: list[str], expected: str
    ) -> None:
        """
        The flag moves only to a version that ranks strictly above the one that has it.
        """
        for version in versions:
            upstream.publish(document(version))

        assert latest(upstream) == [expected]

    def test_losing_the_flag_does_not_move_updated_at(self, upstream: FakeUpstream) -> None:
        """
        A poll never hears that an older version is no longer the latest.
        """
        upstream.publish(document("1.0.0"), at="2026-01-01T00:00:00Z")
        upstream.publish(document("2.0.0"), at="2026-01-02T00:00:00Z")

        assert official(upstream, "1.0.0")["isLatest"] is False
        assert newer(upstream, "2026-01-01T12:00:00Z") == ["2.0.0"]

    def test_flag_on_deleted_stays_there(self, upstream: FakeUpstream) -> None:
        """
        With all versions deleted, a lower one published then is not flagged: `latest` is 404.
        """
        upstream.publish(document("2.0.0"))
        upstream.set_status(NAME, "2.0.0", "deleted")
        upstream.publish(document("1.5.0"))

        assert latest(upstream) == ["2.0.0"]
        assert fetch(upstream.url, f"{LIST}/com.acme%2Fpayroll/versions/latest").status == 404


class TestStatus:
    def test_deleting_promotes_the_next(self, upstream: FakeUpstream) -> None:
        """
        The highest version that is left takes the flag, silently.
        """
        upstream.publish(document("1.0.0"), at="2026-01-01T00:00:00Z")
        upstream.publish(document("2.0.0"), at="2026-01-01T00:00:01Z")

        upstream.set_status(NAME, "2.0.0", "deleted", "Leaked a key", at="2026-01-02T00:00:00Z")

        assert latest(upstream) == ["1.0.0"]
        assert newer(upstream, "2026-01-01T12:00:00Z") == ["2.0.0"]
        assert official(upstream, "2.0.0") == {
            "status": "deleted",
            "statusChangedAt": "2026-01-02T00:00:00Z",
            "statusMessage": "Leaked a key",
            "publishedAt": "2026-01-01T00:00:01Z",
            "updatedAt": "2026-01-02T00:00:00Z",
            "isLatest": False,
        }

    def test_restoring_takes_the_flag_back(self, upstream: FakeUpstream) -> None:
        """
        A restored version is latest again if it is the highest, and its message is gone.
        """
        upstream.publish(document("1.0.0"))
        upstream.publish(document("2.0.0"))
        upstream.set_status(NAME, "2.0.0", "deleted", "By mistake")

        upstream.set_status(NAME, "2.0.0", "active")

        assert latest(upstream) == ["2.0.0"]
        assert "statusMessage" not in official(upstream, "2.0.0")

    def test_deprecated_stays_eligible(self, upstream: FakeUpstream) -> None:
        """
        A deprecated version keeps the flag.
        """
        upstream.publish(document("1.0.0"))

        upstream.set_status(NAME, "1.0.0", "deprecated")

        assert latest(upstream) == ["1.0.0"]

    def test_another_message_does_not_move_status_changed_at(self, upstream: FakeUpstream) -> None:
        """
        `statusChangedAt` moves with the status only, `updatedAt` with any change.
        """
        upstream.publish(document("1.0.0"))
        upstream.set_status(NAME, "1.0.0", "deprecated", "Old", at="2026-01-02T00:00:00Z")

        upstream.set_status(NAME, "1.0.0", "deprecated", "Very old", at="2026-01-03T00:00:00Z")

        assert official(upstream, "1.0.0")["statusChangedAt"] == "2026-01-02T00:00:00Z"
        assert official(upstream, "1.0.0")["updatedAt"] == "2026-01-03T00:00:00Z"


class TestSilence:
    def test_edit_moves_updated_at(self, upstream: FakeUpstream) -> None:
        """
        An edited body is news to a poll, and only to `updatedAt`.
        """
        upstream.publish(document("1.0.0"), at="2026-01-01T00:00:00Z")

        upstream.edit(document("1.0.0", title="Payroll"), at="2026-01-02T00:00:00Z")

        assert newer(upstream, "2026-01-01T12:00:00Z") == ["1.0.0"]
        assert official(upstream, "1.0.0")["publishedAt"] == "2026-01-01T00:00:00Z"

    def test_replace_silently(self, upstream: FakeUpstream) -> None:
        """
        Other bytes under the same name and version, which no poll hears of.
        """
        upstream.publish(document("1.0.0"), at="2026-01-01T00:00:00Z")
        before = official(upstream, "1.0.0")
        text = '{"name":"com.acme/payroll","version":"1.0.0",  "description":"Stole"}'

        upstream.replace_silently(NAME, "1.0.0", text)

        assert text.encode() in fetch(upstream.url, LIST).body
        assert official(upstream, "1.0.0") == before

    def test_remove_silently(self, upstream: FakeUpstream) -> None:
        """
        A row is gone, which no poll hears of.
        """
        upstream.publish(document("1.0.0"))
        upstream.publish(document("1.0.1"))

        upstream.remove_silently(NAME, "1.0.0")

        assert fetch(upstream.url, f"{LIST}?include_deleted=true").json()["metadata"]["count"] == 1

    def test_put_item(self, upstream: FakeUpstream) -> None:
        """
        Anything can stand in the list, also what is no entry at all.
        """
        upstream.publish(document("1.0.0"))
        upstream.catalog.put_item("a", "", b"[1,2]")

        listed = fetch(upstream.url, f"{LIST}?limit=1").json()

        assert listed == {"servers": [[1, 2]], "metadata": {"nextCursor": "a:", "count": 1}}

    def test_clock_skew(self, upstream: FakeUpstream) -> None:
        """
        An entry may come from the future; those after it do not follow it there.
        """
        upstream.publish(document("1.0.0"), at="2036-01-01T00:00:00Z")
        upstream.publish(document("1.0.1"))

        assert newer(upstream, "2030-01-01T00:00:00Z") == ["1.0.0"]


class TestLoad:
    def test_lines_are_served_as_they_are(self, upstream: FakeUpstream) -> None:
        """
        A loaded entry is the item of the list, byte for byte, times and flags included.
        """
        lines = list(generate(80))

        upstream.load_jsonl(lines)

        answer = fetch(upstream.url, f"{LIST}?include_deleted=true&limit=100")
        assert answer.json()["metadata"]["count"] == 80
        assert all(line in answer.body for line in lines)

    def test_files(self, upstream: FakeUpstream) -> None:
        """
        JSONL is read compressed too.
        """
        upstream.load_jsonl(SAMPLE)

        assert len(upstream.catalog.rows()) == 120

    def test_plain_files(self, upstream: FakeUpstream, tmp_path: Path) -> None:
        """
        JSONL is read as it is, empty end or not.
        """
        path = tmp_path / "catalog.jsonl"
        path.write_bytes(b"\n".join(generate(7)))

        upstream.load_jsonl(path)

        assert len(upstream.catalog.rows()) == 7

    def test_publishing_over_what_was_loaded(self, upstream: FakeUpstream) -> None:
        """
        What is published after a load is newer than all that was loaded, whatever the clock says.
        """
        upstream.load_jsonl(SAMPLE)
        newest = max(row.updated_us for row in upstream.catalog.rows())

        row = upstream.publish(document("77.0.0"))

        assert row.updated_us > newest
