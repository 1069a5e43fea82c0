"""`mcp-registry backup FILE --server URL`: the same copy as on the store itself, over the network or not at all."""

import asyncio
import contextlib
import hashlib
import os
import pty
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.generator import generate
from tests.doubles.faults import Fault, listing
from tests.doubles.loaded_store import acme, load
from tests.doubles.upstream import FakeUpstream
from tests.e2e.command import Outcome, mcp_registry
from tests.e2e.mirrored import configuration, contradictions, walk
from tests.e2e.moments import Moment
from tests.egress.loopback import Answer, http, peer, says, says_and_hangs_up
from tests.running import RunningRegistry

pytestmark = pytest.mark.anyio


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as running:
        running.load_jsonl(generate(1500, seed=11))
        yield running


@pytest.fixture
def registry(tmp_path: Path, upstream: FakeUpstream) -> RunningRegistry:
    """Configured, not started."""
    return RunningRegistry(tmp_path, configuration(upstream.url))


@pytest.fixture
def store(tmp_path: Path) -> bytes:
    """A sound store, as bytes."""
    (tmp_path / "elsewhere").mkdir()
    RunningRegistry(tmp_path / "elsewhere", load(tmp_path / "elsewhere", acme()))
    copy = tmp_path / "elsewhere" / "copy.db"
    outcome = mcp_registry("backup", copy, "--config", tmp_path / "elsewhere" / "registry.toml")
    assert outcome.status == 0
    return copy.read_bytes()


def _sent(body: bytes, *, stated: bytes | None = None) -> bytes:
    """*body* as a server answers with it that states the digest of *stated*, or of the body itself."""
    digest = b64encode(hashlib.sha256(body if stated is None else stated).digest()).decode()
    return http("200 OK", body, "Content-Type: application/vnd.sqlite3", f"Content-Digest: sha-256=:{digest}:")


def _damaged(store: bytes) -> bytes:
    return store[:100_000] + b"\xa5" * 8192 + store[108_192:]


async def _asked(answer: Answer, target: Path) -> Outcome:
    async with peer(answer) as server:
        return await asyncio.to_thread(mcp_registry, "backup", target, "--server", server.url(""))


class TestFromARunningServer:
    def test_while_it_is_written_to(self, registry: RunningRegistry, upstream: FakeUpstream, tmp_path: Path) -> None:
        """
        Copies taken in the middle of a run are whole stores of some moment of it, readable by their owner alone.
        """
        moment = Moment(lambda: len(upstream.requests) >= 4)
        upstream.faults.append(Fault(moment.passed, when=listing))
        copies = [tmp_path / f"copy-{number}.db" for number in range(3)]
        with registry:
            moment.wait()

            outcomes = [mcp_registry("backup", copy, "--server", registry.url, "--json") for copy in copies]

        for copy, outcome in zip(copies, outcomes, strict=True):
            assert (outcome.status, outcome.err) == (0, "")
            assert outcome.json == {"file": str(copy), "size_bytes": copy.stat().st_size, "verified": True}
            assert copy.stat().st_mode & 0o777 == 0o600
            assert contradictions(copy) == []

    def test_the_same_words_from_both_sides(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        Said in words, the store itself and the server say the same, each of its own copy: meanwhile findings are made.
        """
        here, there = tmp_path / "a.db", tmp_path / "b.db"
        with registry:
            registry.wait_for("synced official")

            from_store = mcp_registry("backup", here, "--config", registry.config)
            from_server = mcp_registry("backup", there, "--server", registry.url)

        size = re.compile(r"[0-9.]+ MB")
        assert size.findall(from_server.out)
        assert size.sub("MB", from_server.out.replace("b.db", "a.db")) == size.sub("MB", from_store.out)

    def test_is_restored(self, registry: RunningRegistry, upstream: FakeUpstream, tmp_path: Path) -> None:
        """
        Put in the place of a store that was lost, it brings back what was served. The record says who took it.
        """
        copy = tmp_path / "copy.db"
        with registry:
            registry.wait_for("synced official")
            before = [item.equal for item in walk(registry.url)]
            assert mcp_registry("backup", copy, MCP_REGISTRY_SERVER=registry.url).status == 0
        upstream.stop()
        registry.store.unlink()

        assert mcp_registry("restore", copy, "--config", registry.config, "--yes").status == 0

        with registry:
            assert [item.equal for item in walk(registry.url)] == before

    def test_never_overwrites(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        A file that exists stays as it is, and nothing is asked for.
        """
        (tmp_path / "copy.db").write_text("precious")

        outcome = mcp_registry("backup", tmp_path / "copy.db", "--server", "http://127.0.0.1:1")

        assert outcome.err == f"mcp-registry: {tmp_path / 'copy.db'} exists; a backup never overwrites\n"
        assert (outcome.status, (tmp_path / "copy.db").read_text()) == (1, "precious")

    def test_a_restore_is_not_for_servers(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        A server that runs keeps its file; who tries is told what to do.
        """
        (tmp_path / "copy.db").write_text("whatever")

        outcome = mcp_registry("restore", tmp_path / "copy.db", "--server", "http://127.0.0.1:1")

        assert outcome.status == 2
        assert "stop it first" in outcome.err
        assert "--config FILE on the machine that has the store" in outcome.err

    def test_a_terminal_gets_a_bar(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        On a terminal one sees how far it is, under the name of the file.
        """
        terminal, theirs = pty.openpty()
        words = [sys.executable, "-m", "registry", "backup", str(tmp_path / "copy.db"), "--server", registry.url]
        with registry:
            registry.wait_for("synced official")
            environ = os.environ | {"TERM": "xterm"}
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, env=environ) as command:
                os.close(theirs)
                shown = b""
                with contextlib.suppress(OSError):
                    while part := os.read(terminal, 65536):
                        shown += part
                os.close(terminal)
                assert command.stdout is not None
                said = command.stdout.read().decode()

        assert b"copy.db" in shown
        assert said.endswith(", verified\n")


class TestWhatIsNoBackup:
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (lambda store: says_and_hangs_up(_sent(store)[:-1]), "cut short"),
            (lambda store: says_and_hangs_up(_sent(store)[:300]), "cut short"),
            (lambda store: says(_sent(_damaged(store), stated=store)), "damaged on its way"),
            (lambda store: says(_sent(store[:-8192], stated=store)), "damaged on its way"),
            (lambda store: says(_sent(_damaged(store))), "not a sound store"),
            (lambda store: says(_sent(store[:-8192])), "not a sound store"),
            (lambda _: says(_sent(b"")), "not a sound store"),
            (lambda _: says(_sent(b"no store" * 5000)), "not a sound store"),
            (lambda store: says(http("200 OK", store)), "sent no digest"),
            (lambda _: says(http("200 OK", b"{}")), "sent no digest"),
            (lambda _: says(http("404 Not Found", b'{"detail":"Endpoint not found"}')), "404 not found"),
            (lambda _: says(http("429 No", b'{"detail":"a backup is being taken already"}')), "taken already"),
        ],
    )
    async def test_leaves_no_file(
        self, tmp_path: Path, store: bytes, answer: Callable[[bytes], Answer], reason: str
    ) -> None:
        """
        Cut short, damaged, unsound or something else: the command fails with the reason, and there is no file.
        """
        (tmp_path / "copies").mkdir()

        outcome = await _asked(answer(store), tmp_path / "copies" / "copy.db")

        assert outcome.status == 1
        assert reason in outcome.err
        assert outcome.err.count("\n") == 1
        assert list((tmp_path / "copies").iterdir()) == []

    async def test_what_is_sent_is_what_a_server_sends(self, tmp_path: Path, store: bytes) -> None:
        """
        The same answer, whole and sound, makes a backup: the cases above fail for what is wrong with them alone.
        """
        outcome = await _asked(says(_sent(store)), tmp_path / "copy.db")

        assert outcome.status == 0
        assert (tmp_path / "copy.db").read_bytes() == store
