"""Lists and details against a bare handler: how much of the framework's throughput is left after our own work.

Registry and bare handler run on the same core and are asked in turn, A B A B, so that whatever else the machine does
meets both; the figure is the median of the ratios of neighbours.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from tests.bench import questions
from tests.bench.catalogs import store_file
from tests.bench.figures import Figure, at_least, below
from tests.bench.prepared import Drawn, ask_each, save_bodies, write_lines
from tests.bench.served import Served, bare, open_loop, registry
from tests.bench.telling import tell
from tests.bench.wrk import saturate

_VERSIONS: Final = 50_000
_DRAWN: Final = 3_000


class _Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of question, and what is wanted of it."""

    name: str
    ask: Callable[[Path, int], list[str]]
    target: float
    aim: float


_KINDS: Final = (
    _Kind(name="list page of 30", ask=questions.pages, target=0.40, aim=0.55),
    _Kind(
        name="list page of 30, version=latest",
        ask=lambda store, count: questions.pages(store, count, version="latest"),
        target=0.40,
        aim=0.55,
    ),
    _Kind(name="detail latest", ask=questions.details, target=0.5, aim=0.65),
)


def measure(seconds: float) -> Iterator[Figure]:
    """The figures of all kinds. *seconds*: how long each single load lasts; there are six and one for each kind."""
    store = store_file(_VERSIONS)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for kind in _KINDS:
            with registry(folder, store) as served:
                tell(f"{kind.name}: asking each of {_DRAWN:,} once")
                drawn = ask_each(served.port, kind.ask(store, _DRAWN))
                save_bodies(folder / "bodies", drawn.bodies)
                with bare(folder, folder / "bodies") as prepared:
                    yield from _compare(kind, drawn, served, prepared, folder, seconds)
    yield Figure(name="hit rate of response caches", measured=0, note="the registry has none")


def _compare(
    kind: _Kind, drawn: Drawn, served: Served, prepared: Served, folder: Path, seconds: float
) -> Iterator[Figure]:
    ours = write_lines(folder / "ours", drawn.targets)
    theirs = write_lines(folder / "bare", [f"/prepared?{index}" for index in range(len(drawn.targets))])
    barest = write_lines(folder / "asgi", [f"/asgi?{index}" for index in range(len(drawn.targets))])
    saturate(prepared.port, theirs, seconds=1)
    pairs, asgi = [], []
    for round_ in range(3):
        tell(f"{kind.name}: pair {round_ + 1} of 3")
        a = saturate(served.port, ours, seconds=seconds).per_second
        b = saturate(prepared.port, theirs, seconds=seconds).per_second
        asgi.append(a / saturate(prepared.port, barest, seconds=seconds / 3).per_second)
        pairs.append((a, b))
    most = median(a for a, _ in pairs)
    size = f"{len(set(drawn.targets)):,} different, {drawn.mean_bytes / 1000:.1f} kB on average"
    ratios = [a / b for a, b in pairs]
    yield at_least(
        f"{kind.name} ÷ bare",
        median(ratios),
        kind.target,
        aim=kind.aim,
        note=f"{size}; ratios {_listed(ratios)}",
    )
    yield Figure(name=f"{kind.name} ÷ bare ASGI answer", measured=median(asgi), note="the barer one, for comparison")
    yield Figure(name=f"{kind.name}, its maximum", measured=most, unit="req/s")
    yield Figure(name="bare at that size", measured=median(b for _, b in pairs), unit="req/s")
    if served.access_lines() < len(drawn.targets):
        raise ValueError("the access log is not written; the figures would be too good")
    tell(f"{kind.name}: latencies at {most / 2:,.0f} req/s")
    found = open_loop(served, drawn.targets, folder, rate=most / 2, seconds=seconds)
    yield below(
        f"{kind.name}, p99 at half of its maximum",
        found.p99_ms,
        10,
        unit="ms",
        note=f"{found.achieved:,.0f} req/s; p50 {found.p50_ms:.2f}, p99.9 {found.p999_ms:.2f}, max {found.max_ms:.2f}"
        f" ms; generator late by {found.lag_p99_ms:.2f} ms at p99",
    )


def _listed(ratios: Sequence[float]) -> str:
    return " ".join(f"{ratio:.2f}" for ratio in ratios)
