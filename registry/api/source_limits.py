"""How often one source address may ask for what is open to everybody and costs more than a read.

The buckets are those of one worker process (buckets.py). That keeps one caller from taking a worker's time; it is no
quota.
"""

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from registry.api.buckets import Buckets
from registry.clock import Clock
from registry.errors import Throttled
from registry.policy.ratelimit import RateLimit


class SourceLimits:
    """One bucket for each source."""

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self._buckets = Buckets(limit, clock)

    def admit(self, address: str) -> None:
        """Raises Throttled if *address*, or its neighbours in one IPv6 network, asked too often."""
        wait_ns = self._buckets.spend(source_of(address))
        if wait_ns:
            raise throttled("too many requests from one address", wait_ns)


def throttled(what: str, wait_ns: int) -> Throttled:
    """The refusal of *what*; whoever waits as long as it says is admitted."""
    wait_s = -(-wait_ns // 1_000_000_000)
    return Throttled(f"{what}; try again in {wait_s} s", retry_after_s=wait_s)


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """One network of 64 bits is one source: whoever has an IPv6 address usually has all of it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((int(parsed) >> 64 << 64, 64)))
    return address
