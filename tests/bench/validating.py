"""`mcp-registry validate` over a thousand manifests, from the start of the process to its end."""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench import publications
from tests.bench.figures import Figure, below
from tests.bench.machine import SERVED_ON, pinned
from tests.bench.telling import tell

_VALIDATED: Final = 1_000
_ROUNDS: Final = 5


def measure(folder: Path) -> Iterator[Figure]:
    """1,000 that are valid, and 1,000 most of which have findings."""
    for name, documents in (
        ("valid ones", publications.manifests(_VALIDATED)),
        ("as generated, most with findings", publications.as_generated(_VALIDATED)),
    ):
        place = folder / name
        for number, document in enumerate(documents):
            (place / f"{number:04}").mkdir(parents=True)
            (place / f"{number:04}" / "server.json").write_bytes(document)
        took = []
        for round_ in range(_ROUNDS):
            tell(f"{_VALIDATED:,} manifests, {name}: {round_ + 1} of {_ROUNDS}")
            took.append(_validated(place))
        yield below(
            f"mcp-registry validate, {_VALIDATED:,} manifests, {name}",
            median(whole_s for whole_s, _ in took),
            2,
            unit="s",
            note=f"one core, start included; {' '.join(f'{whole_s:.2f}' for whole_s, _ in took)} s; processor time "
            f"{median(processor_s for _, processor_s in took):.2f} s",
        )


def _validated(place: Path) -> tuple[float, float]:
    """Seconds by the clock and on the core."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "registry", "validate", str(place)]
    with pinned(SERVED_ON):
        finished = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    took_s, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if finished.returncode not in (0, 1):
        raise ValueError(f"the manifests could not be validated: {finished.stderr.decode(errors='replace')}")
    return took_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
