"""A body that is written to a file as it arrives, for what is too large to hold.

Nothing is decoded, so what arrives is what was sent, and the memory in use is one part, however large the body is.
"""

import asyncio
import hashlib
from typing import BinaryIO

import httpx

from registry.egress.terms import Downloaded, FetchLimits, Observe
from registry.errors import UpstreamNonsense, UpstreamUnreachable

_PART_BYTES = 1024 * 1024


async def save(
    response: httpx.Response, file: BinaryIO, *, limits: FetchLimits, peer: str, observe: Observe
) -> Downloaded:
    """
    Write the body of *response* to *file*, and measure it.

    Raises:
        UpstreamUnreachable: The peer fell silent.
        UpstreamNonsense: The body is cut short, too large or encoded.
        OSError: It cannot be written.
    """
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise UpstreamNonsense(f"{peer} sent a file in an encoding that was not asked for")
    stated = response.headers.get("content-length", "")
    of = int(stated) if stated.isascii() and stated.isdigit() else None
    written = _Written(file, most=limits.max_decoded_bytes, peer=peer)
    # Before a byte of it is taken, where that can be known.
    written.require(of or 0)
    chunks = response.aiter_raw()
    parts: list[bytes] = []
    try:
        while True:
            async with asyncio.timeout(limits.read_s):
                chunk = await anext(chunks, None)
            parts.append(chunk or b"")
            if chunk is None or sum(map(len, parts)) >= _PART_BYTES:
                await asyncio.to_thread(written.append, b"".join(parts))
                observe(written.size_bytes, of)
                parts.clear()
            if chunk is None:
                break
    except (TimeoutError, httpx.TimeoutException) as error:
        raise UpstreamUnreachable(f"{peer} fell silent for {limits.read_s:g} s within its answer") from error
    except httpx.TransportError as error:
        raise UpstreamNonsense(f"{peer} sent an answer that is cut short or malformed") from error
    return Downloaded(headers=response.headers, size_bytes=written.size_bytes, sha256=written.sha256)


class _Written:
    """What is in the file so far."""

    def __init__(self, file: BinaryIO, *, most: int, peer: str) -> None:
        self.size_bytes = 0
        self._file = file
        self._digest = hashlib.sha256()
        self._most = most
        self._peer = peer

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()

    def append(self, part: bytes) -> None:
        self.require(self.size_bytes + len(part))
        self._file.write(part)
        self._digest.update(part)
        self.size_bytes += len(part)

    def require(self, size_bytes: int) -> None:
        if size_bytes > self._most:
            raise UpstreamNonsense(f"{self._peer} sent a file of more than {self._most} bytes; reading stopped")
