"""How much is too much: the generic cell rate algorithm, as arithmetic on one integer for each bucket.

The integer is the bucket's theoretical arrival time: the instant at which it will be full again. Whoever keeps it
starts with 0 and stores what `spend` answers.
"""

import msgspec


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """
    A bucket of *burst* tokens, of which one comes back every *every_ns* nanoseconds.
    """

    burst: int
    every_ns: int


class Spend(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        tat_ns: What to store; after a refusal the same as before.
        retry_after_ns: 0 if allowed; else how long until the same cost would be.
    """

    allowed: bool
    tat_ns: int
    retry_after_ns: int


def spend(limit: RateLimit, *, tat_ns: int, now_ns: int, cost: int = 1) -> Spend:
    """
    Take *cost* tokens from a bucket if it holds that many. A refusal costs nothing.

    Args:
        tat_ns: The bucket's stored state; 0 for a new bucket.
        now_ns: Of any clock that does not step back, the same one for a bucket at all times.
        cost: Tokens wanted, 0 <= cost <= limit.burst. Anything else is a bug in the caller, hence ValueError.
    """
    if not 0 <= cost <= limit.burst:
        raise ValueError(f"a bucket of {limit.burst} cannot give {cost}")
    wanted = max(tat_ns, now_ns) + cost * limit.every_ns
    too_early_ns = wanted - limit.burst * limit.every_ns - now_ns
    if too_early_ns > 0:
        return Spend(allowed=False, tat_ns=tat_ns, retry_after_ns=too_early_ns)
    return Spend(allowed=True, tat_ns=wanted, retry_after_ns=0)
