"""Guessing is slowed: by source, and by the token that is guessed."""

import pytest

from registry.api.attempts import PER_SOURCE, PER_TOKEN, Attempts
from registry.errors import Throttled
from tests.doubles.clock import FrozenClock

HERE, THERE, TOKEN, OTHER = "192.0.2.1", "192.0.2.2", "ab12cd34", "zz12cd34"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(0)


@pytest.fixture
def attempts(clock: FrozenClock) -> Attempts:
    return Attempts(clock)


def _fail(attempts: Attempts, times: int, address: str = HERE, token: str | None = None) -> None:
    for _ in range(times):
        attempts.admit(address, token)
        attempts.failed(address, token)


class TestSource:
    def test_a_few_failures_slow_nobody(self, attempts: Attempts) -> None:
        """
        Somebody else's failures behind the same address do not matter below the limit.
        """
        _fail(attempts, PER_SOURCE.burst - 1)

        attempts.admit(HERE, TOKEN)

    def test_then_everything_from_there_waits(self, attempts: Attempts, clock: FrozenClock) -> None:
        """
        At the limit whatever is sent from there is refused, and is admitted again after the time it was told.
        """
        _fail(attempts, PER_SOURCE.burst)

        with pytest.raises(Throttled) as refused:
            attempts.admit(HERE, TOKEN)
        attempts.admit(THERE, TOKEN)
        clock.advance(refused.value.retry_after_s)
        attempts.admit(HERE, None)

    def test_one_ipv6_network_is_one_source(self, attempts: Attempts) -> None:
        """
        Whoever has one address of a network of 64 bits usually has all of them.
        """
        _fail(attempts, PER_SOURCE.burst, "2001:db8::1")

        with pytest.raises(Throttled):
            attempts.admit("2001:db8::2", None)
        attempts.admit("2001:db8:0:1::1", None)

    def test_good_ones_cost_nothing(self, attempts: Attempts) -> None:
        """
        Only failures count.
        """
        for _ in range(PER_SOURCE.burst * 2):
            attempts.admit(HERE, TOKEN)
            attempts.succeeded(HERE, TOKEN)


class TestToken:
    def test_guessed_from_many_places(self, attempts: Attempts) -> None:
        """
        A token that was tried too often is refused from everywhere; others are not.
        """
        for number in range(PER_TOKEN.burst):
            _fail(attempts, 1, f"198.51.100.{number}", TOKEN)

        with pytest.raises(Throttled):
            attempts.admit(HERE, TOKEN)
        attempts.admit(HERE, OTHER)
        attempts.admit(HERE, None)

    def test_nobody_locks_its_bearer_out(self, attempts: Attempts) -> None:
        """
        Where its last use was good it goes on being looked at, however often others guess.
        """
        attempts.succeeded(HERE, TOKEN)
        _fail(attempts, PER_TOKEN.burst, THERE, TOKEN)

        attempts.admit(HERE, TOKEN)
        with pytest.raises(Throttled):
            attempts.admit("192.0.2.3", TOKEN)

    def test_until_it_fails_there_too(self, attempts: Attempts) -> None:
        """
        A good use says nothing any more once the token was bad at the same address.
        """
        attempts.succeeded(HERE, TOKEN)
        _fail(attempts, PER_TOKEN.burst, HERE, TOKEN)

        with pytest.raises(Throttled):
            attempts.admit(HERE, TOKEN)


class TestBounds:
    def test_memory_has_an_end(self, attempts: Attempts) -> None:
        """
        Of very many addresses those that were seen least recently are forgotten.
        """
        _fail(attempts, PER_SOURCE.burst, HERE)
        for number in range(10_000):
            attempts.failed(f"10.0.{number >> 8}.{number & 255}", None)

        attempts.admit(HERE, None)
