"""A power cut at any moment of a sync leaves a store that the next start goes on with."""

import random
from pathlib import Path

import pytest

from fixtures.generator import generate
from tests.doubles.faults import Fault, listing
from tests.doubles.upstream import FakeUpstream
from tests.e2e.mirrored import ask, configuration, contradictions, listed, synchronise, walk
from tests.e2e.moments import Moment, linger
from tests.running import RunningRegistry

_PAGES_A_LIFE = 12
_LEASE_S = 11.0


class _Deaths:
    """Ends a registry once its upstream has been asked for so many pages, plus a random part of the next."""

    def __init__(self, upstream: FakeUpstream, seed: int) -> None:
        self._chance = random.Random(seed)
        self._upstream = upstream

    def one(self, registry: RunningRegistry) -> None:
        """Start it, let it work for a random while, end it as a power cut would."""
        wanted = len(self._upstream.requests) + self._chance.randint(1, _PAGES_A_LIFE)
        moment = Moment(lambda: len(self._upstream.requests) >= wanted)
        self._upstream.faults.append(Fault(moment.passed, when=listing))
        registry.start()
        ask(registry, full=True)
        moment.wait()
        linger(self._chance.uniform(0, 0.03))
        registry.kill()
        self._upstream.faults.clear()


def _survives(folder: Path, *, deaths: int, versions: int) -> None:
    with FakeUpstream() as upstream:
        upstream.load_jsonl(generate(versions, seed=deaths))
        registry = RunningRegistry(folder, configuration(upstream.url))
        reaper = _Deaths(upstream, seed=deaths)

        for _ in range(deaths):
            reaper.one(registry)
            assert contradictions(registry.store) == []
            # Whoever starts next may not take over before the lease of the dead has expired.
            registry.clock.advance(_LEASE_S)

        with registry:
            assert synchronise(registry, full=True) == "completed"
            assert [item.equal for item in walk(registry.url)] == listed(upstream)
        assert contradictions(registry.store) == []


def test_killed_five_times_in_a_full_sync(on_disk: Path) -> None:
    """
    After the last run the catalog equals the upstream: nothing lost, nothing twice, no orphan in any view.
    """
    _survives(on_disk, deaths=5, versions=3000)


@pytest.mark.long
def test_killed_fifty_times_in_a_full_sync(on_disk: Path) -> None:
    """
    The same, fifty times.
    """
    _survives(on_disk, deaths=50, versions=20_000)
