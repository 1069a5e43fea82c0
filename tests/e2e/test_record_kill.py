"""A power cut in the middle of writes leaves a chain without a broken link, with everything that was answered in it."""

import contextlib
import http.client
import random
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from registry.audit.event import decode_event
from registry.policy.principal import Role
from tests.api.publishing import CONFIGURATION, Client, manifest
from tests.doubles.issued import issue
from tests.e2e.command import mcp_registry
from tests.e2e.moments import linger
from tests.running import RunningRegistry

_PUBLISHERS = 4


class _Publishers:
    """Publish without pause, each its own server, until nobody answers; and remember what was answered with 200."""

    def __init__(self, registry: RunningRegistry, token: str, life: int) -> None:
        self.acknowledged: list[str] = []
        self._begun = threading.Event()
        self._threads = [
            threading.Thread(target=self._publish, args=(Client(registry, token), f"com.partner/l{life}-p{number}"))
            for number in range(_PUBLISHERS)
        ]
        for each in self._threads:
            each.start()

    def wait_until_begun(self) -> None:
        assert self._begun.wait(30)

    def join(self) -> None:
        for each in self._threads:
            each.join(30)

    def _publish(self, client: Client, name: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            for version in range(100_000):
                answer = client.publish(manifest(name, f"{version}.0.0"))
                assert answer.status == 200, answer.body
                self.acknowledged.append(f"{name}@{version}.0.0")
                self._begun.set()


def _survives(folder: Path, *, deaths: int) -> None:
    chance = random.Random(deaths)
    registry = RunningRegistry(folder, CONFIGURATION, workers=2)
    acknowledged: list[str] = []
    token = ""
    for life in range(deaths):
        registry.start()
        token = token or issue(registry, Role.PUBLISHER, namespaces=["com.partner/*"], expires_in_s=None)
        publishers = _Publishers(registry, token, life)
        publishers.wait_until_begun()
        linger(chance.uniform(0, 0.3))
        registry.kill()
        publishers.join()
        acknowledged += publishers.acknowledged

        verified = mcp_registry("audit", "verify", "--config", registry.config, "--json")
        assert verified.status == 0, verified.out + verified.err
        # Whoever starts next may not take over the jobs before the lease of the dead has expired.
        registry.clock.advance(11.0)

    with closing(sqlite3.connect(registry.store)) as connection:
        records = [decode_event(row[0]) for row in connection.execute("SELECT record FROM audit_events ORDER BY id")]
        stored = {f"{name}@{version}" for name, version in connection.execute("SELECT name, version FROM entries")}
    published = [each.object for each in records if each.action == "server.published"]
    assert set(acknowledged) <= set(published)
    # What is there is on record, and what is on record is there: a change and its event are one.
    assert sorted(published) == sorted(stored)


def test_killed_three_times_while_publishing(on_disk: Path) -> None:
    """
    The chain verifies after each, nothing acknowledged is missing, nothing is there that is not on record.
    """
    _survives(on_disk, deaths=3)


@pytest.mark.long
def test_killed_twenty_times_while_publishing(on_disk: Path) -> None:
    """
    The same, twenty times.
    """
    _survives(on_disk, deaths=20)
