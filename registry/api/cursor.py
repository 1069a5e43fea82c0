"""Cursors: opaque texts of `[A-Za-z0-9_-]` that carry a position and the filters it belongs to.

A client may append a cursor to a URL without encoding it, and may drop its other parameters from the second page
on; both are seen in the field. What is not one of ours is read as the official registry's plain `name:version`, so
that a position from elsewhere still works; nothing is ever refused.
"""

import binascii
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Final

import msgspec

from registry.catalog.query import AFTER_EVERY_VERSION, Position, Query

_CHECK_BYTES: Final = 4
_LONGEST: Final = 4096
_encode: Final = msgspec.msgpack.Encoder().encode


class _Content(msgspec.Struct, frozen=True, array_like=True):
    """What a cursor carries. Append only: cursors outlive an upgrade."""

    tier: Annotated[int, msgspec.Meta(ge=0, le=2)]
    name: str
    version: str
    search: str = ""
    only: str | None = None
    updated_since_us: Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)] | None = None
    include_deleted: bool = False
    registry_type: str = ""
    transport: str = ""


_decode: Final = msgspec.msgpack.Decoder(_Content).decode


def encode_cursor(query: Query, after: Position) -> str:
    """The cursor for what follows *after* in the answer to *query*."""
    content = _encode(
        _Content(
            after.tier,
            after.name,
            after.version,
            query.search,
            query.version,
            query.updated_since_us,
            query.include_deleted,
            query.registry_type,
            query.transport,
        )
    )
    check = zlib.crc32(content).to_bytes(_CHECK_BYTES, "big")
    return urlsafe_b64encode(check + content).rstrip(b"=").decode()


def decode_cursor(text: str, *, limit: int) -> Query | Position:
    """The question one of our cursors carries, with the request's own *limit*; else the position a plain one names."""
    try:
        packed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)) if len(text) <= _LONGEST else b""
        check, content = packed[:_CHECK_BYTES], packed[_CHECK_BYTES:]
        if content and zlib.crc32(content).to_bytes(_CHECK_BYTES, "big") == check:
            carried = _decode(content)
            return Query(
                limit=limit,
                after=Position(tier=carried.tier, name=carried.name, version=carried.version),
                search=carried.search,
                version=carried.only,
                updated_since_us=carried.updated_since_us,
                include_deleted=carried.include_deleted,
                registry_type=carried.registry_type,
                transport=carried.transport,
            )
    except (ValueError, binascii.Error, msgspec.DecodeError):
        pass
    # reference §2: split at the first colon; without one it is a name, and all of its versions are passed over.
    name, colon, version = text.partition(":")
    return Position(name=name, version=version if colon else AFTER_EVERY_VERSION)
