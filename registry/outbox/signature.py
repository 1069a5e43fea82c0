"""Signed as Standard Webhooks says, so that receivers verify with a library that exists (www.standardwebhooks.com).

webhook-id         the same for every try of one event: who has seen it has seen it
webhook-timestamp  when this try was made, seconds since 1970: a receiver refuses what is old
webhook-signature  v1, and the base64 of HMAC-SHA256 over "<id>.<timestamp>." and the body
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from typing import Final

_PREFIX: Final = "whsec_"
_FEWEST_BYTES: Final = 24
_MOST_BYTES: Final = 64


def key_in(secret: str) -> bytes:
    """The key that *secret* is. Raises ValueError, without repeating it, for what is none, or too easy to guess."""
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except Error:
        raise ValueError("is no base64") from None
    if not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        raise ValueError(f"is a key of {len(key)} bytes")
    return key


def signed_headers(key: bytes, message_id: str, body: bytes, *, now_us: int) -> dict[str, str]:
    """The three headers."""
    timestamp = str(now_us // 1_000_000)
    signature = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(signature).decode()}",
    }
