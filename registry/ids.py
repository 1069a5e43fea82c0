"""Ids that leave the process: a prefix that says what it is, and 26 characters that sort by time."""

import os
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str, now_us: int) -> str:
    """`run_01k…`: 10 characters of milliseconds since 1970, then 16 random ones (80 bits)."""
    number = ((now_us // 1000) & ((1 << 50) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
