"""A closed-loop load generator: asks again as soon as it was answered, so that the server is never idle.

    python -m tests.bench.closedloop --port 8080 --requests FILE [--seconds S]

FILE holds whole requests, as `connection.save_requests` writes them. Each is sent once; with `--seconds` they are sent
in turn for that long. It says how many a second there were. Its latencies would say how long the queue is.
"""

import argparse
import select
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Final

import msgspec

from tests.bench.connection import Connection, load_requests

_CONNECTIONS: Final = 16
_PATIENCE_S: Final = 10.0


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run. `failed`: answers that were no 200."""

    count: int
    failed: int
    took_s: float

    @property
    def per_second(self) -> float:
        return self.count / self.took_s


def saturate(port: int, requests: Iterable[bytes], *, seconds: float | None = None) -> Answered:
    """
    Send *requests*, always one on each of 16 connections; only those that fit into *seconds*, if that is given.

    Raises ValueError if the server closes a connection, does not answer for ten seconds, or answers in a way that
    cannot be counted.
    """
    coming = iter(requests)
    count = failed = under_way = 0
    with ExitStack() as stack:
        poll = stack.enter_context(select.epoll())
        opened: dict[int, Connection] = {}
        for _ in range(_CONNECTIONS):
            connection = stack.enter_context(Connection(port))
            opened[connection.socket.fileno()] = connection
            poll.register(connection.socket.fileno(), select.EPOLLIN)
        began = time.monotonic()
        ends = None if seconds is None else began + seconds
        for connection in opened.values():
            if (request := next(coming, None)) is not None:
                connection.ask(request, 0)
                under_way += 1
        while under_way:
            ready = poll.poll(_PATIENCE_S)
            if not ready:
                raise ValueError(f"no answer for {_PATIENCE_S:.0f} s")
            for descriptor, _ in ready:
                connection = opened[descriptor]
                if not connection.receive():
                    continue
                count += 1
                failed += not connection.ok
                over = ends is not None and time.monotonic() >= ends
                if over or (request := next(coming, None)) is None:
                    under_way -= 1
                else:
                    connection.ask(request, 0)
        return Answered(count=count, failed=failed, took_s=time.monotonic() - began)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.closedloop", description="keep a server busy")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--seconds", type=float)
    chosen = parser.parse_args()
    requests = load_requests(chosen.requests)
    if chosen.seconds is None:
        found = saturate(chosen.port, requests)
    else:
        found = saturate(chosen.port, cycle(requests), seconds=chosen.seconds)
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")


if __name__ == "__main__":
    _main()
