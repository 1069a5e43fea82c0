"""Approvals that end by themselves: announced some time before, and ended though nobody reads what they show."""

from typing import Final

from registry.clock import Clock
from registry.commands.expiries import announce_expiry, end_approvals
from registry.commands.perform import perform
from registry.store.interface import Store

_AT_A_TIME: Final = 20
_US: Final = 1_000_000


class Expiries:
    """
    For the process that has the jobs.

    Args:
        notice_s: How long before an approval ends that is announced.
    """

    def __init__(self, store: Store, clock: Clock, *, notice_s: float) -> None:
        self._store = store
        self._clock = clock
        self._notice_us = round(notice_s * _US)

    async def keep(self, fence: tuple[str, int]) -> None:
        """
        Do what is due.

        Raises:
            Conflict: the lease was taken over by another process.
            StoreFault: nothing can be written.
        """
        while self._any(until_us=self._clock.now_us()) and await perform(
            self._store, lambda transaction: end_approvals(transaction, limit=_AT_A_TIME, fence=fence)
        ):
            pass
        until_us = self._clock.now_us() + self._notice_us
        while self._any(until_us=until_us, unannounced=True) and await perform(
            self._store, lambda transaction: announce_expiry(transaction, notice_us=self._notice_us, fence=fence)
        ):
            pass

    def _any(self, *, until_us: int, unannounced: bool = False) -> bool:
        """Looked up first: a transaction every second would be a lot for nothing."""
        return bool(self._store.snapshot().governance.ending(until_us=until_us, unannounced=unannounced, limit=1))
