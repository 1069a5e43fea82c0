"""The real registry of one day: in through a local upstream, out through our API, equal and in order."""

import json
from collections.abc import Iterator

import msgspec
import pytest

from tests.conftest import real_data
from tests.doubles.upstream import FakeUpstream
from tests.e2e.mirrored import OFFICIAL, Item, configuration, synchronise, walk
from tests.running import RunningRegistry

pytestmark = pytest.mark.real_data

_ENTRIES = 2794


def _lines() -> list[bytes]:
    found = real_data()
    assert found is not None
    return found.read_bytes().splitlines()


def _key(item: Item) -> tuple[str, str]:
    document = json.loads(bytes(item.server))
    return document["name"], document["version"]


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as running:
        running.load_jsonl(_lines())
        yield running


@pytest.fixture(scope="module")
def registry(upstream: FakeUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with RunningRegistry(tmp_path_factory.mktemp("real"), configuration(upstream.url)) as running:
        running.wait_for("synced official")
        yield running


@pytest.mark.parametrize("limit", [1, 30, 100])
def test_all_come_out_equal_and_in_order(registry: RunningRegistry, limit: int) -> None:
    """
    Every document byte for byte, every official fact, by full paging, in byte order of name and version.
    """
    sent = sorted((msgspec.json.decode(line, type=Item) for line in _lines()), key=_key)

    served = walk(registry.url, limit=limit)

    assert len(served) == _ENTRIES
    assert [item.equal for item in served] == [item.equal for item in sent]


def test_changes_of_the_day_after(registry: RunningRegistry, upstream: FakeUpstream) -> None:
    """
    What changes upstream then arrives by one incremental run, and nothing else moves.
    """
    before = {_key(item): item.meta[OFFICIAL]["updatedAt"] for item in walk(registry.url)}
    (deleted, deprecated), fresh = sorted(before)[100:102], ("com.acme/after", "1.0.0")
    upstream.set_status(*deleted, "deleted", "withdrawn by its author")
    upstream.set_status(*deprecated, "deprecated")
    upstream.publish({"name": fresh[0], "version": fresh[1], "description": "published the day after"})

    assert synchronise(registry) == "completed"

    after = {_key(item): item for item in walk(registry.url)}
    moved = {key for key, item in after.items() if before.get(key) != item.meta[OFFICIAL]["updatedAt"]}
    assert {deleted, deprecated, fresh} <= moved
    assert {name for name, _ in moved} <= {deleted[0], deprecated[0], fresh[0]}
    assert after[deleted].meta[OFFICIAL]["status"] == "deleted"


def test_search_finds_what_is_there(registry: RunningRegistry) -> None:
    """
    A search over the real texts gives exactly the rows whose name, title or description hold the term.
    """
    everything = walk(registry.url)
    for term in ("github", "API", "mcp-server", "data", "é", "a", "%", "io.github"):
        folded = term.casefold()
        expected = {
            (document["name"], document["version"])
            for document in (json.loads(bytes(item.server)) for item in everything)
            if any(folded in document.get(field, "").casefold() for field in ("name", "title", "description"))
        }

        assert {_key(item) for item in walk(registry.url, search=term)} == expected
