"""Two registries of ours in a row: one mirrors an upstream, the other mirrors the first."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.generator import generate
from tests.api.reading import Reader
from tests.doubles.upstream import FakeUpstream
from tests.e2e.mirrored import ENTRY, OFFICIAL, configuration, synchronise, version, walk
from tests.running import RunningRegistry


class Chain:
    """upstream → first → second."""

    def __init__(self, folder: Path, upstream: FakeUpstream) -> None:
        self.upstream = upstream
        (folder / "first").mkdir()
        (folder / "second").mkdir()
        self.first = RunningRegistry(folder / "first", configuration(upstream.url))
        self.second = RunningRegistry(folder / "second", configuration(self.first.url))

    def settle(self, *, full: bool = False) -> None:
        """Bring the first up to date with the upstream, then the second with the first, incrementally."""
        assert synchronise(self.first, full=full) == "completed"
        assert synchronise(self.second) == "completed"

    def agree(self) -> bool:
        """Whether both list the same, tombstones included."""
        return [item.equal for item in walk(self.second.url)] == [item.equal for item in walk(self.first.url)]


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with FakeUpstream() as upstream:
        upstream.load_jsonl(generate(300, seed=5))
        built = Chain(tmp_path, upstream)
        with built.first, built.second:
            built.settle()
            yield built


def _names(chain: Chain) -> list[str]:
    documents = [json.loads(bytes(item.server)) for item in walk(chain.first.url, version="latest")]
    return [document["name"] for document in documents]


class TestChain:
    def test_first_walk_converges(self, chain: Chain) -> None:
        """
        After one run each, both list the same documents and the same official facts.
        """
        assert len(walk(chain.first.url)) == 300
        assert chain.agree()

    def test_stated_changes_converge(self, chain: Chain) -> None:
        """
        New versions, deprecations and deletions reach the second by incremental runs alone, with who is latest.
        """
        names = _names(chain)
        chain.upstream.publish({"name": names[0], "version": "999.0.0", "description": "newest"})
        latest = json.loads(bytes(walk(chain.first.url, search=names[1], version="latest")[0].server))["version"]
        chain.upstream.set_status(names[1], latest, "deleted", "it was malware")
        latest = json.loads(bytes(walk(chain.first.url, search=names[2], version="latest")[0].server))["version"]
        chain.upstream.set_status(names[2], latest, "deprecated", "use another")

        chain.settle()

        assert chain.agree()
        assert version(chain.second.url, names[0]).json()["server"]["version"] == "999.0.0"

    def test_a_silent_disappearance_converges(self, chain: Chain) -> None:
        """
        What the upstream drops without a word becomes a tombstone in the first, and an event for the second.
        """
        gone = json.loads(bytes(walk(chain.first.url)[7].server))
        chain.upstream.remove_silently(gone["name"], gone["version"])

        chain.settle(full=True)

        assert chain.agree()
        tombstones = [item for item in walk(chain.second.url) if item.meta[OFFICIAL]["status"] == "deleted"]
        assert gone in [json.loads(bytes(item.server)) for item in tombstones]

    def test_a_silent_change_converges(self, chain: Chain) -> None:
        """
        A body that changed under the same name and version is found by the full walk and reaches the second.
        """
        before = json.loads(bytes(walk(chain.first.url)[11].server))
        changed = before | {"description": "not what it was"}
        chain.upstream.replace_silently(before["name"], before["version"], changed)

        chain.settle(full=True)

        assert chain.agree()
        served = version(chain.second.url, before["name"], before["version"]).json()
        assert served["server"]["description"] == "not what it was"

    def test_nothing_new_is_nothing_new(self, chain: Chain) -> None:
        """
        A run that finds nothing leaves every updatedAt and every ETag of the second as it was.
        """
        Reader(chain.second.url).judged(_names(chain)[3], "latest")
        before = version(chain.second.url, _names(chain)[3])

        chain.settle(full=True)

        after = version(chain.second.url, _names(chain)[3])
        assert after.headers["etag"] == before.headers["etag"]
        assert after.json()["_meta"][ENTRY]["mirroredAt"] == before.json()["_meta"][ENTRY]["mirroredAt"]
