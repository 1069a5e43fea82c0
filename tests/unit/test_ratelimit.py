"""The arithmetic of a bucket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.policy.ratelimit import RateLimit, spend

LIMIT = RateLimit(burst=3, every_ns=1_000)


class TestSpend:
    def test_burst_then_refill(self) -> None:
        """
        A new bucket gives its burst at once, then refuses, and says exactly when it has one again.
        """
        tat_ns, answers = 0, []
        for now_ns in (5_000, 5_000, 5_000, 5_400, 5_999, 6_000, 6_000):
            spent = spend(LIMIT, tat_ns=tat_ns, now_ns=now_ns)
            tat_ns = spent.tat_ns
            answers.append((spent.allowed, spent.retry_after_ns))

        assert answers == [(True, 0)] * 3 + [(False, 600), (False, 1), (True, 0), (False, 1_000)]

    @given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 3)), max_size=50))
    def test_never_more_than_burst_and_refill(self, steps: list[tuple[int, int]]) -> None:
        """
        Whatever is asked when, what is given is at most the burst and what came back since the start.
        """
        tat_ns, now_ns, given_out = 0, 1, 0
        for wait_ns, cost in steps:
            now_ns += wait_ns
            spent = spend(LIMIT, tat_ns=tat_ns, now_ns=now_ns, cost=cost)
            tat_ns = spent.tat_ns
            given_out += cost if spent.allowed else 0

        assert given_out <= LIMIT.burst + (now_ns - 1) // LIMIT.every_ns

    @given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 3))
    def test_the_wait_is_right(self, tat_ns: int, now_ns: int, cost: int) -> None:
        """
        Who was refused and waits as long as told is admitted; a nanosecond earlier is too early.
        """
        spent = spend(LIMIT, tat_ns=tat_ns, now_ns=now_ns, cost=cost)

        later = [
            spend(LIMIT, tat_ns=spent.tat_ns, now_ns=now_ns + spent.retry_after_ns - early, cost=cost).allowed
            for early in (0, 1)
        ]
        assert spent.allowed or later == [True, False]

    @pytest.mark.parametrize("cost", [-1, 4])
    def test_what_no_bucket_can_give(self, cost: int) -> None:
        """
        A cost that could never be met is a bug of the caller.
        """
        with pytest.raises(ValueError, match="bucket of 3"):
            spend(LIMIT, tat_ns=0, now_ns=0, cost=cost)
