"""Publishing: how fast, how soon beside a full walk, what it leaves behind in memory; and what a token costs a reader.

Every publication is checked in full (`publish.require_valid_schema`), under a token, with quotas that are counted and
too high to be met, into a store that mirrors 50,000 versions.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from tests.bench import publications, questions, validating
from tests.bench.catalogs import catalog_file, store_file, upstream_table
from tests.bench.connection import get, post
from tests.bench.figures import Figure, at_least, below
from tests.bench.filling import make_due
from tests.bench.openloop import Latencies
from tests.bench.served import Served, closed_loop, configuration, open_loop_once, registry
from tests.bench.telling import tell
from tests.bench.walks import WalkEnded, latest_run, upstream_of, wait_for_walk, walk_beside

_VERSIONS: Final = 50_000
_ROUNDS: Final = 5
_PUBLISHED_PER_LOAD_SECOND: Final = 1000
_PUBLISHED_PER_S: Final = 100
_LOADS: Final = 1.5
"""How many loads' time the publications beside a full walk last."""
_TRIES: Final = 2
_MOST_LAG_MS: Final = 1.0
_PAIRS: Final = 7
_DRAWN: Final = 3_000
_PUBLISH: Final = "/v0.1/publish"
_ENOUGH: Final = 1_000_000_000
_SETTINGS: Final = f"""
[publish]
claims = ["com.acme", "{publications.NAMESPACES}"]
require_valid_schema = true
oci_hosts = ["oci.example"]
mcpb_hosts = ["git.example"]
principal_quota = {_ENOUGH}
source_quota = {_ENOUGH}
"""


def measure(seconds: float) -> Iterator[Figure]:
    """20,000 publications at 4 s a load, 100 a second beside either kind of walk, pages with a token, validation."""
    beside = round(_PUBLISHED_PER_S * seconds * _LOADS) * _TRIES
    tell("making manifests")
    documents = publications.manifests(_ROUNDS * round(_PUBLISHED_PER_LOAD_SECOND * seconds) + beside)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        yield from _alone(folder, documents[:-beside], documents[-beside:])
        with upstream_of(catalog_file(_VERSIONS, edited=True)) as url:
            yield _beside(folder, documents[-beside:], url, in_server=True)
            yield _beside(folder, documents[-beside:], url, in_server=False)
        yield _with_token(folder, seconds)
        yield from validating.measure(folder)


def _alone(folder: Path, documents: list[bytes], at_a_rate: list[bytes]) -> Iterator[Figure]:
    store, token = _store(folder, "alone")
    size = sum(map(len, documents)) / len(documents)
    each = len(documents) // _ROUNDS
    rates, processor, memory = [], [], []
    with registry(folder, store, more=_SETTINGS) as served:
        for start in range(0, len(documents), each):
            tell(f"{each:,} publications, round {start // each + 1} of {_ROUNDS}")
            before_s = served.processor_s
            found = closed_loop(served, _requests(served, documents[start : start + each], token), folder)
            rates.append(found.per_second)
            processor.append((served.processor_s - before_s) / found.count * 1000)
            memory.append(served.anonymous_mb)
        tell(f"{len(at_a_rate):,} publications at {_PUBLISHED_PER_S} /s")
        found_at_rate = open_loop_once(served, _requests(served, at_a_rate, token), folder, rate=_PUBLISHED_PER_S)
        if served.access_lines() < len(documents):
            raise ValueError("the access log is not written; the figures would be too good")
    yield at_least(
        "publications with full validation",
        median(rates),
        300,
        unit="/s",
        note=f"{len(documents):,} of {size / 1000:.1f} kB; {_listed(rates, 0)} /s; "
        f"processor time of the worker for each {median(processor):.2f} ms",
    )
    yield Figure(
        name=f"publish at {_PUBLISHED_PER_S} /s without a walk, p99",
        measured=found_at_rate.p99_ms,
        unit="ms",
        note=f"{_spread(found_at_rate)}: what the machine makes of it by itself",
    )
    # What SQLite keeps of the file in memory has its full size by then, 32 MiB.
    half = (_ROUNDS + 1) // 2
    yield below(
        f"memory that the last {len(documents) - half * each:,} of them left behind",
        memory[-1] - memory[half - 1],
        10,
        unit="MB",
        note=f"RssAnon after each round {_listed(memory, 0)} MB",
    )


def _beside(folder: Path, documents: list[bytes], url: str, *, in_server: bool) -> Figure:
    place = "in the same process" if in_server else "by mcp-registry sync"
    store, token = _store(folder, "mirrored")
    upstream = upstream_table(url)
    asyncio.run(make_due(store))
    config = configuration(folder, store, 8080, upstream, _SETTINGS)
    each = len(documents) // _TRIES
    with (
        nullcontext() if in_server else walk_beside(config, store),
        registry(folder, store, upstream=upstream, more=_SETTINGS) as served,
    ):
        wait_for_walk(served)
        tell(f"{each:,} publications beside a full walk {place}")
        found, walked = _published(served, _requests(served, documents[:each], token), folder)
        for start in range(each, each * _TRIES, each):
            # What was published cannot be published again, so a second try has publications of its own.
            if found.lag_p99_ms > _MOST_LAG_MS and latest_run(served).state == "running":
                tell(f"the load was {found.lag_p99_ms:.1f} ms late at p99: something else uses its core; once more")
                again = _requests(served, documents[start : start + each], token)
                with suppress(WalkEnded):
                    found, walked = min(
                        (found, walked), _published(served, again, folder), key=lambda one: one[0].lag_p99_ms
                    )
    return below(
        f"publish at {_PUBLISHED_PER_S} /s beside a full walk {place}, p99",
        found.p99_ms,
        50,
        unit="ms",
        note=f"{_spread(found)}; the walk changed {walked:,.0f} versions/s meanwhile",
    )


def _published(served: Served, requests: list[bytes], folder: Path) -> tuple[Latencies, float]:
    """Latencies of *requests*, and the versions that the walk changed in a second meanwhile."""
    before = latest_run(served)
    found = open_loop_once(served, requests, folder, rate=_PUBLISHED_PER_S)
    after = latest_run(served)
    if after.state != "running":
        raise WalkEnded(f"the walk ended before the measurement did, or went wrong: {after}")
    return found, (after.pages - before.pages) * 100 / (found.requests / found.rate)


def _with_token(folder: Path, seconds: float) -> Figure:
    store, token = _store(folder, "read")
    targets = questions.pages(store, _DRAWN)
    ratios, costs = [], []
    with registry(folder, store, more=_SETTINGS) as served:
        anonymous = [get(served.port, target) for target in targets]
        known = [get(served.port, target, token=token) for target in targets]
        closed_loop(served, anonymous, folder, seconds=1)
        for round_ in range(_PAIRS):
            tell(f"list pages with a token and without: pair {round_ + 1} of {_PAIRS}")
            with_token = _asked(served, known, folder, seconds / 2)
            without = _asked(served, anonymous, folder, seconds / 2)
            ratios.append(with_token.per_second / without.per_second)
            costs.append((with_token.processor_us, without.processor_us, without.per_second))
    return at_least(
        "list page of 30 with a token ÷ without",
        median(ratios),
        0.9,
        note=f"ratios {_listed(ratios, 2)}; processor time of the worker "
        f"{median(cost for cost, _, _ in costs):.0f} and {median(cost for _, cost, _ in costs):.0f} µs a page, ratio "
        f"{median(without / with_ for with_, without, _ in costs):.2f}; "
        f"without {median(rate for _, _, rate in costs):,.0f} req/s",
    )


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`processor_us`: of the worker, for each answer."""

    per_second: float
    processor_us: float


def _asked(served: Served, requests: list[bytes], folder: Path, seconds: float) -> _Asked:
    before_s = served.processor_s
    found = closed_loop(served, requests, folder, seconds=seconds)
    return _Asked(per_second=found.per_second, processor_us=(served.processor_s - before_s) / found.count * 1e6)


def _store(folder: Path, name: str) -> tuple[Path, str]:
    """A store of its own that mirrors 50,000 versions, and a token with which to publish and to read."""
    store = folder / f"{name}.db"
    for before in folder.glob(f"{store.name}*"):
        before.unlink()
    shutil.copy(store_file(_VERSIONS), store)
    config = configuration(folder, store, 8080, upstream_table(), _SETTINGS)
    command = [sys.executable, "-m", "registry", "token", "create", "--config", str(config), "--owner", "ci@acme"]
    allowed = ["--role", "publisher", "--role", "reader", "--team", "everyone", "--namespace", publications.NAMESPACES]
    made = subprocess.run([*command, *allowed], stdout=subprocess.PIPE, check=True)
    return store, made.stdout.decode().strip()


def _requests(served: Served, documents: list[bytes], token: str) -> list[bytes]:
    return [post(served.port, _PUBLISH, document, token=token) for document in documents]


def _spread(found: Latencies) -> str:
    return (
        f"{found.requests:,}; p50 {found.p50_ms:.2f}, max {found.max_ms:.2f} ms; generator late by "
        f"{found.lag_p99_ms:.2f} ms at p99"
    )


def _listed(numbers: list[float], digits: int) -> str:
    return " ".join(f"{number:.{digits}f}" for number in numbers)
