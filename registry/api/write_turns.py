"""How many turns to write somebody may take without changing anything: checks, and changes that are refused.

Changes count against quotas that all workers share (registry/commands/quota.py), but what is refused, or only tried, is
rolled back, and its count with it. So each worker counts those in its own memory: it is no quota, it keeps one caller
from taking everybody's turns.
"""

import contextlib
from collections.abc import Iterator
from typing import Final

from registry.api.buckets import Buckets
from registry.api.source_limits import throttled
from registry.clock import Clock
from registry.errors import CallerFault, InvalidManifest, Throttled
from registry.policy.principal import Principal
from registry.policy.ratelimit import RateLimit

WITHOUT_CHANGE: Final = RateLimit(burst=300, every_ns=100_000_000)
"""For each subject and worker: 300 at once, ten a second after that."""


class WriteTurns:
    """One bucket for each subject."""

    def __init__(self, clock: Clock) -> None:
        self._buckets = Buckets(WITHOUT_CHANGE, clock)

    @contextlib.contextmanager
    def of(self, principal: Principal, *, dry_run: bool = False) -> Iterator[None]:
        """
        For what *principal* asks of the store meanwhile. Raises Throttled if too much came to nothing before.

        Args:
            dry_run: It changes nothing, whatever it finds.
        """
        wait_ns = self._buckets.empty_for(principal.subject)
        if wait_ns:
            raise throttled(f"too many checks and refused changes by {principal.subject}", wait_ns)
        if dry_run:
            self._buckets.spend(principal.subject)
        try:
            yield
        except (InvalidManifest, Throttled):
            # The former never came to its turn, the latter says itself when to come back.
            raise
        except CallerFault:
            if not dry_run:
                self._buckets.spend(principal.subject)
            raise
