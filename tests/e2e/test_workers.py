"""Several workers on one file are one registry."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fixtures.generator import generate
from registry.clock import SystemClock
from registry.commands.project_views import project_views
from registry.store.interface import Transaction
from registry.store.sqlite.store import SqliteStore
from tests.doubles.upstream import FakeUpstream
from tests.e2e.mirrored import PATIENCE_S, ask, configuration, listed, synchronise, walk
from tests.running import RunningRegistry

_WORKERS = 4
_LEASE_S = 11.0


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as running:
        running.load_jsonl(generate(400, seed=9))
        yield running


@pytest.fixture
def registry(tmp_path: Path, upstream: FakeUpstream) -> Iterator[RunningRegistry]:
    with RunningRegistry(tmp_path, configuration(upstream.url), workers=_WORKERS) as running:
        assert synchronise(running) == "completed"
        yield running


def _asked(registry: RunningRegistry, path: str) -> list[httpx.Response]:
    """The answers of every worker, each asked over connections of its own until all have answered."""
    answers: list[httpx.Response] = []
    before = len(registry.log)
    for _ in range(40):
        with httpx.Client(base_url=registry.url, timeout=PATIENCE_S) as fresh:
            answers += [fresh.get(path) for _ in range(3)]
    registry.wait_until(lambda line: registry.log.index(line) >= before and line.get("path") == path.partition("?")[0])
    return answers


class TestWorkers:
    def test_all_see_a_committed_change_at_once(self, registry: RunningRegistry) -> None:
        """
        No request that begins after a commit, whichever worker takes it, sees what was before.
        """
        stale = {answer.headers["etag"] for answer in _asked(registry, "/v0.1/servers?limit=1")}

        asyncio.run(_unlist_everything(registry.store))
        answers = _asked(registry, "/v0.1/servers?limit=1")

        assert len(stale) == 1
        assert {answer.content for answer in answers} == {b'{"servers":[],"metadata":{"count":0}}\n'}
        assert stale.isdisjoint(answer.headers["etag"] for answer in answers)
        assert len({line["pid"] for line in registry.log if line.get("path") == "/v0.1/servers"}) == _WORKERS

    def test_one_of_them_runs_the_jobs(self, registry: RunningRegistry) -> None:
        """
        A run that is asked for is performed once.
        """
        run_id = ask(registry, full=True)

        registry.wait_until(lambda line: line.get("run") == run_id and line.get("event", "").startswith("synced"))

        assert sum(line.get("run") == run_id and line["event"].startswith("syncing") for line in registry.log) == 1

    def test_another_takes_over_when_it_dies(self, registry: RunningRegistry, upstream: FakeUpstream) -> None:
        """
        A worker that is killed with the lease leaves it to another, and the run goes on to its end.
        """
        store = SqliteStore(registry.store, SystemClock())
        lease = store.snapshot().lease("jobs")
        asyncio.run(store.aclose())
        assert lease is not None

        for pid in registry.worker_pids():
            os.kill(pid, signal.SIGKILL)
        registry.wait_for("worker ready", times=2 * _WORKERS)
        registry.clock.advance(_LEASE_S)
        upstream.publish({"name": "com.acme/after", "version": "1.0.0", "description": "published afterwards"})

        assert synchronise(registry, full=True) == "completed"
        assert [item.equal for item in walk(registry.url)] == listed(upstream)

    def test_metrics_are_of_all_workers(self, registry: RunningRegistry) -> None:
        """
        Whoever is asked for metrics answers for the others too.
        """
        asked = len(_asked(registry, "/v0.1/servers?limit=2"))

        text = httpx.get(f"{registry.url}/metrics", timeout=PATIENCE_S).text

        counted = next(
            line
            for line in text.splitlines()
            if line.startswith("mcp_registry_http_requests_total{") and '"/v0.1/servers"' in line and '"200"' in line
        )
        assert float(counted.rpartition(" ")[2]) >= asked


async def _unlist_everything(path: Path) -> None:
    """In another process' place: take every name out of the view, in one transaction."""
    store = SqliteStore(path, SystemClock())
    try:
        await store.transact(_withdraw_all)
    finally:
        await store.aclose()


def _withdraw_all(transaction: Transaction) -> None:
    sequence = transaction.next_sequence()
    _, names = transaction.withdraw_unseen("official", seen_in=sequence, limit=10_000)
    project_views(transaction, names)
