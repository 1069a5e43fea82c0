"""The clock of the product, and instants as integers."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.clock import Clock, SystemClock, microseconds, utc


class TestSystemClock:
    def test_the_stopwatch_does_not_step_back(self) -> None:
        """
        Readings of the stopwatch never decrease.
        """
        clock: Clock = SystemClock()

        readings = [clock.monotonic_ns() for _ in range(1000)]

        assert readings == sorted(readings)

    def test_now_is_in_microseconds(self) -> None:
        """
        The instant is of this century when it is read as microseconds.
        """
        assert utc(SystemClock().now_us()).year // 100 == 20


class TestConversion:
    @given(st.datetimes(timezones=st.just(UTC)))
    def test_there_and_back(self, instant: datetime) -> None:
        """
        Every instant a datetime can hold survives as microseconds, also before 1970.
        """
        assert utc(microseconds(instant)) == instant

    def test_offsets_count(self) -> None:
        """
        An instant with an offset is the same instant in UTC.
        """
        east = datetime(1970, 1, 1, 1, 0, 0, 1, tzinfo=timezone(timedelta(hours=1)))

        assert microseconds(east) == 1

    def test_a_naive_datetime_is_a_bug(self) -> None:
        """
        What has no time zone is no instant.
        """
        with pytest.raises(ValueError, match="time zone"):
            microseconds(datetime(1970, 1, 1))  # noqa: DTZ001 - the mistake under test
