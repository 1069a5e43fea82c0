"""A response body, decoded with a bound on every step.

zlib is asked for at most `_STEP` bytes at a time, so the memory in use is what was decoded so far plus one
step, however much the received bytes would expand to.
"""

import zlib
from collections.abc import Callable
from io import BytesIO

from registry.egress.terms import FetchLimits
from registry.errors import UpstreamNonsense

_STEP = 64 * 1024
# Below this the ratio says nothing: a page of similar entries may well compress a hundredfold.
_RATIO_FLOOR = 1024 * 1024

_INFLATERS: dict[str, Callable[[], "zlib._Decompress"]] = {
    "gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
    "x-gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
    # RFC 9110 §8.4.1.2: the zlib format, whatever the name says.
    "deflate": lambda: zlib.decompressobj(),
}


class BoundedBody:
    """
    Collects one body: `feed` each chunk as received, then `finish`.

    Args:
        encoding: The Content-Encoding header, "" where absent. One coding; a list of them is refused.
        peer: Named in errors.

    Every method raises UpstreamNonsense, the constructor for an encoding that was not asked for.
    """

    def __init__(self, *, encoding: str, limits: FetchLimits, peer: str) -> None:
        coding = encoding.strip().lower()
        if coding not in ("", "identity", *_INFLATERS):
            raise UpstreamNonsense(f"{peer} sent a body in an encoding that was not asked for; gzip is understood")
        self._inflater = _INFLATERS[coding]() if coding in _INFLATERS else None
        self._limits = limits
        self._peer = peer
        self._received = 0
        self._decoded = 0
        self._ended = False
        self._kept = BytesIO()

    def feed(self, chunk: bytes) -> None:
        """Decode and keep a chunk, up to the limits."""
        self._received += len(chunk)
        if self._inflater is None:
            self._keep(chunk, unread=0)
            return
        if not chunk:
            return
        inflater = self._inflater
        if self._ended:
            raise UpstreamNonsense(f"{self._peer} sent more after the end of its compressed body")
        pending = chunk
        while True:
            try:
                piece = inflater.decompress(pending, _STEP)
            except zlib.error as error:
                raise UpstreamNonsense(f"{self._peer} sent a compressed body that is damaged") from error
            pending = inflater.unconsumed_tail
            self._keep(piece, unread=len(pending))
            if inflater.unused_data:
                raise UpstreamNonsense(f"{self._peer} sent more after the end of its compressed body")
            # A full piece may leave output inside zlib although all input is gone.
            self._ended = inflater.eof
            if self._ended or (not pending and len(piece) < _STEP):
                return

    def finish(self) -> bytes:
        """The whole decoded body. Nothing received is an empty body only where nothing had to be decoded."""
        if self._inflater is not None and not self._ended:
            raise UpstreamNonsense(f"{self._peer} sent a compressed body that is cut short")
        return self._kept.getvalue()

    def _keep(self, piece: bytes, *, unread: int) -> None:
        self._decoded += len(piece)
        if self._decoded > self._limits.max_decoded_bytes:
            limit = self._limits.max_decoded_bytes
            raise UpstreamNonsense(f"{self._peer} sent a body of more than {limit} bytes; reading stopped")
        consumed = self._received - unread
        if self._decoded > _RATIO_FLOOR and self._decoded > self._limits.max_ratio * consumed:
            times = f"{self._limits.max_ratio:g}"
            raise UpstreamNonsense(f"{self._peer} sent a body that expands over {times} times; reading stopped")
        self._kept.write(piece)
