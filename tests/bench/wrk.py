"""Running wrk: as many requests as the server answers, for the throughput of one core."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

import msgspec

from registry.errors import ConfigFault
from tests.bench.machine import LOADED_FROM, pinned

_SCRIPT: Final = Path(__file__).with_name("wrk.lua")
_CONNECTIONS: Final = 16


class Throughput(msgspec.Struct, frozen=True, kw_only=True):
    """What wrk counted. Its latencies are under saturation: they say how long the queue is, nothing else."""

    requests: int
    duration_us: int
    bytes: int
    bad_statuses: int
    broken: int
    p50_us: int
    p99_us: int

    @property
    def per_second(self) -> float:
        return self.requests / self.duration_us * 1e6


def require_wrk() -> None:
    """Raises ConfigFault where wrk is not installed."""
    if shutil.which("wrk") is None:
        raise ConfigFault("wrk is not installed; on Debian and Ubuntu it is in the package wrk: apt-get install wrk")


def saturate(port: int, targets: Path, *, seconds: float) -> Throughput:
    """
    Ask for the lines of *targets* in turn, on 16 connections of one thread.

    Raises ValueError if anything but 200 came back: such a figure would mean nothing.
    """
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(_SCRIPT)]
    with pinned(LOADED_FROM):
        finished = subprocess.run(
            [*command, f"http://127.0.0.1:{port}/", "--", str(targets)], capture_output=True, check=True
        )
    counted = msgspec.json.decode(finished.stdout.splitlines()[-1], type=Throughput)
    if counted.bad_statuses or counted.broken or not counted.requests:
        raise ValueError(f"the server did not answer all requests with 200: {counted}")
    return counted
