"""Turns for writers of several processes.

SQLite's own busy handler sleeps and tries again, so a process that writes all the time starves the others. Here a
writer queues at a gate, and only who holds the gate waits for the room; whoever leaves the room and wants back in
stands behind the one at the gate. Both are `flock`s, which the kernel frees when a process dies, however it dies.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final


class Turnstile:
    """The turn to write to the file at *path*. One instance per thread that writes."""

    def __init__(self, path: Path) -> None:
        self._gate: Final = _lock_file(path, "-gate")
        self._room: Final = _lock_file(path, "-room")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn and hold it. Blocks: for a thread, never for the event loop."""
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._room, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._room, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._gate)
        os.close(self._room)


def _lock_file(path: Path, suffix: str) -> int:
    return os.open(path.with_name(path.name + suffix), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
