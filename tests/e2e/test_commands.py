"""Every command, on the store itself and on a running server."""

import contextlib
import json
import os
import pty
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from fixtures.generator import generate
from tests.doubles.faults import Fault, empty_list, listing
from tests.doubles.upstream import FakeUpstream
from tests.e2e.command import mcp_registry
from tests.e2e.mirrored import configuration, listed, walk
from tests.running import RunningRegistry


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as running:
        running.load_jsonl(generate(250, seed=3))
        yield running


@pytest.fixture
def registry(tmp_path: Path, upstream: FakeUpstream) -> RunningRegistry:
    """Configured, not started."""
    return RunningRegistry(tmp_path, configuration(upstream.url))


class TestSync:
    def test_on_the_store(self, registry: RunningRegistry) -> None:
        """
        Without a server it does the run itself, as the local user, and sums it up.
        """
        outcome = mcp_registry("sync", "--config", registry.config, "--json")

        (report,) = outcome.json
        assert outcome.status == 0
        assert (report["state"], report["kind"], report["new"], report["quarantined"]) == ("completed", "full", 250, 0)
        (run,) = mcp_registry("status", "--config", registry.config, "--json").json["upstreams"][0]["runs"]
        assert run["actor"].startswith("local:")

    def test_table_and_log_lines(self, registry: RunningRegistry) -> None:
        """
        Where no terminal is, progress is log lines on standard error and the summary a table on standard output.
        """
        outcome = mcp_registry("sync", "--config", registry.config)

        assert outcome.out.split("\n")[0] == "Sync"
        assert outcome.out.split("\n")[2].split()[:4] == ["official", "full", "completed", "250"]
        assert all(json.loads(line)["event"] for line in outcome.err.splitlines())

    def test_with_a_server_running_the_server_does_it(self, registry: RunningRegistry) -> None:
        """
        A command on the store leaves the run to the server that has the lease, and waits for it.
        """
        with registry:
            registry.wait_for("synced official")

            outcome = mcp_registry("sync", "--config", registry.config, "--full", "--json")

            (report,) = outcome.json
            assert (outcome.status, report["state"], report["unchanged"]) == (0, "completed", 250)
            registry.wait_until(
                lambda line: line.get("run") == report["run"] and line["event"].startswith("synced official")
            )

    def test_on_a_running_server(self, registry: RunningRegistry, upstream: FakeUpstream) -> None:
        """
        With --server everything goes over HTTP.
        """
        with registry:
            outcome = mcp_registry("sync", "--full", "--json", MCP_REGISTRY_SERVER=registry.url)

            assert [report["state"] for report in outcome.json] == ["completed"]
            assert [item.equal for item in walk(registry.url)] == listed(upstream)

    def test_unknown_upstream(self, registry: RunningRegistry) -> None:
        """
        A misspelt name is answered with the right one, and status 1.
        """
        outcome = mcp_registry("sync", "--config", registry.config, "--upstream", "oficial")

        assert outcome.status == 1
        assert outcome.err.splitlines()[-1] == (
            "mcp-registry: no upstream 'oficial' is configured; did you mean 'official'?"
        )

    def test_unreachable(self, registry: RunningRegistry, upstream: FakeUpstream) -> None:
        """
        A run that fails ends with status 1 and the reason; `status` shows it until one completes.
        """
        url = upstream.url
        upstream.stop()

        outcome = mcp_registry("sync", "--config", registry.config)
        shown = mcp_registry("status", "--config", registry.config)

        assert (outcome.status, shown.status) == (1, 1)
        assert f"official: cannot connect to {url}" in outcome.err
        assert "connection refused" in shown.out

    def test_shrinking_is_refused_until_accepted(self, registry: RunningRegistry, upstream: FakeUpstream) -> None:
        """
        An upstream that suddenly lists nothing withdraws nothing, until somebody accepts that very run.
        """
        assert mcp_registry("sync", "--config", registry.config).status == 0
        upstream.faults.append(Fault(empty_list(), when=listing))

        refused = mcp_registry("sync", "--config", registry.config, "--full", "--json")
        (report,) = refused.json
        accepted = mcp_registry(
            "sync", "--config", registry.config, "--upstream", "official", "--accept-run", report["run"], "--json"
        )

        assert (refused.status, report["state"], report["withdrawn"]) == (1, "refused", 0)
        assert f"--accept-run {report['run']}" in report["reason"]
        assert (accepted.status, accepted.json[0]["withdrawn"]) == (0, 250)


class TestStatus:
    def test_the_same_from_both_sides(self, registry: RunningRegistry) -> None:
        """
        The store itself and the running server report the same.
        """
        with registry:
            registry.wait_for("synced official")

            here = mcp_registry("status", "--config", registry.config, "--json")
            there = mcp_registry("status", "--server", registry.url, "--json")

            assert (here.status, there.status) == (0, 0)
            assert [each["runs"] for each in here.json["upstreams"]] == [
                each["runs"] for each in there.json["upstreams"]
            ]
            assert here.json["store"]["rows"]["entries"] == 250

    def test_where(self, registry: RunningRegistry) -> None:
        """
        Without a place to work on, or with two, the command is not understood.
        """
        nowhere = mcp_registry("status")
        both = mcp_registry("status", "--config", registry.config, "--server", "http://127.0.0.1:1")

        assert (nowhere.status, both.status) == (2, 2)
        assert "--config FILE" in nowhere.err
        assert "not both" in both.err

    def test_a_store_that_is_not_there(self, registry: RunningRegistry) -> None:
        """
        Reading makes no store.
        """
        outcome = mcp_registry("status", "--config", registry.config)

        assert outcome.status == 1
        assert f"there is no store at {registry.store} yet" in outcome.err
        assert not registry.store.exists()

    def test_a_server_that_is_not_there(self) -> None:
        """
        The server's address and what happened stand in one line.
        """
        outcome = mcp_registry("status", "--server", "http://127.0.0.1:1")

        assert outcome.status == 1
        assert outcome.err == "mcp-registry: cannot connect to http://127.0.0.1:1: connection refused\n"


class TestQuarantine:
    def test_lists_what_cannot_be_served(self, registry: RunningRegistry, upstream: FakeUpstream) -> None:
        """
        A junk entry is listed with its reason, and the rest is mirrored.
        """
        junk = b'{"server":{"name":"com.acme/twice","name":"com.evil/twice","version":"1.0.0"},"_meta":{}}'
        upstream.catalog.put_item("com.acme/twice", "1.0.0", junk)
        assert mcp_registry("sync", "--config", registry.config).status == 0

        (item,) = mcp_registry("quarantine", "--config", registry.config, "--json").json["items"]

        assert "stands twice" in item["reason"]
        assert item["excerpt"] == junk.decode()


class TestBackup:
    def test_there_and_back(self, registry: RunningRegistry, upstream: FakeUpstream, tmp_path: Path) -> None:
        """
        A backup of a serving registry, restored elsewhere in time, brings back what was there.
        """
        copy = tmp_path / "copy.db"
        with registry:
            registry.wait_for("synced official")
            before = [item.equal for item in walk(registry.url)]
            made = mcp_registry("backup", copy, "--config", registry.config, "--json")
            refused = mcp_registry("restore", copy, "--config", registry.config, "--yes")
        upstream.stop()
        registry.store.unlink()

        restored = mcp_registry("restore", copy, "--config", registry.config, "--yes")

        assert made.json == {"file": str(copy), "size_bytes": copy.stat().st_size, "verified": True}
        assert _recorded(registry, "store.restored")[0].startswith("local:")
        assert refused.status == 1
        assert "stop it before restoring" in refused.err
        assert restored.status == 0
        with registry:
            assert [item.equal for item in walk(registry.url)] == before

    def test_answers_of_before_are_stale(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        After a restore no ETag of before is still good, even if nothing else changed.
        """
        copy = tmp_path / "copy.db"
        mcp_registry("sync", "--config", registry.config)
        mcp_registry("backup", copy, "--config", registry.config)
        with registry:
            etag = _etag(registry)

        outcome = mcp_registry("restore", copy, "--config", registry.config, typed="y\n")

        assert "what was there is now" in outcome.out
        with registry:
            assert _etag(registry) != etag

    def test_never_overwrites(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        A file that exists stays as it is.
        """
        (tmp_path / "copy.db").write_text("precious")

        outcome = mcp_registry("backup", tmp_path / "copy.db", "--config", registry.config)

        assert (outcome.status, (tmp_path / "copy.db").read_text()) == (1, "precious")

    def test_junk_is_not_restored(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        What is not a sound store is refused, and the store stays.
        """
        mcp_registry("sync", "--config", registry.config)
        (tmp_path / "junk.db").write_bytes(b"junk" * 4096)

        outcome = mcp_registry("restore", tmp_path / "junk.db", "--config", registry.config, "--yes")

        assert outcome.status == 1
        assert mcp_registry("status", "--config", registry.config, "--json").json["store"]["rows"]["entries"] == 250


class TestConfig:
    def test_names_key_line_and_expectation(self, tmp_path: Path) -> None:
        """
        Everything that is wrong is said at once, each with its line.
        """
        file = tmp_path / "wrong.toml"
        file.write_text('[server]\nlisten = "127.0.0.1:8080"\nworkerz = 2\n[[upstream]]\nname = "a"\nkind = "ftp"\n')

        outcome = mcp_registry("config", "check", file, "--json")

        assert outcome.status == 1
        first = outcome.json["problems"][0]
        assert (first["line"], first["key"]) == (3, "server.workerz")
        assert 'did you mean "workers"' in first["message"]

    def test_the_demonstration_is_right(self) -> None:
        """
        The configuration of `make run` is one.
        """
        outcome = mcp_registry("config", "check", "fixtures/demo.toml")

        assert (outcome.status, outcome.out) == (0, "fixtures/demo.toml: ok\n")

    def test_variables_of_the_official_registry(self, registry: RunningRegistry) -> None:
        """
        A variable the official registry knows is refused with what to use here.
        """
        outcome = mcp_registry("status", "--config", registry.config, MCP_REGISTRY_DATABASE_URL="postgres://")

        assert outcome.status == 1
        assert "MCP_REGISTRY_DATABASE_URL" in outcome.err


def test_completion() -> None:
    """
    The completion script names the command.
    """
    outcome = mcp_registry("completion", "bash")

    assert outcome.status == 0
    assert "complete -o nosort -F" in outcome.out
    assert "mcp-registry" in outcome.out


def _recorded(registry: RunningRegistry, action: str) -> list[str]:
    """Who did it, by the record."""
    with closing(sqlite3.connect(registry.store)) as connection:
        rows = connection.execute("SELECT actor FROM audit_events WHERE action = ?", (action,)).fetchall()
    return [actor for (actor,) in rows]


def _etag(registry: RunningRegistry) -> str:
    etag: str = httpx.get(f"{registry.url}/v0.1/servers").headers["etag"]
    return etag


def test_a_terminal_gets_a_bar(registry: RunningRegistry) -> None:
    """
    On a terminal a run shows a live bar: pages, entries, rate, and from the second full walk on the share done.
    """
    mcp_registry("sync", "--config", registry.config)
    terminal, theirs = pty.openpty()
    words = [sys.executable, "-m", "registry", "sync", "--config", str(registry.config), "--full"]
    # A terminal hands over what was written until the last one who has it open is gone.
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, env=os.environ | {"TERM": "xterm"}) as command:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):
            while part := os.read(terminal, 65536):
                shown += part
        os.close(terminal)
        assert command.stdout is not None
        summary = command.stdout.read().decode()

    plain = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", shown).decode()
    assert "official" in plain
    assert "3 pages, 250 entries" in plain
    assert "100%" in plain
    assert summary.startswith("Sync\n")
