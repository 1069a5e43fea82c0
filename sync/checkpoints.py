"""Confirming the record with a signature, in the process that has the jobs: every thousand events, and every hour."""

from typing import Final

from registry.audit.checkpoint import CheckpointKey
from registry.clock import Clock
from registry.commands.make_checkpoint import make_checkpoint
from registry.commands.perform import perform
from registry.store.interface import Store

_EVENTS: Final = 1000
_HOUR_US: Final = 3600 * 1_000_000


class Checkpoints:
    """
    Args:
        key: What signs them. None: nothing does in this process.
    """

    def __init__(self, store: Store, clock: Clock, key: CheckpointKey | None) -> None:
        self._store = store
        self._clock = clock
        self._key = key

    async def keep(self, fence: tuple[str, int]) -> None:
        """
        Make one if it is time.

        Raises:
            Conflict: the lease was taken over by another process.
            StoreFault: nothing can be written.
        """
        key = self._key
        if key is not None and self._due:
            await perform(self._store, lambda transaction: make_checkpoint(transaction, key, fence=fence))

    @property
    def _due(self) -> bool:
        snapshot = self._store.snapshot()
        head, last = snapshot.audit_head(), snapshot.last_checkpoint()
        if last is None or head.sequence == last.sequence:
            return last is None and head.sequence > 0
        # Also where the host's clock stepped far back; instants in the file may be a little ahead of it.
        late = abs(self._clock.now_us() - last.at_us) >= _HOUR_US
        return late or head.sequence - last.sequence >= _EVENTS
