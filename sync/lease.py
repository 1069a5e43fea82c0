"""The right to run the jobs: one process has it, renews it while it lives, and others take over when it does not.

The lease only saves work. What keeps a late process from harm is the fence: its number changes with the holder, and
every transaction of a run checks it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from registry.clock import Clock
from registry.commands.keep_lease import keep_lease, release_lease
from registry.commands.perform import Done, perform, recorded
from registry.errors import Conflict
from registry.store.interface import Store, Transaction
from registry.store.records import Lease
from sync.holder import certainly_dead

JOBS: Final = "jobs"
TTL_US: Final = 10_000_000
_RENEW_AFTER_US: Final = 3_000_000
_RENEW_EVERY_S: Final = 3.0


class JobsLease:
    """
    This process' end of the lease.

    Args:
        holder: Different for every process, also after a restart.
    """

    def __init__(self, store: Store, clock: Clock, *, holder: str) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._lease: Lease | None = None

    @property
    def held(self) -> bool:
        """Whether this process has it, as far as it knows."""
        return self._lease is not None and self._lease.expires_us > self._clock.now_us()

    async def fence(self) -> tuple[str, int] | None:
        """Name and number of the lease if this process has or gets it, else None. Renewed when that is time."""
        lease, now_us = self._lease, self._clock.now_us()
        fresh = lease is not None and 0 <= lease.expires_us - now_us - (TTL_US - _RENEW_AFTER_US) <= _RENEW_AFTER_US
        if not fresh:
            lease = await self._renewed(now_us)
        return None if lease is None else (JOBS, lease.fence)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """
        Renew it while the body runs.

        Raises:
            Conflict: it was lost; the body was cancelled.
        """
        try:
            async with asyncio.TaskGroup() as group:
                renewing = group.create_task(self._keep_renewing())
                try:
                    yield
                finally:
                    renewing.cancel()
        except ExceptionGroup as errors:
            # The body's own error, or the loss that ended it: there is no second one that says more.
            raise errors.exceptions[0] from errors

    async def release(self) -> None:
        """Let another process have it at once."""
        if self._lease is not None:
            self._lease = None
            await perform(self._store, lambda transaction: release_lease(transaction, JOBS, holder=self._holder))

    async def _renewed(self, now_us: int) -> Lease | None:
        standing = self._store.snapshot().lease(JOBS)
        # Whoever waits for it only reads: a write every second by every process would be a lot for nothing.
        taken = standing is not None and standing.holder != self._holder and standing.expires_us > now_us
        dead = standing.holder if taken and standing is not None and certainly_dead(standing.holder) else None
        if taken and dead is None:
            self._lease = None
            return None

        def command(transaction: Transaction) -> Done[Lease | None]:
            if dead is not None:
                recorded(transaction, release_lease(transaction, JOBS, holder=dead))
            return keep_lease(transaction, JOBS, holder=self._holder, now_us=now_us, ttl_us=TTL_US)

        self._lease = await perform(self._store, command, durable=False)
        return self._lease

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY_S)
            if await self._renewed(self._clock.now_us()) is None:
                raise Conflict("another process has taken over the jobs; this one stops")
