"""How often somebody may change something, counted by all workers together."""

from collections.abc import Iterable
from typing import Final

import msgspec

from registry.errors import Throttled
from registry.policy.ratelimit import RateLimit, spend
from registry.store.interface import Transaction

_HOUR_NS: Final = 3600 * 1_000_000_000


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """
    One bucket of changes.

    Attributes:
        key: Who shares it, such as `publish/subject/ci@acme`.
        whose: The same for people, as in "too many changes by …".
    """

    key: str
    whose: str
    limit: RateLimit


def hourly(changes: int) -> RateLimit:
    """*changes* in an hour, all of them at once if need be."""
    return RateLimit(burst=changes, every_ns=_HOUR_NS // changes)


def spend_quotas(transaction: Transaction, quotas: Iterable[Quota], *, now_us: int) -> None:
    """
    Count one change in each of *quotas*. What is refused later in the same transaction was not counted.

    Raises Throttled if one of them is used up.
    """
    now_ns = now_us * 1000
    for quota in quotas:
        tat_ns = transaction.bucket(quota.key)
        # No bucket takes longer than an hour to be full, and no change waits longer than another one for its turn: the
        # wall clock was set back, and what it once said of this bucket says nothing any more.
        if tat_ns > now_ns + 2 * _HOUR_NS:
            tat_ns = 0
        spent = spend(quota.limit, tat_ns=tat_ns, now_ns=now_ns)
        if not spent.allowed:
            wait_s = -(-spent.retry_after_ns // 1_000_000_000)
            raise Throttled(
                f"too many changes by {quota.whose}: {quota.limit.burst} an hour are the most; try again in {wait_s} s",
                retry_after_s=wait_s,
            )
        transaction.put_bucket(quota.key, spent.tat_ns)
