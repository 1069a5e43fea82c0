"""What a reader sees while others write: validators that move, polls that miss nothing, states that are whole."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.reading import Key, Reader, keys, official
from tests.api.world import entry
from tests.doubles.loaded_store import Upstream, change, serving
from tests.running import RunningRegistry

NAME = "com.acme/payroll"
OTHER = "com.acme/oncall"
READS = (
    "/v0.1/servers?limit=5",
    "/v0.1/servers/com.acme%2Fpayroll/versions",
    "/v0.1/servers/com.acme/payroll/versions/1.0.0",
)


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[RunningRegistry]:
    """A registry of two servers that the test changes."""
    items = [entry(NAME, "1.0.0"), entry(OTHER, "1.0.0")]
    with serving(tmp_path, [Upstream(name="official", items=items)]) as registry:
        yield registry


def _change(registry: RunningRegistry, *items: bytes) -> None:
    change(registry.store.parent, "official", items)


CHANGES = [
    entry(NAME, "1.1.0"),
    entry(NAME, "1.0.0", description="Another body"),
    entry(NAME, "1.0.0", status="deprecated"),
    entry(NAME, "1.0.0", status="deleted"),
    entry(OTHER, "9.0.0"),
]


class TestValidator:
    @pytest.mark.parametrize("changed", CHANGES)
    def test_moves_with_the_view(self, changing: RunningRegistry, changed: bytes) -> None:
        """
        Ours: the ETag of every answer that may have changed is another one, and the old one validates nothing.
        """
        reader = Reader(changing.url)
        before = {target: reader.get(target).headers["etag"] for target in READS}

        _change(changing, changed)

        for target, etag in before.items():
            after = reader.get(target, If_None_Match=etag)
            assert after.status in (200, 404)
            assert after.headers.get("etag") != etag

    def test_stays_while_nothing_changes(self, changing: RunningRegistry) -> None:
        """
        Ours: a source that says the same again changes no answer.
        """
        reader = Reader(changing.url)
        before = {target: reader.get(target).headers["etag"] for target in READS}

        _change(changing, entry(NAME, "1.0.0"), entry(OTHER, "1.0.0"))

        assert [reader.get(target, If_None_Match=etag).status for target, etag in before.items()] == [304] * len(READS)


class TestPoll:
    @pytest.mark.parametrize("step_s", [0.0, 3600.0, -86400.0])
    def test_misses_nothing(self, changing: RunningRegistry, step_s: float) -> None:
        """
        Ours: polling with the newest updatedAt seen finds every change once, also when the clock steps back.
        """
        reader = Reader(changing.url)
        newest = max(official(item)["updatedAt"] for item in reader.walk(100).items)
        changing.clock.step(step_s)
        for changed in CHANGES:
            _change(changing, changed)

            found = reader.walk(100, updated_since=newest).items

            assert found
            assert all(official(item)["updatedAt"] > newest for item in found)
            newest = max(official(item)["updatedAt"] for item in found)
            assert keys(reader.page({"updated_since": newest})) == []

    def test_tells_of_a_lost_flag(self, changing: RunningRegistry) -> None:
        """
        Ours, unlike reference §2, §10.17: a version that is no longer the latest is a change of that row too.
        """
        reader = Reader(changing.url)
        newest = max(official(item)["updatedAt"] for item in reader.walk(100).items)

        _change(changing, entry(NAME, "1.1.0"))

        found = reader.walk(100, updated_since=newest).items
        assert {item["server"]["version"]: official(item)["isLatest"] for item in found} == {
            "1.0.0": False,
            "1.1.0": True,
        }

    def test_tells_of_a_departure(self, changing: RunningRegistry) -> None:
        """
        Ours: what is deleted stays as a tombstone for those who mirror us.
        """
        reader = Reader(changing.url)
        newest = max(official(item)["updatedAt"] for item in reader.walk(100).items)

        _change(changing, entry(NAME, "1.0.0", status="deleted"))

        (gone,) = reader.walk(100, updated_since=newest).items
        assert official(gone)["status"] == "deleted"
        assert reader.version(NAME, "1.0.0").status == 404


class TestPaging:
    def test_what_changes_between_pages_loses_nothing_else(self, changing: RunningRegistry) -> None:
        """
        reference §2: a walk meets every row that was there all the time, whatever comes and goes meanwhile.
        """
        _change(changing, *(entry(f"org.example/s{number:02d}", "1.0.0") for number in range(0, 20, 2)))
        reader = Reader(changing.url)
        seen: list[Key] = []
        asked = {"limit": "1"}
        for number in range(1, 40):
            found = reader.page(asked).json()
            seen += [(item["server"]["name"], item["server"]["version"]) for item in found["servers"]]
            if "nextCursor" not in found["metadata"]:
                break
            asked["cursor"] = found["metadata"]["nextCursor"]
            if number == 6:
                # The row the cursor stands on goes, and rows come before and behind it.
                _change(
                    changing,
                    entry(*seen[-1], status="deleted"),
                    entry("a.b/early", "1.0.0"),
                    entry("org.example/s05", "1.0.0"),
                    entry("org.example/s15", "1.0.0"),
                )

        assert len(seen) == len(set(seen))
        assert {f"org.example/s{number:02d}" for number in range(0, 20, 2)} <= {name for name, _ in seen}
        assert ("org.example/s15", "1.0.0") in seen


class TestWholeStates:
    def test_reads_beside_writes(self, changing: RunningRegistry) -> None:
        """
        Ours: rows written in one transaction are never seen apart: not in a list, a search, a history.
        """
        reader = Reader(changing.url)
        stopped = threading.Event()
        torn: list[object] = []
        seen: set[str] = set()

        def read() -> None:
            while not stopped.is_set():
                for query in ("cursor=org.example/&updated_since=2020-01-01T00:00:00Z", "search=pair"):
                    found = reader.page(query).json()["servers"]
                    texts = [item["server"]["description"] for item in found]
                    if len(set(texts)) > 1 or len(texts) not in (0, 3):
                        torn.append((query, texts))
                    seen.update(texts)
                history = reader.versions("org.example/pair").json().get("servers", [])
                flags = [official(item)["isLatest"] for item in history]
                if history and flags.count(True) != 1:
                    torn.append(flags)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for thread in readers:
            thread.start()
        for number in range(60):
            text = f"together {number}"
            _change(
                changing,
                # Found by its last segment, and so by another statement than the third.
                entry("org.example/pair", "1.0.0", description=text, status="deprecated" if number % 2 else "active"),
                entry("org.example/pair", "2.0.0", description=text),
                entry("org.example/repair", "1.0.0", description=text),
            )
        stopped.set()
        for thread in readers:
            thread.join()

        assert torn == []
        assert len(seen) > 1
