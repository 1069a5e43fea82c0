"""What a worker takes: memory after some work, and time from its start to its first answer."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench import questions
from tests.bench.catalogs import store_file
from tests.bench.figures import Figure, below
from tests.bench.prepared import ask_each
from tests.bench.served import registry
from tests.bench.telling import tell

_VERSIONS: Final = 50_000
_STARTS: Final = 5


def measure(_: float) -> Iterator[Figure]:
    """3,000 requests of every kind, then the memory that is the worker's own; five starts."""
    store = store_file(_VERSIONS)
    targets = _mixed(store)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with registry(folder, store) as served:
            fresh = served.anonymous_mb
            tell(f"{len(targets):,} mixed requests")
            ask_each(served.port, targets)
            used = served.anonymous_mb
        yield below(
            "RssAnon of a worker", used, 150, unit="MB", note=f"after {len(targets):,} requests; {fresh:.0f} before"
        )
        starts = []
        for _round in range(_STARTS):
            with registry(folder, store) as served:
                starts.append(served.ready_s)
        yield below(
            "start to first answer",
            median(starts),
            2.0,
            unit="s",
            note=f"median of {' '.join(f'{start:.2f}' for start in starts)}",
        )


def _mixed(store: Path) -> list[str]:
    drawn = questions.terms(store, 50)
    found = [
        questions.search(term) for terms in (drawn.common, drawn.middling, drawn.rare, drawn.absent) for term in terms
    ]
    targets = [
        *questions.pages(store, 1000),
        *questions.pages(store, 700, version="latest"),
        *questions.details(store, 1000),
        *questions.pages(store, 50, registry_type="npm"),
        *(f"{target}&include_deleted=true&limit=100" for target in found[:50]),
        *found,
    ]
    random.Random(3).shuffle(targets)
    return targets
