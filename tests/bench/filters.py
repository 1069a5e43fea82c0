"""Half a million versions: no filters may hold the event loop, an idle poll is cheap, a page costs what it cost before.

How long the loop is held is measured inside one process, on the loop the server uses; see combinations.py.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

import uvloop

from tests.bench import questions
from tests.bench.catalogs import store_file
from tests.bench.combinations import ask_all
from tests.bench.figures import Figure, at_least, below
from tests.bench.machine import SERVED_ON, pinned
from tests.bench.prepared import ask_each, write_lines
from tests.bench.served import Served, registry
from tests.bench.telling import tell
from tests.bench.wrk import saturate

_FEW: Final = 5_000
_MANY: Final = 500_000
_DRAWN: Final = 3_000
_PAIRS: Final = 3
_LONGEST_HOLD_MS: Final = 20
_LOADS: Final = 24
"""How many loads' time the combinations may take."""
_COVERED: Final = {0: "", 2: ", every two values together", 3: ", every three values together"}
_IDLE: Final = "/v0.1/servers?limit=30&updated_since=2999-01-01T00:00:00Z"


def measure(seconds: float) -> Iterator[Figure]:
    """Combinations in random order for 24 times *seconds*, then two pairs of loads, three times each."""
    many, few = store_file(_MANY), store_file(_FEW)
    yield from _holds(many, seconds * _LOADS)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with registry(folder, many) as large, registry(folder, few) as small:
            yield from _throughput(folder, large, small, (many, few), seconds)


def _holds(store: Path, budget_s: float) -> Iterator[Figure]:
    tell(f"combinations of filters at {_MANY:,} versions, for at most {budget_s:.0f} s")
    with pinned(SERVED_ON), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(ask_all(store, budget_s=budget_s))
    worst, slowest = found.worst, found.slowest
    yield below(
        "longest hold of the event loop",
        worst.hold_ms,
        _LONGEST_HOLD_MS,
        unit="ms",
        note=f"{found.asked:,} of {found.combinations:,} combinations{_COVERED[found.covered]}; "
        f"the worst: {worst.question}",
    )
    yield Figure(
        name="slowest answer among them",
        measured=slowest.took_ms,
        unit="ms",
        note=f"{found.refused} were refused with 503; the slowest: {slowest.question}",
    )
    yield below(
        "longest hold by one name",
        found.name_hold_ms,
        _LONGEST_HOLD_MS,
        unit="ms",
        note="detail, and all versions of the name that has most of them",
    )


def _throughput(
    folder: Path, large: Served, small: Served, stores: tuple[Path, Path], seconds: float
) -> Iterator[Figure]:
    tell(f"asking each of {_DRAWN:,} pages once, at {_MANY:,} and at {_FEW:,} versions")
    drawn = [
        ask_each(served.port, questions.pages(store, _DRAWN))
        for served, store in zip((large, small), stores, strict=True)
    ]
    files = [write_lines(folder / f"pages-{index}", each.targets) for index, each in enumerate(drawn)]
    idle = write_lines(folder / "idle", [_IDLE])
    rates = []
    for pair in range(_PAIRS):
        tell(f"pair {pair + 1} of {_PAIRS}")
        rates.append(
            (
                saturate(large.port, files[0], seconds=seconds).per_second,
                saturate(small.port, files[1], seconds=seconds).per_second,
                saturate(large.port, idle, seconds=seconds / 2).per_second,
            )
        )
    yield at_least(
        "list page of 30 at 500,000 ÷ at 5,000",
        median(a / b for a, b, _ in rates),
        0.8,
        note=f"{median(a for a, _, _ in rates):,.0f} and {median(b for _, b, _ in rates):,.0f} req/s; "
        f"{drawn[0].mean_bytes / 1000:.1f} and {drawn[1].mean_bytes / 1000:.1f} kB",
    )
    yield at_least(
        "poll with nothing new ÷ list page, at 500,000",
        median(c / a for a, _, c in rates),
        1.0,
        note=f"updated_since in the future; {median(c for _, _, c in rates):,.0f} req/s",
    )
