"""How often one source address may ask for what is open to everybody and costs more than a read.

The buckets are in the memory of one worker process: with N workers a source gets up to N times the limit. That keeps
one caller from taking a worker's time; it is no quota.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from registry.clock import Clock
from registry.errors import Throttled
from registry.policy.ratelimit import RateLimit, spend

_MOST_SOURCES: Final = 10_000


class SourceLimits:
    """
    One bucket for each source; of more than 10,000 the one that was asked for least recently is forgotten.
    """

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._tats_ns: OrderedDict[str, int] = OrderedDict()

    def admit(self, address: str) -> None:
        """Raises Throttled if *address*, or its neighbours in one IPv6 network, asked too often."""
        source = _source(address)
        spent = spend(self._limit, tat_ns=self._tats_ns.get(source, 0), now_ns=self._clock.monotonic_ns())
        self._tats_ns[source] = spent.tat_ns
        self._tats_ns.move_to_end(source)
        if len(self._tats_ns) > _MOST_SOURCES:
            self._tats_ns.popitem(last=False)
        if not spent.allowed:
            # Rounded up: whoever waits that long is admitted.
            wait_s = -(-spent.retry_after_ns // 1_000_000_000)
            raise Throttled(f"too many requests from one address; try again in {wait_s} s", retry_after_s=wait_s)


def _source(address: str) -> str:
    """One network of 64 bits is one source: whoever has an IPv6 address usually has all of it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address
