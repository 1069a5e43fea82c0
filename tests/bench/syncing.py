"""Sync: how fast a full walk is, what an empty increment costs, and how little either disturbs anybody else."""

import asyncio
import http.client
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

import msgspec

from registry.reports import RunReport
from tests.bench import questions
from tests.bench.catalogs import catalog_file, store_file, upstream_table
from tests.bench.figures import Figure, at_least, below
from tests.bench.filling import make_due, open_empty
from tests.bench.machine import LOADED_FROM, SERVED_ON, pinned
from tests.bench.served import Served, configuration, open_loop, registry
from tests.bench.small_writes import Writes
from tests.bench.telling import tell
from tests.bench.walks import latest_run, upstream_of, wait_for_walk

T = TypeVar("T")

_VERSIONS: Final = 50_000
_INCREMENTS: Final = 5
_DRAWN: Final = 3_000
_READS_PER_S: Final = 200
_ALL_JUDGED_WITHIN_S: Final = 300.0
_PATIENCE_S: Final = 30.0
_LOADS: Final = 2
"""How many loads' time the reads and writes beside a full walk last."""


class _Reports(msgspec.Struct):
    items: list[RunReport]


class _Pending(msgspec.Struct):
    pending: int


def measure(seconds: float) -> Iterator[Figure]:
    """A full walk into an empty store, five empty increments, and a walk that changes everything beside other work."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with upstream_of(catalog_file(_VERSIONS)) as url:
            yield from _alone(folder, url)
            yield from _with_findings(folder, url)
        with upstream_of(catalog_file(_VERSIONS, edited=True)) as url:
            yield from _beside(folder, url, seconds * _LOADS)


def _alone(folder: Path, url: str) -> Iterator[Figure]:
    asyncio.run(open_empty(folder / "fresh.db"))
    config = configuration(folder, folder / "fresh.db", 8080, upstream_table(url))
    tell(f"a full walk over {_VERSIONS:,} versions")
    began = time.monotonic()
    full = _sync(config, "--full")
    whole_s = time.monotonic() - began
    duration_s = full.duration_s or 0.0
    if full.new != _VERSIONS:
        raise ValueError(f"the walk was to find {_VERSIONS} new versions: {full}")
    yield at_least(
        "full walk at limit 100",
        full.new / duration_s,
        3_000,
        aim=4_000,
        unit="versions/s",
        note=f"{full.pages} pages in {duration_s:.1f} s; the whole command {whole_s:.1f} s, one core",
    )
    tell(f"{_INCREMENTS} increments with nothing new")
    increments = [_sync(config) for _ in range(_INCREMENTS)]
    if any(run.kind != "incremental" or run.new or run.changed for run in increments):
        raise ValueError(f"the increments were to find nothing: {increments}")
    yield below("requests of an empty increment", max(run.pages for run in increments), 2, unit="")
    yield below(
        "empty increment",
        median((run.duration_s or 0.0) * 1000 for run in increments),
        100,
        unit="ms",
        note=f"median of {' '.join(f'{(run.duration_s or 0.0) * 1000:.0f}' for run in increments)}",
    )


def _with_findings(folder: Path, url: str) -> Iterator[Figure]:
    """The same walk by a server, which judges what arrives meanwhile."""
    tell(f"a full walk over {_VERSIONS:,} versions by a server, with findings")
    store = folder / "judged.db"
    asyncio.run(open_empty(store))
    with registry(folder, store, upstream=upstream_table(url)) as served:
        began = time.monotonic()
        while (run := _asked(served, "/v1/sync-runs?limit=1", _Reports).items)[:1] == [] or not run[0].ended:
            if time.monotonic() - began > 10 * _PATIENCE_S:
                raise ValueError(f"the walk did not end: {run}")
            time.sleep(0.2)
        pending = _asked(served, "/v1/findings/summary", _Pending).pending
        ended = time.monotonic()
        while _asked(served, "/v1/findings/summary", _Pending).pending:
            if time.monotonic() - ended > _ALL_JUDGED_WITHIN_S:
                raise ValueError("not all documents were judged in time")
            time.sleep(0.5)
        judged_s = time.monotonic() - ended
    (report,) = run
    if report.new != _VERSIONS:
        raise ValueError(f"the walk was to find {_VERSIONS} new versions: {report}")
    yield at_least(
        "full walk by a server, findings on",
        report.new / (report.duration_s or 0.0),
        2_500,
        unit="versions/s",
        note=f"{_VERSIONS - pending:,} documents judged meanwhile, the others within {judged_s:.0f} s after it",
    )


def _beside(folder: Path, url: str, seconds: float) -> Iterator[Figure]:
    store = folder / "mirrored.db"
    shutil.copy(store_file(_VERSIONS), store)
    targets = questions.pages(store, _DRAWN)
    alone = _small_writes(store, seconds / 2)
    asyncio.run(make_due(store))
    with registry(folder, store, upstream=upstream_table(url)) as served:
        wait_for_walk(served)
        tell(f"reads and small writes beside a walk that changes everything, {seconds:.0f} s")
        writing = _start_small_writes(store, seconds)
        # Once: the walk does not wait for a second try, and the upstream beside the load makes it late anyway.
        reads = open_loop(served, targets, folder, rate=_READS_PER_S, seconds=seconds, tries=1)
        writes = _written(writing)
        progress = latest_run(served)
        if progress.state != "running":
            raise ValueError(f"the walk ended before the measurement did, or went wrong: {progress}")
    yield below(
        f"list pages at {_READS_PER_S} req/s beside a full walk, p99",
        reads.p99_ms,
        50,
        unit="ms",
        note=f"same worker; p50 {reads.p50_ms:.2f}, p99.9 {reads.p999_ms:.2f}, max {reads.max_ms:.2f} ms; "
        f"the walk changed {progress.pages * 100 / seconds:,.0f} versions/s meanwhile",
    )
    yield below(
        "small durable writes of another process beside it, p99",
        writes.p99_ms,
        50,
        unit="ms",
        note=f"{writes.count} writes; p50 {writes.p50_ms:.2f}, max {writes.max_ms:.2f} ms; "
        f"without the walk p99 {alone.p99_ms:.2f} ms",
    )


def _sync(config: Path, *options: str) -> RunReport:
    """A run by the command, on the core that is measured."""
    command = [sys.executable, "-m", "registry", "sync", "--config", str(config), "--json", *options]
    with pinned(SERVED_ON):
        finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return msgspec.json.decode(finished.stdout, type=list[RunReport])[0]


def _small_writes(store: Path, seconds: float) -> Writes:
    return _written(_start_small_writes(store, seconds))


def _start_small_writes(store: Path, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.bench.small_writes", "--store", str(store), "--seconds", str(seconds)]
    with pinned(LOADED_FROM):
        return subprocess.Popen(command, stdout=subprocess.PIPE)


def _written(process: subprocess.Popen[bytes]) -> Writes:
    output, _ = process.communicate(timeout=10 * _PATIENCE_S)
    return msgspec.json.decode(output, type=Writes)


def _asked(served: Served, path: str, kind: type[T]) -> T:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", path)
        return msgspec.json.decode(connection.getresponse().read(), type=kind)
    finally:
        connection.close()
