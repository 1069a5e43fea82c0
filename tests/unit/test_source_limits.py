"""Which addresses share a bucket, and how long one is kept."""

import pytest

from registry.api.source_limits import SourceLimits
from registry.errors import Throttled
from registry.policy.ratelimit import RateLimit
from tests.doubles.clock import FrozenClock


def limits(clock: FrozenClock) -> SourceLimits:
    return SourceLimits(RateLimit(burst=1, every_ns=10_000_000_000), clock)


class TestAdmit:
    @pytest.mark.parametrize(
        ("first", "second", "shared"),
        [
            ("192.0.2.1", "192.0.2.1", True),
            ("192.0.2.1", "192.0.2.2", False),
            ("2001:db8::1", "2001:db8::ffff:1", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
            ("", "", True),
        ],
    )
    def test_sources(self, first: str, second: str, shared: bool) -> None:
        """
        An IPv4 address is a source, and so is an IPv6 network of 64 bits.
        """
        admitting = limits(FrozenClock(0))
        admitting.admit(first)

        if shared:
            with pytest.raises(Throttled, match="try again in 10 s"):
                admitting.admit(second)
        else:
            admitting.admit(second)

    def test_waiting_as_told_is_enough(self) -> None:
        """
        The seconds in the answer are enough, and less is not.
        """
        clock = FrozenClock(0)
        admitting = limits(clock)
        admitting.admit("192.0.2.1")
        clock.advance(3.5)

        with pytest.raises(Throttled) as refused:
            admitting.admit("192.0.2.1")
        clock.advance(refused.value.retry_after_s)
        admitting.admit("192.0.2.1")

        assert refused.value.retry_after_s == 7

    def test_memory_is_bounded(self) -> None:
        """
        Of very many sources the one that asked least recently is forgotten, and the others are not.
        """
        admitting = limits(FrozenClock(0))
        for number in range(10_001):
            admitting.admit(f"198.51.{number // 250}.{number % 250}")

        admitting.admit("198.51.0.0")
        with pytest.raises(Throttled):
            admitting.admit("198.51.40.0")
