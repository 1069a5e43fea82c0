"""A power cut between a publication and its answer leaves either nothing of it, or all of it."""

import asyncio
import http.client
import json
import random
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from registry.clock import SystemClock
from registry.policy.principal import Role
from registry.store.records import AuditEvent
from registry.store.sqlite.store import SqliteStore
from tests.api.publishing import CONFIGURATION, Client, manifest
from tests.doubles.issued import issue
from tests.e2e.mirrored import contradictions
from tests.e2e.moments import linger
from tests.running import RunningRegistry

_PUBLISHERS = 4
_SHARED = "com.partner/shared"
_EVERYTHING = 1_000_000
_PARTS = {
    "entry": "SELECT name, version FROM entries",
    "publication": "SELECT name, version FROM publications JOIN entries ON entries.id = entry_id",
    "remote": "SELECT name, version FROM private_remotes JOIN entries ON entries.id = entry_id",
    "view": "SELECT name, version FROM view_entries",
}

_Version = tuple[str, str]


class _Publishers:
    """Publish new versions as fast as they are answered until the registry is gone; what was sent and answered."""

    def __init__(self, client: Client, numbers: "count[int]") -> None:
        self.sent: dict[_Version, bytes] = {}
        self.answered: set[_Version] = set()
        self._client = client
        self._numbers = numbers
        self._pool = ThreadPoolExecutor(_PUBLISHERS)
        self._first = threading.Event()
        self._working = [self._pool.submit(self._publish) for _ in range(_PUBLISHERS)]

    def wait_for_an_answer(self) -> None:
        assert self._first.wait(30)

    def end(self) -> None:
        """They end with the registry."""
        self._pool.shutdown()
        for each in self._working:
            each.result()

    def _publish(self) -> None:
        while True:
            number = next(self._numbers)
            # Every other one is a version of a name that all of them publish.
            name = _SHARED if number % 2 else f"com.partner/own-{number}"
            version = f"1.{number}.0"
            remotes = [{"type": "sse", "url": f"https://mcp.example/{name}/{number}"}]
            body = json.dumps(manifest(name, version, remotes=remotes)).encode()
            self.sent[name, version] = body
            try:
                answer = self._client.publish(body)
            except (OSError, http.client.HTTPException):
                return
            assert answer.status == 200, answer.body
            self.answered.add((name, version))
            self._first.set()


def _found(store: Path) -> dict[_Version, set[str]]:
    """Which parts of which versions are there."""
    found: dict[_Version, set[str]] = {}
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        for part, statement in _PARTS.items():
            for name, version in connection.execute(statement):
                found.setdefault((name, version), set()).add(part)
    for event in _record(store):
        if event.action == "server.published":
            name, _, version = event.object.rpartition("@")
            found.setdefault((name, version), set()).add("record")
    return found


def _record(store: Path) -> list[AuditEvent]:
    async def read() -> list[AuditEvent]:
        opened = SqliteStore(store, SystemClock())
        try:
            return [event for _, _, event in opened.snapshot().audit_events(limit=_EVERYTHING)]
        finally:
            await opened.aclose()

    return asyncio.run(read())


def _survives(folder: Path, *, deaths: int, workers: int) -> None:
    chance = random.Random(deaths)
    numbers = count(1)
    registry = RunningRegistry(folder, CONFIGURATION, workers=workers)
    sent: dict[_Version, bytes] = {}
    answered: set[_Version] = set()
    with registry:
        client = Client(registry, issue(registry, *Role, owner="publisher", namespaces=["*"], expires_in_s=None))

    for _ in range(deaths):
        registry.start()
        publishers = _Publishers(client, numbers)
        publishers.wait_for_an_answer()
        linger(chance.uniform(0, 0.05))
        registry.kill()
        publishers.end()
        sent |= publishers.sent
        answered |= publishers.answered

        assert contradictions(registry.store) == []
        found = _found(registry.store)
        assert {version for version, parts in found.items() if parts != {*_PARTS, "record"}} == set()
        assert answered <= found.keys() <= sent.keys()

    with registry:
        for version in found:
            item = client.read(*version)
            assert item.body.startswith(b'{"server":' + sent[version] + b',"_meta":')
        # What left nothing can be published, and what is there says that it is.
        for version in sent.keys() - found.keys():
            assert client.publish(sent[version]).status == 200
        for version in sorted(found)[:20]:
            assert client.publish(sent[version]).status == 400


def test_killed_five_times_while_publishing(on_disk: Path) -> None:
    """
    Whatever was answered is there; whatever is there is whole: entry, publisher, address, view and record.
    """
    _survives(on_disk, deaths=5, workers=1)


@pytest.mark.long
def test_killed_fifty_times_while_publishing(on_disk: Path) -> None:
    """
    The same, fifty times, with two workers.
    """
    _survives(on_disk, deaths=50, workers=2)
