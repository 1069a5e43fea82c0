"""The only place that asks what time it is.

Everything that needs the time takes a `Clock`. No setting of the product changes it; tests pass another clock
through an entry point of their own.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Two readings: the instant for people and records, the stopwatch for durations and deadlines."""

    def now_us(self) -> int:
        """The instant, in microseconds since 1970-01-01T00:00:00Z. May step back when the host's clock does."""

    def monotonic_ns(self) -> int:
        """A stopwatch in nanoseconds that never steps back. Only differences mean anything."""


class SystemClock:
    """The host's own clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def utc(instant_us: int) -> datetime:
    """The aware datetime of an instant in microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=instant_us)


def microseconds(instant: datetime) -> int:
    """The instant in microseconds since 1970. Raises ValueError for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return (instant - _EPOCH) // _MICROSECOND
