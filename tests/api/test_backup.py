"""`POST /v1/backup`: a copy of everything, for operators on the machine. The official registry has none."""

import contextlib
import hashlib
import resource
import socket
import sqlite3
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from fixtures.generator import generate
from registry.store.records import AuditEvent
from tests.api.raw_request import send
from tests.doubles.loaded_store import Upstream, acme, serving
from tests.doubles.plain_client import Answer
from tests.e2e.mirrored import contradictions
from tests.e2e.moments import linger
from tests.running import RunningRegistry

_PATIENCE_S = 30.0
_VERSIONS = 4000
_MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry whose store no socket holds."""
    listed = [Upstream(name="large", items=list(generate(_VERSIONS, seed=1)))]
    with serving(tmp_path_factory.mktemp("large"), listed) as registry:
        yield registry


def _backup(registry: RunningRegistry, *lines: str, host: str = "127.0.0.1") -> Answer:
    return send(registry.port, "/v1/backup", *lines, method="POST", host=host)


@contextlib.contextmanager
def _stalled(registry: RunningRegistry) -> Iterator[socket.socket]:
    """Somebody who asks for a copy, reads its beginning, and no further."""
    with socket.create_connection(("127.0.0.1", registry.port), timeout=_PATIENCE_S) as connection:
        connection.sendall(b"POST /v1/backup HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        yield connection


def _until_there_is_one(registry: RunningRegistry) -> Answer:
    """Ask until nobody else has one."""
    ends = time.monotonic() + _PATIENCE_S
    while (answer := _backup(registry)).status == 429 and time.monotonic() < ends:
        linger(0.05)
    return answer


def _recorded(registry: RunningRegistry) -> list[AuditEvent]:
    """Copies, by the record."""
    with closing(sqlite3.connect(registry.store)) as connection:
        rows = connection.execute("SELECT record FROM audit_events WHERE action = 'store.backed_up' ORDER BY id")
        return [msgspec.json.decode(record, type=AuditEvent) for (record,) in rows]


def _alter(registry: RunningRegistry, statement: str) -> None:
    with closing(sqlite3.connect(registry.store, timeout=_PATIENCE_S)) as connection:
        connection.execute(statement)


def _beside(registry: RunningRegistry) -> set[str]:
    """Files in the folder of the store, without those that locks and SQLite need."""
    names = {path.name for path in registry.store.parent.iterdir()}
    return {name for name in names if not name.startswith(f"{registry.store.name}-")}


def _anonymous_kib(registry: RunningRegistry) -> int:
    (worker,) = registry.worker_pids()
    status = Path(f"/proc/{worker}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1])


class TestBackup:
    def test_is_the_store_whole(self, large: RunningRegistry, tmp_path: Path) -> None:
        """
        What arrives is a sound store with all that is served, as long as was said, with the digest that was said.
        """
        answer = _backup(large)

        (tmp_path / "copy.db").write_bytes(answer.body)
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/vnd.sqlite3"
        assert int(answer.headers["content-length"]) == len(answer.body)
        digest = b64encode(hashlib.sha256(answer.body).digest()).decode()
        assert answer.headers["content-digest"] == f"sha-256=:{digest}:"
        assert answer.headers["cache-control"] == "no-store"
        assert contradictions(tmp_path / "copy.db") == []
        with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
            assert connection.execute("SELECT count(*) FROM entries").fetchone() == (_VERSIONS,)

    def test_is_recorded(self, large: RunningRegistry) -> None:
        """
        Who took it, how large it was, and the digest by which it is known again are on record.
        """
        answer = _backup(large)

        event = _recorded(large)[-1]
        assert (event.actor, event.roles, event.object) == ("loopback", ("operator",), "download")
        digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        assert event.detail == {"size_bytes": len(answer.body), "digest": digest}

    def test_what_cannot_be_recorded_is_not_sent(self, tmp_path: Path) -> None:
        """
        A copy that would leave no trace does not leave, and does not stand in the way of the next.
        """
        with serving(tmp_path, acme()) as registry:
            _alter(registry, "CREATE TRIGGER full BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END")
            refused = _backup(registry)
            _alter(registry, "DROP TRIGGER full")

            assert (refused.status, refused.headers["content-type"]) == (503, "application/problem+json")
            assert _backup(registry).status == 200
            assert len(_recorded(registry)) == 1

    def test_one_after_the_other(self, large: RunningRegistry) -> None:
        """
        Whoever has the last byte of one may ask for the next at once.
        """
        assert [_backup(large).status for _ in range(10)] == [200] * 10

    def test_nothing_is_left(self, large: RunningRegistry) -> None:
        """
        The folder of the store holds what it held before.
        """
        before = _beside(large)

        _backup(large)

        assert _beside(large) == before


class TestWhoStopsReading:
    def test_one_at_a_time_and_little_in_memory(self, large: RunningRegistry) -> None:
        """
        While one is sent, who else asks is told to wait; of the one that is sent little is in memory, and reads go on.
        """
        _until_there_is_one(large)
        before = _anonymous_kib(large)
        with _stalled(large):
            second = _backup(large)
            read = send(large.port, "/v0.1/servers")
            held = _anonymous_kib(large) - before

        assert (second.status, second.headers["retry-after"], read.status) == (429, "10", 200)
        assert "already" in second.json()["detail"]
        assert held < 8 * 1024

    def test_who_leaves_takes_the_copy_along(self, large: RunningRegistry) -> None:
        """
        A caller that vanishes leaves nothing, and keeps nobody from asking.
        """
        _until_there_is_one(large)
        before = _beside(large)
        with _stalled(large):
            meanwhile = _beside(large)

        assert _until_there_is_one(large).status == 200
        assert before == meanwhile == _beside(large)

    @pytest.mark.long
    def test_who_stalls_is_left(self, large: RunningRegistry) -> None:
        """
        A caller that stops reading, and stays, gets no more after a while: what it has is shorter than was said.
        """
        _until_there_is_one(large)
        with _stalled(large) as connection:
            assert _until_there_is_one(large).status == 200
            received = sum(len(part) for part in iter(lambda: connection.recv(_MEBIBYTE), b""))

        assert received < large.store.stat().st_size // 2

    @pytest.mark.long
    def test_keeps_a_server_from_stopping_for_its_grace_at_most(self, tmp_path: Path) -> None:
        """
        A server that is asked to stop while somebody does not read what he asked for stops, and leaves nothing.
        """
        with serving(tmp_path, [Upstream(name="large", items=list(generate(_VERSIONS, seed=1)))]) as registry:
            before = _beside(registry)
            with _stalled(registry):
                assert registry.stop() == 0
            after = _beside(registry)
            registry.start()

            assert _backup(registry).status == 200
            assert before == after == _beside(registry)

    def test_a_killed_server_leaves_nothing(self, tmp_path: Path) -> None:
        """
        However a server ends while it sends a copy, none lies about, and the next server sends one.
        """
        with serving(tmp_path, [Upstream(name="large", items=list(generate(_VERSIONS, seed=1)))]) as registry:
            before = _beside(registry)
            with _stalled(registry):
                registry.kill()
            after = _beside(registry)
            registry.start()

            assert _backup(registry).status == 200
            assert before == after == _beside(registry)


class TestNoSpace:
    def test_says_so(self, large: RunningRegistry) -> None:
        """
        Where a copy does not fit, the answer is 503 and says what would help; with space again all is well.
        """
        _until_there_is_one(large)
        (worker,) = large.worker_pids()
        before = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        taken = len(_recorded(large))
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (_MEBIBYTE, before[1]))

        refused = _backup(large)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, before)

        assert (refused.status, refused.headers["content-type"]) == (503, "application/problem+json")
        assert "no space left for a copy" in refused.json()["detail"]
        assert len(_recorded(large)) == taken
        assert _backup(large).status == 200


class TestForOperators:
    @pytest.mark.parametrize(
        "line",
        [
            "X-Forwarded-For: 203.0.113.9",
            "Forwarded: for=203.0.113.9",
            "Via: 1.1 proxy.example",
            "Origin: https://evil.example",
            "Origin: null",
            "Origin: http://127.0.0.1",
        ],
    )
    def test_refused(self, world: RunningRegistry, line: str) -> None:
        """
        Whoever may not be on this machine, and any browser, gets nothing; nothing is copied for them.
        """
        taken = len(_recorded(world))

        answer = _backup(world, line)

        assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
        assert len(_recorded(world)) == taken

    def test_never_for_other_origins(self, world: RunningRegistry) -> None:
        """
        No page in a browser may read it, whatever it asked.
        """
        assert "access-control-allow-origin" not in _backup(world).headers

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
    def test_only_by_post(self, world: RunningRegistry, method: str) -> None:
        """
        A link that somebody follows copies nothing.
        """
        assert send(world.port, "/v1/backup", method=method).status == 405
