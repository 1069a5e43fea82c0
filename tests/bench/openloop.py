"""An open-loop load generator: sends on schedule, whatever the server does, and counts from the scheduled instant.

    python -m tests.bench.openloop --port 8080 --rate 500 --seconds 5 --targets FILE

With `--requests` FILE holds whole requests, as `connection.save_requests` writes them, and each is sent once.

A closed loop waits for an answer before it asks again, so a server that stalls is asked less and looks fast. Here a
request that finds every connection busy waits for one, and the wait is part of its latency. One thread, no event
loop: those round their timers to milliseconds, this looks at the clock until it is time. It wants a core of its own.
"""

import argparse
import select
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.connection import Connection, get, load_requests

_CONNECTIONS: Final = 64
_PATIENCE_NS: Final = 10_000_000_000
# Closer than this to the next instant it does not sleep: the kernel's timers are about a millisecond late.
_SPIN_NS: Final = 1_500_000
_LAST_ONES_NS: Final = 30_000_000
_RUN_UP_NS: Final = 10_000_000


class Latencies(msgspec.Struct, frozen=True, kw_only=True):
    """
    What came of a run. Latencies are from the scheduled instant to the last byte of the answer.

    `lag_*` is this generator's own error: how late it looked at a request that was due.
    """

    requests: int
    answered: int
    failed: int
    rate: float
    achieved: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    lag_p99_ms: float
    lag_max_ms: float


def run(
    port: int, targets: Sequence[str], *, rate: float, seconds: float, connections: int = _CONNECTIONS
) -> Latencies:
    """
    Ask for *targets* in turn, *rate* a second.

    Raises ValueError if the server closes a connection or answers in a way that cannot be counted.
    """
    requests = [get(port, target) for target in targets]
    return send(port, requests, rate=rate, total=round(rate * seconds), connections=connections)


def send(
    port: int, requests: Sequence[bytes], *, rate: float, total: int, connections: int = _CONNECTIONS
) -> Latencies:
    """Send *total* requests, those of *requests* in turn. Otherwise as `run`."""
    with ExitStack() as stack:
        opened = [stack.enter_context(Connection(port)) for _ in range(connections)]
        poll = stack.enter_context(select.epoll())
        return _ask_on_schedule(requests, opened, poll, rate=rate, total=total)


def _ask_on_schedule(
    requests: Sequence[bytes], opened: Sequence[Connection], poll: select.epoll, *, rate: float, total: int
) -> Latencies:
    by_descriptor = {connection.socket.fileno(): connection for connection in opened}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.EPOLLIN)
    idle = deque(opened)
    waiting: deque[int] = deque()
    latencies: list[int] = []
    lags: list[int] = []
    failed, due, sent = 0, 0, 0
    gap_ns = 1e9 / rate
    begin_ns = time.monotonic_ns() + _RUN_UP_NS
    end_ns = begin_ns + round(total * gap_ns) + _PATIENCE_NS
    due_ns = begin_ns
    while len(latencies) < total and (now_ns := time.monotonic_ns()) < end_ns:
        while due < total and due_ns <= now_ns:
            lags.append(now_ns - due_ns)
            waiting.append(due_ns)
            due += 1
            due_ns = begin_ns + round(due * gap_ns)
        while waiting and idle:
            idle.popleft().ask(requests[sent % len(requests)], waiting.popleft())
            sent += 1
        for descriptor, _ in poll.poll(_sleep_s(due_ns - now_ns if due < total else _LAST_ONES_NS)):
            connection = by_descriptor[descriptor]
            if connection.receive():
                latencies.append(time.monotonic_ns() - connection.scheduled_ns)
                failed += not connection.ok
                idle.append(connection)
    took_s = (time.monotonic_ns() - begin_ns) / 1e9
    return _summary(total, latencies, lags, failed=failed, rate=rate, took_s=took_s)


def _sleep_s(until_due_ns: float) -> float:
    return 0 if until_due_ns < _SPIN_NS else (until_due_ns - _SPIN_NS) / 1e9


def _summary(
    total: int, latencies: list[int], lags: list[int], *, failed: int, rate: float, took_s: float
) -> Latencies:
    # What never came back took for ever: it counts with the patience that was spent on it.
    ordered = sorted([*latencies, *[_PATIENCE_NS] * (total - len(latencies))])
    late = sorted(lags)
    return Latencies(
        requests=total,
        answered=len(latencies),
        failed=failed,
        rate=rate,
        achieved=len(latencies) / took_s,
        p50_ms=_share(ordered, 0.5),
        p99_ms=_share(ordered, 0.99),
        p999_ms=_share(ordered, 0.999),
        max_ms=ordered[-1] / 1e6,
        lag_p99_ms=_share(late, 0.99),
        lag_max_ms=late[-1] / 1e6,
    )


def _share(ordered: list[int], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.openloop", description="put load on a server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="requests a second")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=_CONNECTIONS)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--targets", type=Path, help="paths with their queries, one a line")
    asked.add_argument("--requests", type=Path, help="whole requests, each of which is sent once")
    chosen = parser.parse_args()
    if chosen.requests is not None:
        requests = load_requests(chosen.requests)
        found = send(chosen.port, requests, rate=chosen.rate, total=len(requests), connections=chosen.connections)
    else:
        targets = chosen.targets.read_text().splitlines()
        found = run(chosen.port, targets, rate=chosen.rate, seconds=chosen.seconds, connections=chosen.connections)
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")


if __name__ == "__main__":
    _main()
