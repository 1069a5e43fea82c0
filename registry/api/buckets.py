"""Buckets of a rate limit in the memory of one worker process, one for each key, and never too many of them.

With N workers a key has up to N times the limit: these keep one caller from taking a worker's time, or from guessing
fast. They are no quota.
"""

from collections import OrderedDict
from typing import Final

from registry.clock import Clock
from registry.policy.ratelimit import RateLimit, spend

_MOST: Final = 10_000


class Buckets:
    """Of more than 10,000 the one that was spent from least recently is forgotten."""

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._tats_ns: OrderedDict[str, int] = OrderedDict()

    def spend(self, key: str) -> int:
        """Take one from the bucket of *key*: 0, or if it is empty how many nanoseconds until it is not."""
        spent = spend(self._limit, tat_ns=self._tats_ns.get(key, 0), now_ns=self._clock.monotonic_ns())
        self._tats_ns[key] = spent.tat_ns
        self._tats_ns.move_to_end(key)
        if len(self._tats_ns) > _MOST:
            self._tats_ns.popitem(last=False)
        return spent.retry_after_ns

    def empty_for(self, key: str) -> int:
        """How many nanoseconds until there is one in the bucket of *key*; 0 if there is. Takes none."""
        tat_ns = self._tats_ns.get(key)
        if tat_ns is None:
            return 0
        return spend(self._limit, tat_ns=tat_ns, now_ns=self._clock.monotonic_ns()).retry_after_ns

    def __len__(self) -> int:
        return len(self._tats_ns)
