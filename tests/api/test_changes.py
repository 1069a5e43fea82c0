"""What a reader sees while others write: validators that move, polls that miss nothing, states that are whole."""

import re
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.api.reading import Key, Reader, key, keys, official
from tests.api.world import entry
from tests.doubles.loaded_store import Upstream, change, serving
from tests.running import RunningRegistry

OTHER = "org.example.changes/other"
CHANGES: dict[str, Callable[[str], bytes]] = {
    "a new version": lambda name: entry(name, "1.1.0"),
    "another body": lambda name: entry(name, "1.0.0", description="Another body"),
    "another status": lambda name: entry(name, "1.0.0", status="deprecated"),
    "a deletion": lambda name: entry(name, "1.0.0", status="deleted"),
    "another server": lambda name: entry(f"{name}-beside", "1.0.0"),
}
# Less than the interval at which the upstream is compared again: that would undo what a test changed.
STEPS_S = (0.0, 600.0, -86_400.0)


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that the tests change, each under a name of its own."""
    items = [entry(OTHER, "1.0.0")]
    with serving(tmp_path_factory.mktemp("changing"), [Upstream(name="official", items=items)]) as registry:
        yield registry


@pytest.fixture
def name(request: pytest.FixtureRequest, changing: RunningRegistry) -> str:
    """A server with one version, for this test only."""
    slug = re.sub("[^a-z0-9]+", "-", str(request.node.name).lower()).strip("-")
    own = f"org.example.changes/{slug}"
    _change(changing, entry(own, "1.0.0"))
    return own


def _change(registry: RunningRegistry, *items: bytes) -> None:
    change(registry.store.parent, "official", items)


def _reads(name: str) -> list[str]:
    return [f"/v0.1/servers?search={name}", f"/v0.1/servers/{name}/versions", f"/v0.1/servers/{name}/versions/1.0.0"]


def _newest(reader: Reader) -> str:
    newest: str = max(official(item)["updatedAt"] for item in reader.walk(100, include_deleted="true").items)
    return newest


class TestValidator:
    @pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES.keys())
    def test_moves_with_the_view(self, changing: RunningRegistry, name: str, changed: Callable[[str], bytes]) -> None:
        """
        Ours: the ETag of every answer that may have changed is another one, and the old one validates nothing.
        """
        reader = Reader(changing.url)
        before = {target: reader.get(target).headers["etag"] for target in _reads(name)}

        _change(changing, changed(name))

        for target, etag in before.items():
            after = reader.get(target, If_None_Match=etag)
            assert after.status in (200, 404)
            assert after.headers.get("etag") != etag

    def test_stays_while_nothing_changes(self, changing: RunningRegistry, name: str) -> None:
        """
        Ours: a source that says the same again changes no answer.
        """
        reader = Reader(changing.url)
        reader.judged(name, "1.0.0")
        before = {target: reader.get(target).headers["etag"] for target in _reads(name)}

        _change(changing, entry(name, "1.0.0"), entry(OTHER, "1.0.0"))

        assert [reader.get(target, If_None_Match=etag).status for target, etag in before.items()] == [304, 304, 304]


class TestPoll:
    @pytest.mark.parametrize("step_s", STEPS_S)
    def test_misses_nothing(self, changing: RunningRegistry, name: str, step_s: float) -> None:
        """
        Ours: polling with the newest updatedAt seen finds every change once, also when the clock steps back.
        """
        reader = Reader(changing.url)
        newest = _newest(reader)
        changing.clock.step(step_s)
        for changed in CHANGES.values():
            _change(changing, changed(name))

            found = reader.walk(100, updated_since=newest).items

            assert found
            assert all(official(item)["updatedAt"] > newest for item in found)
            newest = max(official(item)["updatedAt"] for item in found)
            assert keys(reader.page({"updated_since": newest})) == []

    def test_tells_of_a_lost_flag(self, changing: RunningRegistry, name: str) -> None:
        """
        Ours, unlike reference §2, §10.17: a version that is no longer the latest is a change of that row too.
        """
        reader = Reader(changing.url)
        newest = _newest(reader)

        _change(changing, entry(name, "1.1.0"))

        found = reader.walk(100, updated_since=newest).items
        assert {key(item)[1]: official(item)["isLatest"] for item in found} == {"1.0.0": False, "1.1.0": True}

    def test_tells_of_a_departure(self, changing: RunningRegistry, name: str) -> None:
        """
        Ours: what is deleted stays as a tombstone for those who mirror us.
        """
        reader = Reader(changing.url)
        newest = _newest(reader)

        _change(changing, entry(name, "1.0.0", status="deleted"))

        (gone,) = reader.walk(100, updated_since=newest).items
        assert official(gone)["status"] == "deleted"
        assert reader.version(name, "1.0.0").status == 404


class TestPaging:
    def test_what_changes_between_pages_loses_nothing_else(self, changing: RunningRegistry) -> None:
        """
        reference §2: a walk meets every row that was there all the time, whatever comes and goes meanwhile.
        """
        steady = [(f"org.example.paging/s{number:02d}", "1.0.0") for number in range(0, 20, 2)]
        _change(changing, *(entry(*each) for each in steady))
        reader = Reader(changing.url)
        seen: list[Key] = []
        # A plain position: every name of this test is behind it, and the walk ends with the last of them.
        asked = {"limit": "1", "cursor": "org.example.paging"}
        while True:
            found = reader.page(asked).json()
            seen += map(key, found["servers"])
            if "nextCursor" not in found["metadata"]:
                break
            asked["cursor"] = found["metadata"]["nextCursor"]
            if seen[-1] == steady[5]:
                # The row the cursor stands on goes, and rows come before and behind it.
                _change(
                    changing,
                    entry(*steady[5], status="deleted"),
                    entry("org.example.paging/a-early", "1.0.0"),
                    entry("org.example.paging/s05", "1.0.0"),
                    entry("org.example.paging/s15", "1.0.0"),
                )

        assert len(seen) == len(set(seen))
        assert set(steady) <= set(seen)
        assert ("org.example.paging/s15", "1.0.0") in seen


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
                for query in ("cursor=org.example.whole&updated_since=2020-01-01T00:00:00Z", "search=pair"):
                    found = reader.page(query).json()["servers"]
                    texts = [item["server"]["description"] for item in found]
                    if len(set(texts)) > 1 or len(texts) not in (0, 3):
                        torn.append((query, texts))
                    seen.update(texts)
                history = reader.versions("org.example.whole/pair").json().get("servers", [])
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
                entry(
                    "org.example.whole/pair", "1.0.0", description=text, status="deprecated" if number % 2 else "active"
                ),
                entry("org.example.whole/pair", "2.0.0", description=text),
                entry("org.example.whole/repair", "1.0.0", description=text),
            )
        stopped.set()
        for thread in readers:
            thread.join()

        assert torn == []
        assert len(seen) > 1
