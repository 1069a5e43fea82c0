"""Ids that leave the process: a prefix that says what it is, and 26 characters that sort by time.

Those that are given to every request are made for a tenth of the price: unique like the others, but who has seen some
can guess the next. They name a request and protect nothing.
"""

import os
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


_THREE: Final = tuple(a + b + c for a in _ALPHABET for b in _ALPHABET for c in _ALPHABET)


class Counted:
    """Ids of one worker: `req_01k…`, 10 characters of milliseconds, 10 drawn once, then a count. Made after a fork."""

    def __init__(self, prefix: str) -> None:
        self._prefix = f"{prefix}_"
        drawn = int.from_bytes(os.urandom(10), "big")
        self._drawn = "".join(_ALPHABET[drawn >> shift & 31] for shift in range(75, 25, -5))
        self._count = drawn & ((1 << 30) - 1)
        self._millisecond = -1
        self._start = ""

    def next(self, now_us: int) -> str:
        """The next one, at that instant."""
        millisecond = now_us // 1000
        if millisecond != self._millisecond:
            self._millisecond = millisecond
            bits = millisecond & ((1 << 50) - 1)
            instant = "".join(_ALPHABET[bits >> shift & 31] for shift in range(45, -1, -5))
            self._start = self._prefix + instant + self._drawn
        self._count = count = (self._count + 1) & ((1 << 30) - 1)
        return self._start + _THREE[count >> 15] + _THREE[count & 32767]


def new_id(prefix: str, now_us: int) -> str:
    """`run_01k…`: 10 characters of milliseconds since 1970, then 16 random ones (80 bits)."""
    number = ((now_us // 1000) & ((1 << 50) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
