"""Instants as the registry API writes them.

RFC 3339 in its strict reading: capital T and Z, an offset is mandatory, no hour 24, ASCII digits. Python's own
parser accepts far more, hence the pattern.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US: Final = 86_400_000_000
_MICROSECOND: Final = timedelta(microseconds=1)
# The years 1 to 9999 in UTC: what can be written again. An offset can push a valid local time out of them.
_FIRST_US: Final = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST_US: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_INSTANT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)


def parse_instant(text: str) -> int:
    """
    Microseconds since 1970 UTC; a finer fraction is cut.

    Raises ValueError if *text* is not RFC 3339, or an instant that `format_instant` could not write.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 instant: {text[:40]!r}")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = match.groups()[6:]
    offset_s = 0
    if sign is not None:
        if int(offset_hours) > 23 or int(offset_minutes) > 59:
            raise ValueError(f"not an RFC 3339 offset: {text[:40]!r}")
        offset_s = (int(offset_hours) * 3600 + int(offset_minutes) * 60) * (-1 if sign == "-" else 1)
    instant = datetime(year, month, day, hour, minute, second, int((fraction or "0")[:6].ljust(6, "0")), tzinfo=UTC)
    instant_us = (instant - _EPOCH) // _MICROSECOND - offset_s * 1_000_000
    if not _FIRST_US <= instant_us <= _LAST_US:
        raise ValueError(f"outside the years 1 to 9999 in UTC: {text[:40]!r}")
    return instant_us


def format_instant(instant_us: int) -> str:
    """*instant_us* in UTC with `Z`, the fraction without its trailing zeros: as the official registry writes it."""
    days, rest_us = divmod(instant_us, _DAY_US)
    seconds, fraction = divmod(rest_us, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    text = f"{_day(days)}T{hour:02d}:{minute:02d}:{second:02d}"
    return f"{text}.{fraction:06d}".rstrip("0") + "Z" if fraction else text + "Z"


@lru_cache(maxsize=4096)
def _day(days: int) -> str:
    return (_EPOCH + timedelta(days=days)).date().isoformat()
