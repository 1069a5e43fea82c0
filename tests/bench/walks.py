"""A full walk that something else is measured beside: the upstream it reads, and how far it is."""

import http.client
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.machine import LOADED_FROM, SERVED_ON, pinned
from tests.bench.served import Served

_PATIENCE_S: Final = 30.0
_WALKS: Final = "SELECT count(*) FROM runs WHERE state = 'running'"


class WalkEnded(ValueError):
    """Raised when the walk was over before the measurement beside it."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Of the newest run a store knows."""

    state: str
    pages: int


class _Runs(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Progress]


@contextmanager
def upstream_of(catalog: Path) -> Iterator[str]:
    """The fake upstream as a process on the other core; its URL."""
    with pinned(LOADED_FROM):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.doubles.upstream", "--catalog", str(catalog)], stdout=subprocess.PIPE
        )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE_S)
        process.stdout.close()


def wait_for_walk(served: Served) -> Progress:
    """Returns when the newest run goes and has read a page. Raises ValueError if that takes too long."""
    ends = time.monotonic() + _PATIENCE_S
    while (progress := latest_run(served)).state != "running" or progress.pages < 1:
        if time.monotonic() > ends:
            raise ValueError(f"no walk began: {served.log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
    return progress


def latest_run(served: Served) -> Progress:
    """How far the newest run is."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/v1/sync-runs?limit=1")
        return msgspec.json.decode(connection.getresponse().read(), type=_Runs).items[0]
    finally:
        connection.close()


@contextmanager
def walk_beside(config: Path, store: Path) -> Iterator[None]:
    """
    `mcp-registry sync --full` in a process of its own, on the core that is measured.

    It has the lease of the jobs before this goes on: a server that starts later leaves the walk to it. Raises
    WalkEnded if it ended before the body did.
    """
    command = [sys.executable, "-m", "registry", "sync", "--full", "--config", str(config)]
    with pinned(SERVED_ON):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_lease(store)
        yield
        if process.poll() is not None:
            raise WalkEnded(f"the walk ended before the measurement did: exit status {process.returncode}")
    finally:
        process.kill()
        process.wait(_PATIENCE_S)


def _wait_for_lease(store: Path) -> None:
    ends = time.monotonic() + _PATIENCE_S
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        while not connection.execute(_WALKS).fetchone()[0]:
            if time.monotonic() > ends:
                raise ValueError("no walk began")
            time.sleep(0.05)
