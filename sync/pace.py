"""No more requests a second than an upstream allows."""

from typing import Final

from registry.clock import Clock
from sync.pause import Pause

_NS: Final = 1_000_000_000


class Pace:
    """Turns at least 1 / *max_rate* seconds apart."""

    def __init__(self, *, max_rate: float, clock: Clock, pause: Pause) -> None:
        self._gap_ns = round(_NS / max_rate)
        self._clock = clock
        self._pause = pause
        self._next_ns: int | None = None

    async def turn(self) -> None:
        """Returns when the next request may go out. One caller at a time."""
        now_ns = self._clock.monotonic_ns()
        if self._next_ns is not None and self._next_ns > now_ns:
            await self._pause.wait((self._next_ns - now_ns) / _NS)
            now_ns = self._next_ns
        self._next_ns = now_ns + self._gap_ns
