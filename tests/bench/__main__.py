"""Run benchmarks: `python -m tests.bench [NAME …] [--json FILE] [--seconds S]`; without names all of them.

Ends with 1 where a target was missed, with 2 where nothing could be measured.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from registry.errors import ConfigFault
from tests.bench import filters, footprint, generator, governance, pages, publishing, searches, syncing
from tests.bench.figures import Figure, Report, show
from tests.bench.machine import description, require_two_cores
from tests.bench.wrk import require_wrk

_BENCHMARKS: Final[dict[str, Callable[[float], Iterator[Figure]]]] = {
    "openloop": generator.measure,
    "pages": pages.measure,
    "search": searches.measure,
    "filters": filters.measure,
    "sync": syncing.measure,
    "publish": publishing.measure,
    "footprint": footprint.measure,
    "governance": governance.measure,
    "teams": governance.measure_teams,
}
_WITH_WRK: Final = frozenset({"pages", "filters"})
_WIDEST: Final = 170


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="measure what this machine can do")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_BENCHMARKS)}; all by default")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long a single load lasts; 4 by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too; - for standard output")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in _BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]!r}; there are {', '.join(_BENCHMARKS)}")
    try:
        require_two_cores()
        if _WITH_WRK & set(chosen.names or _BENCHMARKS):
            require_wrk()
    except ConfigFault as error:
        sys.stderr.write(f"{error}\n")
        return 2
    machine = description()
    console = Console(stderr=chosen.json == Path("-"), width=None if sys.stdout.isatty() else _WIDEST)
    console.print(machine)
    reports = []
    for name in chosen.names or _BENCHMARKS:
        began = time.monotonic()
        figures = list(_BENCHMARKS[name](chosen.seconds))
        reports.append(Report(name=name, figures=figures, seconds=time.monotonic() - began))
        show(reports[-1], console)
    if chosen.json is not None:
        _write(chosen.json, machine, reports)
    missed = [figure.name for report in reports for figure in report.figures if figure.verdict == "missed"]
    if missed:
        console.print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


def _write(path: Path, machine: str, reports: list[Report]) -> None:
    """Machine and figures, each with its verdict."""
    content = {
        "machine": machine,
        "benchmarks": [
            {
                "name": report.name,
                "seconds": report.seconds,
                "figures": [msgspec.to_builtins(figure) | {"verdict": figure.verdict} for figure in report.figures],
            }
            for report in reports
        ],
    }
    encoded = msgspec.json.format(msgspec.json.encode(content)) + b"\n"
    if path == Path("-"):
        sys.stdout.buffer.write(encoded)
    else:
        path.write_bytes(encoded)


if __name__ == "__main__":
    sys.exit(main())
