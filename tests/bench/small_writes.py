"""A process that makes one small durable change after the other: `python -m tests.bench.small_writes --store FILE`.

What a command beside a running server does: it waits for its turn, commits, and waits for the disk.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from registry.clock import SystemClock
from registry.store.interface import Transaction
from registry.store.records import AuditEvent
from registry.store.sqlite.store import SqliteStore

_EVERY_S: Final = 0.04
_EVENT: Final = AuditEvent(action="bench.written", actor="bench", roles=(), object="bench", detail={})


class Writes(msgspec.Struct, frozen=True, kw_only=True):
    """Latencies from the instant a write was due to its commit on disk."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


async def write(path: Path, *, seconds: float) -> Writes:
    """A write every 40 ms, or as soon as the one before is through."""
    store = SqliteStore(path, SystemClock())
    taken = []
    try:
        await store.transact(_append)
        begin, due, ends = time.monotonic(), 0.0, seconds
        while due < ends:
            await asyncio.sleep(max(0.0, begin + due - time.monotonic()))
            await store.transact(_append)
            taken.append((time.monotonic() - begin - due) * 1000)
            due += _EVERY_S
    finally:
        await store.aclose()
    taken.sort()
    return Writes(
        count=len(taken),
        p50_ms=taken[len(taken) // 2],
        p99_ms=taken[min(len(taken) - 1, int(len(taken) * 0.99))],
        max_ms=taken[-1],
    )


def _append(transaction: Transaction) -> None:
    transaction.append_audit(_EVENT)


def main() -> None:
    """Write, and say how long it took as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.small_writes", description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=5.0)
    chosen = parser.parse_args()
    found = asyncio.run(write(chosen.store, seconds=chosen.seconds))
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")


if __name__ == "__main__":
    main()
