"""No more requests a second than an upstream allows."""

from registry.clock import Clock
from sync.pause import Pause
from sync.upstream import Upstream, UpstreamPage

_NS = 1_000_000_000


class PacedUpstream:
    """Pages of *inner*, their requests at least 1 / *max_rate* seconds apart."""

    def __init__(self, inner: Upstream, *, max_rate: float, clock: Clock, pause: Pause) -> None:
        self._inner = inner
        self._gap_ns = round(_NS / max_rate)
        self._clock = clock
        self._pause = pause
        self._next_ns: int | None = None

    async def page(self, *, since_us: int | None, cursor: str | None) -> UpstreamPage:
        now_ns = self._clock.monotonic_ns()
        if self._next_ns is not None and self._next_ns > now_ns:
            await self._pause.wait((self._next_ns - now_ns) / _NS)
            now_ns = self._next_ns
        self._next_ns = now_ns + self._gap_ns
        return await self._inner.page(since_us=since_us, cursor=cursor)
