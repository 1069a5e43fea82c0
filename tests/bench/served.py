"""Servers as child processes on the core that is measured, and load on them from the other one."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.catalogs import upstream_table
from tests.bench.closedloop import Answered
from tests.bench.connection import save_requests
from tests.bench.machine import LOADED_FROM, SERVED_ON, pinned
from tests.bench.openloop import Latencies
from tests.bench.prepared import write_lines
from tests.bench.telling import tell
from tests.running import free_port

_PATIENCE_S: Final = 30.0
_MOST_LAG_MS: Final = 1.0


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A server that answers. `ready_s`: from starting the process to its first 200."""

    port: int
    pid: int
    ready_s: float
    log: Path

    @property
    def worker(self) -> int:
        """The process that answers; the other one only watches it."""
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])

    @property
    def processor_s(self) -> float:
        """How long the worker has been on a core so far."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def anonymous_mb(self) -> float:
        """Memory of the worker alone, without what it maps from files."""
        for line in Path(f"/proc/{self.worker}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
        raise ValueError(f"/proc/{self.worker}/status tells no RssAnon")

    def access_lines(self) -> int:
        """How many requests its access log tells of."""
        with self.log.open("rb") as lines:
            return sum(b'"duration_ms":' in line for line in lines)


@contextmanager
def registry(folder: Path, store: Path, *, upstream: str | None = None, more: str = "") -> Iterator[Served]:
    """The registry with one worker on a store, its log in a file; *upstream*: an `[[upstream]]` table."""
    port = free_port()
    config = configuration(folder, store, port, upstream or upstream_table(), more)
    command = ["-m", "registry", "serve", "--config", str(config)]
    with _child(command, port, "/v0.1/servers?limit=1", folder) as served:
        yield served


def configuration(folder: Path, store: Path, port: int, upstream: str, more: str = "") -> Path:
    """A configuration file under which the store is served to everybody at that port; *more*: further tables."""
    file = folder / f"registry-{port}.toml"
    file.write_text(
        f'[server]\nlisten = "127.0.0.1:{port}"\n\n[store]\npath = "{store}"\n\n'
        f'[anonymous]\nteam = "everyone"\n\n{upstream}\n{more}'
    )
    return file


@contextmanager
def bare(folder: Path, bodies: Path) -> Iterator[Served]:
    """The handler that returns prepared bytes."""
    port = free_port()
    command = ["-m", "tests.bench.bare", "--port", str(port), "--bodies", str(bodies)]
    with _child(command, port, "/prepared?0", folder) as served:
        yield served


def open_loop(
    served: Served, targets: Sequence[str], folder: Path, *, rate: float, seconds: float, tries: int = 3
) -> Latencies:
    """
    Latencies at a rate, from a generator of its own process and core.

    A run in which the generator was late says something about the machine, not the server: it is done again, and the
    one with the least lag of *tries* counts.
    """
    file = write_lines(folder / "open-loop-targets", targets)
    options = ("--targets", str(file), "--seconds", str(seconds))
    found = _open_loop(served.port, rate, *options)
    for _ in range(tries - 1):
        if found.lag_p99_ms > _MOST_LAG_MS:
            tell(f"the load was {found.lag_p99_ms:.1f} ms late at p99: something else uses its core; once more")
            again = _open_loop(served.port, rate, *options)
            found = min(found, again, key=lambda one: one.lag_p99_ms)
    return found


def open_loop_once(served: Served, requests: Sequence[bytes], folder: Path, *, rate: float) -> Latencies:
    """Latencies of *requests*, each sent once: what is written cannot be written again."""
    file = save_requests(folder / "open-loop-requests", requests)
    return _open_loop(served.port, rate, "--requests", str(file))


def closed_loop(served: Served, requests: Sequence[bytes], folder: Path, *, seconds: float | None = None) -> Answered:
    """As many of *requests* as are answered in *seconds*, in turn; without it each of them once."""
    file = save_requests(folder / "closed-loop-requests", requests)
    options = [] if seconds is None else ["--seconds", str(seconds)]
    command = ["-m", "tests.bench.closedloop", "--port", str(served.port), "--requests", str(file), *options]
    with pinned(LOADED_FROM):
        finished = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, check=True)
    found = msgspec.json.decode(finished.stdout, type=Answered)
    if found.failed or not found.count:
        raise ValueError(f"the server did not answer all requests with 200: {found}")
    return found


def _open_loop(port: int, rate: float, *options: str) -> Latencies:
    command = [sys.executable, "-m", "tests.bench.openloop", "--port", str(port), "--rate", str(rate), *options]
    with pinned(LOADED_FROM):
        finished = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    found = msgspec.json.decode(finished.stdout, type=Latencies)
    if found.failed or found.answered != found.requests:
        raise ValueError(f"the server did not answer all requests with 200: {found}")
    return found


@contextmanager
def _child(command: Sequence[str], port: int, first: str, folder: Path) -> Iterator[Served]:
    log = folder / f"log-{port}"
    with log.open("wb") as output:
        began = time.monotonic()
        with pinned(SERVED_ON):
            process = subprocess.Popen([sys.executable, *command], stdout=output, stderr=output)
        try:
            _wait_for(process, port, first, log)
            yield Served(port=port, pid=process.pid, ready_s=time.monotonic() - began, log=log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(_PATIENCE_S)
    if command[1] == "registry" and b"refused to gracefully stop" in log.read_bytes():
        tell("the registry's worker had to be killed: it did not stop by itself in time")


def _wait_for(process: subprocess.Popen[bytes], port: int, first: str, log: Path) -> None:
    ends = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
        try:
            connection.request("GET", first)
            if connection.getresponse().read() is not None:
                return
        except OSError:
            # Not listening yet. Fine enough for a start of a second, and no load on the core that starts.
            time.sleep(0.005)
        finally:
            connection.close()
    raise ValueError(f"the server did not answer: {log.read_text(errors='replace')[-2000:]}")
