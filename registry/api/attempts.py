"""How often credentials may be tried: only failures count, and too many are answered before the next one is looked at.

Two limits, each in the memory of one worker. A source address that failed too often is refused whatever it sends, so
somebody behind the same address may have to wait with a good credential too; below the limit others' failures cost
nobody anything. A token (its public characters, which are no secret) that was tried too often is refused from
everywhere, except from addresses whose last use of it was good: otherwise anybody who knows these characters could lock
its bearer out. Of more than 10,000 such addresses those noted first are forgotten.
"""

from typing import Final

from registry.api.buckets import Buckets
from registry.api.source_limits import source_of, throttled
from registry.clock import Clock
from registry.policy.ratelimit import RateLimit

PER_SOURCE: Final = RateLimit(burst=30, every_ns=2_000_000_000)
"""30 failures at once, one every two seconds after that."""
PER_TOKEN: Final = RateLimit(burst=10, every_ns=6_000_000_000)
"""10 failures at once, one every six seconds after that."""

_MOST_GOOD: Final = 10_000


class Attempts:
    """What is known of failures and of good uses."""

    def __init__(self, clock: Clock) -> None:
        self._sources = Buckets(PER_SOURCE, clock)
        self._tokens = Buckets(PER_TOKEN, clock)
        self._good: dict[tuple[str, str], None] = {}

    def admit(self, address: str, token: str | None) -> None:
        """
        Raises Throttled if *address* failed too often, or *token* was tried too often; says when to try again.

        Args:
            token: The public characters of the token that is tried; None for another credential.
        """
        if not self._sources:
            return
        wait_ns = self._sources.empty_for(source_of(address))
        if token is not None and (address, token) not in self._good:
            wait_ns = max(wait_ns, self._tokens.empty_for(token))
        if wait_ns:
            raise throttled("too many credentials were refused", wait_ns)

    def failed(self, address: str, token: str | None) -> None:
        """What *address* sent was no good."""
        self._sources.spend(source_of(address))
        if token is not None:
            self._tokens.spend(token)
            self._good.pop((address, token), None)

    def succeeded(self, address: str, token: str | None) -> None:
        """What *address* sent was good."""
        if token is None or (address, token) in self._good:
            return
        self._good[address, token] = None
        if len(self._good) > _MOST_GOOD:
            del self._good[next(iter(self._good))]
