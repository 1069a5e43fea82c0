"""Clocks that tests set: one for the same process, one for a server in another process.

Both keep the two readings of `registry.clock.Clock` apart: time that passes moves instant and stopwatch, a
step of the host's clock moves only the instant, forwards or backwards.
"""

import os
import time
from pathlib import Path

_US = 1_000_000
_NS = 1_000_000_000


class FrozenClock:
    """Stands still until a test moves it."""

    def __init__(self, start_us: int) -> None:
        self._now_us = start_us
        self._monotonic_ns = 0

    def now_us(self) -> int:
        return self._now_us

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def advance(self, seconds: float) -> None:
        """Time passes: both readings move. Raises ValueError for negative *seconds*."""
        if seconds < 0:
            raise ValueError("time does not pass backwards; step_to() sets the clock back")
        self._now_us += round(seconds * _US)
        self._monotonic_ns += round(seconds * _NS)

    def step_to(self, instant_us: int) -> None:
        """Somebody sets the host's clock: the instant jumps, the stopwatch goes on."""
        self._now_us = instant_us


class FileClock:
    """
    Real time plus offsets that another process writes with `ClockFile`. Without the file it is the real time.

    A reading costs one `stat` (about a microsecond); the file is read only when it was replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._offsets_ns = (0, 0)

    def now_us(self) -> int:
        return (time.time_ns() + self._read()[0]) // 1000

    def monotonic_ns(self) -> int:
        return time.monotonic_ns() + self._read()[1]

    def _read(self) -> tuple[int, int]:
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            return self._offsets_ns
        # Every write is a new file moved into place: two within one tick of mtime differ in the inode.
        seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._seen:
            instant_ns, stopwatch_ns = self._path.read_text(encoding="ascii").split()
            self._offsets_ns = (int(instant_ns), int(stopwatch_ns))
            self._seen = seen
        return self._offsets_ns


class ClockFile:
    """The test's end of a `FileClock`: every call takes effect at the next reading in the other process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._instant_ns = 0
        self._stopwatch_ns = 0

    def now_us(self) -> int:
        """The instant that the other process reads."""
        return (time.time_ns() + self._instant_ns) // 1000

    def advance(self, seconds: float) -> None:
        """Time passes: both readings move. Raises ValueError for negative *seconds*."""
        if seconds < 0:
            raise ValueError("time does not pass backwards; step() sets the clock back")
        self._stopwatch_ns += round(seconds * _NS)
        self.step(seconds)

    def step(self, seconds: float) -> None:
        """Somebody sets the host's clock by *seconds*, forwards or backwards; the stopwatch goes on."""
        self._instant_ns += round(seconds * _NS)
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.write_text(f"{self._instant_ns} {self._stopwatch_ns}\n", encoding="ascii")
        fresh.replace(self.path)
