"""What a caller of the egress asks for, what it may cost, and what comes back."""

from collections.abc import Callable, Mapping

import msgspec

Observe = Callable[[int, int | None], None]
"""Is told how many bytes have arrived, and how many there are if that was said."""


def unobserved(arrived: int, of: int | None) -> None:
    """Nobody watches."""


class EgressPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """
    Where a request may go.

    Args:
        allow_private: Private, loopback and carrier-internal addresses too. Link-local, metadata, multicast
            and unspecified addresses stay refused.
    """

    allow_private: bool


class FetchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one request may cost. All are required: who asks knows what it can afford.

    Args:
        connect_s: Waiting for a free connection, resolving and dialling all addresses, and the TLS handshake:
            this much each.
        read_s: Silence between two arrivals of bytes; the same when writing.
        total_s: Everything, from the call to the last byte of the answer.
        max_decoded_bytes: Size of the answer's body after decompression.
        max_ratio: Decoded bytes per received byte, applied once a mebibyte has been decoded.
    """

    connect_s: float
    read_s: float
    total_s: float
    max_decoded_bytes: int
    max_ratio: float

    def __post_init__(self) -> None:
        if min(self.connect_s, self.read_s, self.total_s, self.max_decoded_bytes, self.max_ratio) <= 0:
            raise ValueError("every limit of a fetch is positive")


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """
    A complete 2xx answer whose body is in a file.

    Args:
        sha256: Of the body, as it arrived.
    """

    headers: Mapping[str, str]
    size_bytes: int
    sha256: bytes

    def __repr__(self) -> str:
        return f"Downloaded(<{self.size_bytes} bytes>)"


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """
    A complete 2xx answer; or one with a status that the caller expected, which comes without its body.

    Args:
        headers: Names compare without regard to case; a repeated header's values are joined by ", ".
        body: Decoded.
        url: As it was asked for, query and all: not for logs.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def __repr__(self) -> str:
        # Bodies, header values and queries may hold what must not reach a log.
        return f"Fetched(status={self.status}, body=<{len(self.body)} bytes>)"
