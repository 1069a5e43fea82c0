"""The open-loop generator on itself: how late it is when nothing else is slow."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.bench.figures import Figure, at_least, below
from tests.bench.prepared import save_bodies
from tests.bench.served import bare, open_loop

_RATE: Final = 3_000


def measure(seconds: float) -> Iterator[Figure]:
    """What it does at 3,000 requests a second against a handler that has nothing to do."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        save_bodies(folder / "bodies", [b"x" * 1000])
        with bare(folder, folder / "bodies") as prepared:
            open_loop(prepared, ["/asgi?0"], folder, rate=_RATE, seconds=1)
            found = open_loop(prepared, ["/asgi?0"], folder, rate=_RATE, seconds=seconds)
    yield at_least("achieved at 3,000 req/s", found.achieved, 0.99 * _RATE, unit="req/s")
    yield below(
        "sends late by, p99", found.lag_p99_ms, 1, unit="ms", note=f"at most {found.lag_max_ms:.2f} ms; its own error"
    )
    yield Figure(
        name="latency seen, p99",
        measured=found.p99_ms,
        unit="ms",
        note=f"p50 {found.p50_ms:.2f}, max {found.max_ms:.2f} ms",
    )
