"""Stopping, running out of space, copying under load: the registry goes on or goes down in order."""

import random
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from fixtures.generator import generate
from tests.doubles.faults import Fault, hang_before_headers, later_page, listing
from tests.doubles.upstream import FakeUpstream
from tests.e2e.command import mcp_registry
from tests.e2e.mirrored import PATIENCE_S, ask, configuration, contradictions, listed, synchronise, walk
from tests.e2e.moments import Moment, linger
from tests.running import RunningRegistry

_REST_S: Final = 30


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as running:
        running.load_jsonl(generate(1500, seed=4))
        yield running


@pytest.fixture
def registry(tmp_path: Path, upstream: FakeUpstream) -> RunningRegistry:
    return RunningRegistry(tmp_path, configuration(upstream.url))


class TestStop:
    def test_in_the_middle_of_a_run(self, registry: RunningRegistry, upstream: FakeUpstream) -> None:
        """
        A graceful stop ends in order with whole batches written; the next start goes on behind the last page.
        """
        moment = Moment(lambda: len(upstream.requests) >= 5)
        upstream.faults.append(Fault(moment.passed, when=listing))
        registry.start()
        moment.wait()

        status = registry.stop()
        upstream.faults.clear()
        read_before = len(upstream.requests)

        assert status == 0
        assert contradictions(registry.store) == []
        with registry:
            registry.wait_for("synced official")
            assert [item.equal for item in walk(registry.url)] == listed(upstream)
        walked = [request for request in upstream.requests[read_before:] if request.params.get("limit") == "100"]
        assert "cursor" in walked[0].params

    def test_while_the_upstream_hangs(self, registry: RunningRegistry, upstream: FakeUpstream) -> None:
        """
        An upstream that does not answer does not keep the registry from stopping.
        """
        moment = Moment(lambda: len(upstream.requests) >= 2)
        upstream.faults.append(Fault(moment.passed, when=listing, times=1))
        upstream.faults.append(Fault(hang_before_headers(), when=later_page))
        registry.start()
        registry.wait_for("syncing official")

        assert registry.stop() == 0


class TestNoSpace:
    def test_reads_go_on(self, registry: RunningRegistry, upstream: FakeUpstream) -> None:
        """
        Without space writes answer 503 and health says so; reads go on; with space again all is well.
        """
        with registry:
            registry.wait_for("synced official")
            (worker,) = registry.worker_pids()
            before = resource.prlimit(worker, resource.RLIMIT_FSIZE)
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (4096, before[1]))

            refused = httpx.post(f"{registry.url}/v1/sync-runs", json={"upstream": "official"}, timeout=PATIENCE_S)
            health = httpx.get(f"{registry.url}/health", timeout=PATIENCE_S).json()
            read = walk(registry.url)
            resource.prlimit(worker, resource.RLIMIT_FSIZE, before)
            # The jobs rest for half a minute if it was they who met it.
            registry.clock.advance(_REST_S)

            assert not [line for line in registry.log if "Traceback" in str(line.get("event"))]
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert (health["status"], health["store"]) == ("degraded", refused.json()["detail"])
            assert len(read) == 1500
            assert synchronise(registry, full=True) == "completed"
            assert httpx.get(f"{registry.url}/health", timeout=PATIENCE_S).json()["status"] == "ok"

    def test_every_worker_says_so(self, upstream: FakeUpstream, tmp_path: Path) -> None:
        """
        Where one worker cannot write, all of them say so; and they stop saying so without being asked to write.
        """
        with RunningRegistry(tmp_path, configuration(upstream.url), workers=2) as registry:
            registry.wait_for("synced official")
            before = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in registry.worker_pids()]
            for pid in registry.worker_pids():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, before[0][1]))

            refused = httpx.post(f"{registry.url}/v1/sync-runs", json={"upstream": "official"}, timeout=PATIENCE_S)
            without = {_health(registry) for _ in range(20)}
            for pid, limit in zip(registry.worker_pids(), before, strict=True):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
            ends = time.monotonic() + PATIENCE_S
            while {_health(registry) for _ in range(20)} != {"ok"} and time.monotonic() < ends:
                linger(0.1)

            assert refused.status_code == 503
            assert without == {"degraded"}
            assert {_health(registry) for _ in range(20)} == {"ok"}


class TestStart:
    def test_a_port_is_not_shared(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        A second registry on the same port does not start, and says why.
        """
        with registry:
            (tmp_path / "second").mkdir()
            other = tmp_path / "second" / "registry.toml"
            other.write_text(registry.config.read_text().replace("registry.db", "second.db"))

            outcome = mcp_registry("serve", "--config", other)

        assert outcome.status == 1
        assert f"cannot listen on 127.0.0.1:{registry.port}: address already in use" in outcome.err

    def test_a_team_that_does_not_exist(self, registry: RunningRegistry) -> None:
        """
        A misspelt anonymous team stops the start: every read would be a 404, which clients take for an answer.
        """
        registry.config.write_text(registry.config.read_text().replace('"everyone"', '"everybody"'))

        outcome = mcp_registry("serve", "--config", registry.config)

        assert outcome.status == 1
        assert 'there is no such team; there is "everyone"' in outcome.err

    def test_an_issuer_gives_a_team_that_does_not_exist(self, registry: RunningRegistry) -> None:
        """
        The same for a team of a mapping: its members would be told that nothing is there.
        """
        issuer = '[[oidc]]\nname = "acme"\nissuer = "https://id.acme.example"\n[[oidc.mapping]]\nclaims = {}\n'
        registry.config.write_text(registry.config.read_text() + issuer + 'teams = ["backend~prod"]\n')

        outcome = mcp_registry("serve", "--config", registry.config)

        assert outcome.status == 1
        assert '[[oidc]] "acme" gives team "backend~prod", and there is no such team' in outcome.err

    def test_only_the_owner_reads_the_store(self, registry: RunningRegistry) -> None:
        """
        The store and what SQLite puts beside it are for its owner alone.
        """
        with registry:
            registry.wait_for("synced official")
            beside = [path for path in registry.store.parent.iterdir() if path.name.startswith(registry.store.name)]

            assert {stat.S_IMODE(path.stat().st_mode) for path in beside} == {0o600}


class TestBackupUnderLoad:
    def test_consistent_while_syncing(self, registry: RunningRegistry, upstream: FakeUpstream, tmp_path: Path) -> None:
        """
        A backup taken in the middle of a run is a whole store of some moment of it.
        """
        moment = Moment(lambda: len(upstream.requests) >= 4)
        upstream.faults.append(Fault(moment.passed, when=listing))
        with registry:
            moment.wait()
            copies = [tmp_path / f"copy-{number}.db" for number in range(3)]

            outcomes = [mcp_registry("backup", copy, "--config", registry.config) for copy in copies]

        assert [outcome.status for outcome in outcomes] == [0, 0, 0]
        assert [contradictions(copy) for copy in copies] == [[], [], []]

    def test_killed_while_it_is_made(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        A backup that is killed leaves nothing unsound under its name, the store as it was, and room for the next.
        """
        _backups_killed(registry, tmp_path, times=5)

    @pytest.mark.long
    def test_killed_fifty_times_while_it_is_made(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        The same, fifty times.
        """
        _backups_killed(registry, tmp_path, times=50)


def _backups_killed(registry: RunningRegistry, folder: Path, *, times: int) -> None:
    chance = random.Random(times)
    with registry:
        registry.wait_for("synced official")
        for number in range(times):
            copy = folder / f"copy-{number}.db"
            words = [sys.executable, "-m", "registry", "backup", str(copy), "--config", str(registry.config)]
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ask(registry, full=True)
            linger(chance.uniform(0.15, 0.6))
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)

            assert not copy.exists() or contradictions(copy) == []
        assert mcp_registry("backup", folder / "last.db", "--config", registry.config).status == 0
    assert contradictions(registry.store) == []


def _health(registry: RunningRegistry) -> str:
    """What a worker says, over a connection of its own."""
    status: str = httpx.get(f"{registry.url}/health", timeout=PATIENCE_S).json()["status"]
    return status
