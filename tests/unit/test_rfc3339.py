"""Instants as the registry API writes them, read strictly (reference §10.10)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.clock import microseconds
from schemas.rfc3339 import format_instant, parse_instant

READ = [
    ("1970-01-01T00:00:00Z", 0),
    ("1970-01-01T00:00:00.000001Z", 1),
    ("1970-01-01T00:00:00.1Z", 100_000),
    ("1970-01-01T00:00:00.123456789Z", 123_456),
    ("1970-01-01T00:00:00.999999999999Z", 999_999),
    ("1969-12-31T23:59:59.5Z", -500_000),
    ("1970-01-01T01:00:00+01:00", 0),
    ("1969-12-31T19:00:00-05:00", 0),
    ("1970-01-01T00:00:00+00:00", 0),
    ("1970-01-01T00:00:00-00:00", 0),
    ("1970-01-01T05:45:00+05:45", 0),
    ("1970-01-02T00:58:00+23:59", 59 * 60 * 1_000_000),
    ("2025-08-07T13:15:04.280Z", 1_754_572_504_280_000),
    ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
    ("2025-11-30T03:00:00.5+02:00", 1_764_464_400_500_000),
]

REFUSED = [
    "", "now", "0", "1757376000", "2025-08-07", "2025-08-07T13:15:04", "2025-08-07 13:15:04Z", "2025-08-07t13:15:04Z",
    "2025-08-07T13:15:04z", "2025-08-07T13:15Z", "2025-08-07T13Z", "20250807T131504Z", "2025-W32-4T13:15:04Z",
    "2025-219T13:15:04Z", "2025-08-07T24:00:00Z", "2025-08-07T23:60:00Z", "2025-08-07T23:59:60Z", "2025-08-07T3:15:04Z",
    "2025-8-7T13:15:04Z", "25-08-07T13:15:04Z", "12025-08-07T13:15:04Z", "+2025-08-07T13:15:04Z",
    "-2025-08-07T13:15:04Z", "2025-13-07T13:15:04Z", "2025-00-07T13:15:04Z", "2025-08-00T13:15:04Z",
    "2025-02-29T00:00:00Z", "2025-04-31T00:00:00Z", "0000-01-01T00:00:00Z", "2025-08-07T13:15:04.Z",
    "2025-08-07T13:15:04,5Z", "2025-08-07T13:15:04+0200", "2025-08-07T13:15:04+02", "2025-08-07T13:15:04 02:00",
    "2025-08-07T13:15:04+24:00", "2025-08-07T13:15:04+02:60", "2025-08-07T13:15:04+02:00:00", "2025-08-07T13:15:04Z\n",
    " 2025-08-07T13:15:04Z", "2025-08-07T13:15:04Z ", "2025-08-07T13:15:04UTC", "2025-08-07T13:15:04ZZ",
    "２025-08-07T13:15:04Z", "2025-08-07T13:15:04.٣Z", "2025-08-07T13:15:04−02:00", "2025_08-07T13:15:04Z",
    "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2025-08-07T13:15:04.5.5Z", "2025-08-07T-1:15:04Z",
]  # fmt: skip

WRITTEN = [
    (0, "1970-01-01T00:00:00Z"),
    (1, "1970-01-01T00:00:00.000001Z"),
    (10, "1970-01-01T00:00:00.00001Z"),
    (100_000, "1970-01-01T00:00:00.1Z"),
    (1_000_000, "1970-01-01T00:00:01Z"),
    (10_000_000, "1970-01-01T00:00:10Z"),
    (-1, "1969-12-31T23:59:59.999999Z"),
    (86_399_999_999, "1970-01-01T23:59:59.999999Z"),
    (86_400_000_000, "1970-01-02T00:00:00Z"),
    (1_754_572_504_280_000, "2025-08-07T13:15:04.28Z"),
    (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
]


class TestParse:
    @pytest.mark.parametrize(("text", "instant_us"), READ)
    def test_reads(self, text: str, instant_us: int) -> None:
        """
        Any fraction, Z or an offset of hours and minutes; what is finer than a microsecond is cut, not rounded.
        """
        assert parse_instant(text) == instant_us

    @pytest.mark.parametrize("text", REFUSED)
    def test_refuses(self, text: str) -> None:
        """
        What RFC 3339 does not say, days that are none, and instants outside the years 1 to 9999 UTC.
        """
        with pytest.raises(ValueError, match=r"."):
            parse_instant(text)

    @given(st.text(alphabet="0123456789-:TZ.+ tz", max_size=30))
    def test_what_is_read_can_be_written(self, text: str) -> None:
        """
        No text that is accepted yields an instant that cannot be served.
        """
        try:
            instant_us = parse_instant(text)
        except ValueError:
            return

        assert parse_instant(format_instant(instant_us)) == instant_us


class TestFormat:
    @pytest.mark.parametrize(("instant_us", "text"), WRITTEN)
    def test_writes(self, instant_us: int, text: str) -> None:
        """
        UTC with Z, the fraction without trailing zeros and without a point of its own.
        """
        assert format_instant(instant_us) == text

    @given(st.datetimes(timezones=st.just(UTC)), st.integers(-23 * 60 - 59, 23 * 60 + 59))
    def test_there_and_back(self, instant: datetime, offset_minutes: int) -> None:
        """
        What is written is read back as the same instant, in whatever offset it is stated.
        """
        instant_us = microseconds(instant)
        sign, minutes = ("-" if offset_minutes < 0 else "+"), abs(offset_minutes)
        assert parse_instant(format_instant(instant_us)) == instant_us

        try:
            local = instant + timedelta(minutes=offset_minutes)
        except OverflowError:
            return

        stated = local.replace(tzinfo=None).isoformat() + f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
        assert parse_instant(stated) == instant_us
