"""Search: 200 terms at 200 requests a second, and every kind of term shorter than a trigram by itself."""

import http.client
import random
import string
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.bench import questions
from tests.bench.catalogs import store_file
from tests.bench.figures import Figure, below
from tests.bench.prepared import ask_each
from tests.bench.served import Served, open_loop, registry
from tests.bench.telling import tell

_VERSIONS: Final = 50_000
_EACH: Final = 50
_RATE: Final = 200
_LETTERS: Final = string.ascii_lowercase + string.digits
_PAIRS: Final = 150
_REPEATED: Final = 3


def measure(seconds: float) -> Iterator[Figure]:
    """*seconds* is tripled for each load: at 200 a second a p99 needs that many requests."""
    store = store_file(_VERSIONS)
    drawn = questions.terms(store, _EACH)
    kinds = {"common": drawn.common, "middling": drawn.middling, "rare": drawn.rare, "absent": drawn.absent}
    targets = [questions.search(term) for terms in kinds.values() for term in terms]
    random.Random(1).shuffle(targets)
    with tempfile.TemporaryDirectory() as made, registry(Path(made), store) as served:
        ask_each(served.port, targets)
        tell(f"{len(targets)} terms at {_RATE} req/s")
        found = open_loop(served, targets, Path(made), rate=_RATE, seconds=3 * seconds)
        yield below(
            f"search at {_RATE} req/s, p99",
            found.p99_ms,
            20,
            unit="ms",
            note=f"{len(targets)} terms; p50 {found.p50_ms:.2f}, p99.9 {found.p999_ms:.0f}, max {found.max_ms:.0f}",
        )
        for kind, terms in kinds.items():
            alone = [questions.search(term) for term in terms]
            found = open_loop(served, alone, Path(made), rate=_RATE, seconds=seconds)
            yield Figure(
                name=f"only {kind} terms, p99", measured=found.p99_ms, unit="ms", note=f"such as {', '.join(terms[:3])}"
            )
        tell("terms of one and two characters, one after the other")
        yield _slowest(served, "one-character terms, the slowest", [*_LETTERS, "-", ".", "é", "%", "_"])
        rng = random.Random(2)
        pairs = ["mc", "er", "zq", "q7", "a ", "日本", *("".join(rng.choices(_LETTERS, k=2)) for _ in range(_PAIRS))]
        yield _slowest(served, "two-character terms, the slowest", pairs)


def _slowest(served: Served, name: str, terms: Sequence[str]) -> Figure:
    """Each term takes as long as the slowest time it was asked for."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    taken: dict[str, float] = {}
    for term in [*terms] * _REPEATED:
        began = time.monotonic()
        connection.request("GET", questions.search(term))
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise ValueError(f"a search for {term!r} was answered with {response.status}")
        taken[term] = max(taken.get(term, 0), (time.monotonic() - began) * 1000)
    connection.close()
    slowest = max(taken, key=taken.__getitem__)
    return below(name, taken[slowest], 100, unit="ms", note=f"{len(taken)} terms; the slowest is {slowest!r}")
