"""Bodies that are larger than they look."""

import asyncio
import contextlib
import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.egress.body import BoundedBody
from registry.egress.terms import FetchLimits
from registry.errors import UpstreamNonsense
from tests.egress.loopback import ANYWHERE, LIMITS, Peer, egress, gzipped, http, peer, says

MEBIBYTE = 1024 * 1024
PEER = "https://registry.upstream.example"


def decoded(raw: bytes, *, encoding: str, limits: FetchLimits = LIMITS, size: int = 65536) -> bytes:
    """*raw* as it comes out when it arrives in chunks of *size*."""
    body = BoundedBody(encoding=encoding, limits=limits, peer=PEER)
    for start in range(0, len(raw), size):
        body.feed(raw[start : start + size])
    return body.finish()


@contextlib.contextmanager
def measured_peak() -> Iterator[list[int]]:
    """One number, after the block: the bytes that it held at its worst moment, beyond those held before."""
    peak: list[int] = []
    tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        yield peak
    finally:
        peak.append(tracemalloc.get_traced_memory()[1] - before)
        tracemalloc.stop()


def bomb(mebibytes: int) -> bytes:
    """A gzip stream of zeros, about a thousandth of its decoded size, made without decoding anything."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    head = deflater.compress(bytes(MEBIBYTE)) + deflater.flush(zlib.Z_FULL_FLUSH)
    again = deflater.compress(bytes(MEBIBYTE)) + deflater.flush(zlib.Z_FULL_FLUSH)
    return head + again * (mebibytes - 1)


class TestDecoding:
    @given(
        body=st.binary(max_size=5000),
        times=st.integers(1, 60),
        size=st.integers(1, 9000),
        level=st.integers(0, 9),
    )
    def test_any_body_survives_any_chunking(self, body: bytes, times: int, size: int, level: int) -> None:
        """
        What was compressed comes out whole, wherever the network cuts it.
        """
        original = body * times

        as_gzip = decoded(gzip.compress(original, level), encoding="gzip", size=size)
        as_deflate = decoded(zlib.compress(original, level), encoding="deflate", size=size)
        as_is = decoded(original, encoding="identity", size=size)

        assert as_gzip == as_deflate == as_is == original

    @pytest.mark.parametrize("encoding", ["", "identity", " GZIP ", "x-gzip"])
    def test_an_encoding_has_several_spellings(self, encoding: str) -> None:
        """
        RFC 9110 §8.4.1: names of codings compare without regard to case, x-gzip is gzip.
        """
        raw = gzip.compress(b"page") if "gzip" in encoding.lower() else b"page"

        assert decoded(raw, encoding=encoding) == b"page"

    @pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, identity", "compress", "aws-chunked"])
    def test_an_encoding_nobody_asked_for_is_refused(self, encoding: str) -> None:
        """
        What we did not offer to decode, alone or stacked, is not guessed at.
        """
        with pytest.raises(UpstreamNonsense, match="encoding that was not asked for"):
            decoded(b"page", encoding=encoding)

    @pytest.mark.parametrize(
        ("raw", "reason"),
        [
            (gzip.compress(b"page" * 100)[:-1], "cut short"),
            (gzip.compress(b"page" * 100)[:12], "cut short"),
            (b"", "cut short"),
            (b"{}", "damaged"),
            (gzip.compress(b"page")[:-8] + bytes(8), "damaged"),
            (gzip.compress(b"page") + b"more", "more after the end"),
            (gzip.compress(b"page") * 2, "more after the end"),
        ],
        ids=["a byte", "most", "all", "no gzip", "checksum", "text after", "stream after"],
    )
    @pytest.mark.parametrize("size", [1, 65536])
    def test_a_broken_stream_is_refused(self, raw: bytes, reason: str, size: int) -> None:
        """
        Cut, damaged and overlong streams are never served as if they were whole.
        """
        with pytest.raises(UpstreamNonsense, match=reason):
            decoded(raw, encoding="gzip", size=size)


class TestBounds:
    @pytest.mark.parametrize("encoding", ["identity", "gzip"])
    def test_the_size_limit_is_exact(self, encoding: str) -> None:
        """
        A body of exactly the limit passes, one byte more does not.
        """
        limits = msgspec.structs.replace(LIMITS, max_decoded_bytes=100_000)
        most, more = bytes(100_000), bytes(100_001)
        if encoding == "gzip":
            most, more = gzip.compress(most), gzip.compress(more)

        assert decoded(most, encoding=encoding, limits=limits) == bytes(100_000)
        with pytest.raises(UpstreamNonsense, match="more than 100000 bytes"):
            decoded(more, encoding=encoding, limits=limits)

    def test_a_small_body_may_expand_a_lot(self) -> None:
        """
        Below a mebibyte the ratio says nothing: pages of similar entries compress a hundredfold.
        """
        limits = msgspec.structs.replace(LIMITS, max_ratio=2.0)

        assert len(decoded(gzip.compress(bytes(MEBIBYTE)), encoding="gzip", limits=limits)) == MEBIBYTE

    def test_a_bomb_stops_at_the_ratio(self) -> None:
        """
        Where a large body would be welcome, one that expands a thousandfold is not, and costs no memory.
        """
        limits = msgspec.structs.replace(LIMITS, max_decoded_bytes=2**31, max_ratio=100.0)
        raw = bomb(1100)

        with measured_peak() as peak, pytest.raises(UpstreamNonsense, match="expands over 100 times"):
            decoded(raw, encoding="gzip", limits=limits)

        assert peak[0] < 4 * MEBIBYTE

    def test_a_bomb_in_one_chunk_stops_at_the_size(self) -> None:
        """
        A gigabyte of zeros arriving as one chunk takes the memory of the limit, not of the gigabyte.
        """
        limits = msgspec.structs.replace(LIMITS, max_decoded_bytes=4 * MEBIBYTE, max_ratio=1e9)
        raw = bomb(1100)

        with measured_peak() as peak, pytest.raises(UpstreamNonsense, match="more than 4194304 bytes"):
            decoded(raw, encoding="gzip", limits=limits, size=len(raw))

        assert peak[0] < 16 * MEBIBYTE

    @pytest.mark.anyio
    async def test_a_bomb_on_the_wire_stops_early(self) -> None:
        """
        The peer never gets to send the whole of it, and the client goes on to the next request.
        """
        written = 0

        async def bombs(_: Peer, writer: asyncio.StreamWriter) -> bool:
            nonlocal written
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 900000000\r\n\r\n")
            block = bomb(64)
            for _again in range(10_000):
                writer.write(block)
                await writer.drain()
                written += len(block)
            return False

        async with peer(bombs) as hostile, peer(says(gzipped(b"page"))) as honest, egress() as client:
            with pytest.raises(UpstreamNonsense, match="expands over 200 times"):
                await client.get(hostile.url(), policy=ANYWHERE, limits=LIMITS)
            fetched = await client.get(honest.url(), policy=ANYWHERE, limits=LIMITS)

        assert fetched.body == b"page"
        assert written < 64 * MEBIBYTE

    @pytest.mark.anyio
    async def test_a_body_of_unknown_length_is_bounded_too(self) -> None:
        """
        Without Content-Length, chunked or until the end of the connection, the limit holds.
        """
        limits = msgspec.structs.replace(LIMITS, max_decoded_bytes=1000)
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d1\r\n" + bytes(2001) + b"\r\n0\r\n\r\n"
        declared = http("200 OK", bytes(2001))

        async with peer(says(chunked, declared)) as upstream, egress() as client:
            for _ in range(2):
                with pytest.raises(UpstreamNonsense, match="more than 1000 bytes"):
                    await client.get(upstream.url(), policy=ANYWHERE, limits=limits)
