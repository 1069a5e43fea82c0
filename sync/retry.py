"""Asking again, when that may help: what an upstream wants to be waited for, its errors, its silence.

Nothing is waited for long, nor beyond the run's deadline: a run that cannot go on soon ends, and is gone on with later.
"""

from collections.abc import Callable

from registry.errors import UpstreamFault, UpstreamNonsense, UpstreamRefused, UpstreamUnreachable
from sync.deadline import Deadline
from sync.pause import Pause
from sync.terms import SyncTerms
from sync.upstream import Upstream, UpstreamPage

_ASKS_TO_WAIT = frozenset({429, 503})


class RetryingUpstream:
    """
    Pages of *inner*, each asked for several times if need be.

    Args:
        chance: A number from 0 to 1, anew for each wait: how much of the longest jitter it gets.
    """

    def __init__(
        self, inner: Upstream, *, terms: SyncTerms, deadline: Deadline, pause: Pause, chance: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._terms = terms
        self._deadline = deadline
        self._pause = pause
        self._chance = chance

    async def page(self, *, since_us: int | None, cursor: str | None) -> UpstreamPage:
        tried = 0
        while True:
            self._deadline.require()
            try:
                return await self._inner.page(since_us=since_us, cursor=cursor)
            except UpstreamFault as fault:
                tried += 1
                if tried >= self._most_tries(fault):
                    raise
                await self._wait_after(fault, tried)

    def _most_tries(self, fault: UpstreamFault) -> int:
        match fault:
            case UpstreamRefused(status=status) if status in _ASKS_TO_WAIT:
                return self._terms.throttled_tries if fault.retry_after_s is not None else self._terms.tries
            case UpstreamRefused(status=status) if status >= 500:
                return self._terms.tries
            case UpstreamUnreachable():
                return self._terms.tries
            case UpstreamNonsense():
                return self._terms.nonsense_tries
            case _:
                return 1

    async def _wait_after(self, fault: UpstreamFault, tried: int) -> None:
        wished_s = fault.retry_after_s if isinstance(fault, UpstreamRefused) else None
        if isinstance(fault, UpstreamRefused) and wished_s is not None and wished_s > self._terms.longest_wish_s:
            raise UpstreamRefused(
                f"{fault}; it asks to wait {wished_s:.0f} s, and is tried again after that",
                status=fault.status,
                retry_after_s=wished_s,
            ) from fault
        backoff_s = min(self._terms.backoff_s * 2.0 ** (tried - 1), self._terms.longest_backoff_s)
        # Jitter is added to a wish, never taken from it.
        wait_s = (wished_s or backoff_s) + backoff_s * self._chance() / 4
        if wait_s >= self._deadline.remaining_s:
            raise UpstreamUnreachable(
                f"{fault}; waiting {wait_s:.0f} s for it would exceed the deadline of the run"
            ) from fault
        await self._pause.wait(wait_s)
