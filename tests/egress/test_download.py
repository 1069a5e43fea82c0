"""A body that goes to a file as it arrives: bounded, undecoded, whole or not at all."""

import asyncio
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from registry.errors import UpstreamNonsense, UpstreamRefused, UpstreamUnreachable
from tests.egress.loopback import (
    ANYWHERE,
    LIMITS,
    Answer,
    Peer,
    drips,
    egress,
    gzipped,
    http,
    peer,
    says,
    says_and_falls_silent,
    says_and_hangs_up,
)
from tests.egress.test_body import MEBIBYTE, measured_peak

pytestmark = pytest.mark.anyio

HASTY = msgspec.structs.replace(LIMITS, read_s=0.2)
PART = b"0123456789abcdef" * 4096


class TestDownload:
    async def test_arrives_whole_and_measured(self) -> None:
        """
        The file holds the body, its size and digest are told, and whoever watches sees it grow to what was stated.
        """
        body = PART * 40
        seen: list[tuple[int, int | None]] = []
        file = BytesIO()

        async with peer(says(http("200 OK", body, "X-Kind: copy"))) as upstream, egress() as client:
            arrived = await client.download(
                "POST",
                upstream.url("/copy"),
                file,
                policy=ANYWHERE,
                limits=LIMITS,
                answer_s=5,
                observe=lambda size_bytes, of: seen.append((size_bytes, of)),
            )

        assert file.getvalue() == body
        assert (arrived.size_bytes, arrived.headers["x-kind"]) == (len(body), "copy")
        assert arrived.sha256.hex() == "1ec302bed977d4ce41b9ad7c81eb4c2f448b56a46d2c9b3a8aa0b04529eaac2c"
        assert seen[-1] == (len(body), len(body))
        assert b"accept-encoding: identity\r\n" in upstream.requests[0].lower()

    async def test_is_never_held_in_memory(self, tmp_path: Path) -> None:
        """
        However large the body is, the memory in use is a few parts of it.
        """
        limits = msgspec.structs.replace(LIMITS, max_decoded_bytes=64 * MEBIBYTE)

        async def pours(_: Peer, writer: asyncio.StreamWriter) -> bool:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * MEBIBYTE))
            for _again in range(64 * MEBIBYTE // len(PART)):
                writer.write(PART)
                await writer.drain()
            return False

        async with peer(pours) as upstream, egress() as client:
            with measured_peak() as peak, (tmp_path / "copy").open("wb") as file:
                arrived = await client.download(
                    "POST", upstream.url(), file, policy=ANYWHERE, limits=limits, answer_s=5
                )

        assert arrived.size_bytes == (tmp_path / "copy").stat().st_size == 64 * MEBIBYTE
        assert peak[0] < 8 * MEBIBYTE

    async def test_of_unknown_length(self) -> None:
        """
        Without a stated length the end of the chunks is the end, and nobody is told of one before.
        """
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ncopy\r\n0\r\n\r\n"
        seen: list[int | None] = []
        file = BytesIO()

        async with peer(says(chunked)) as upstream, egress() as client:
            await client.download(
                "POST",
                upstream.url(),
                file,
                policy=ANYWHERE,
                limits=LIMITS,
                answer_s=5,
                observe=lambda _, of: seen.append(of),
            )

        assert (file.getvalue(), set(seen)) == (b"copy", {None})

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (says_and_hangs_up(http("200 OK", PART)[:-1]), "cut short"),
            (says_and_hangs_up(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ncopy\r\n"), "cut short"),
            (says(gzipped(PART)), "encoding that was not asked for"),
            (says(http("200 OK", PART, "Content-Encoding: br")), "encoding that was not asked for"),
            (says(http("200 OK", bytes(70_000))), "more than 65536 bytes"),
            (drips(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", PART), "more than 65536 bytes"),
        ],
    )
    async def test_what_cannot_be_used(self, answer: Answer, reason: str) -> None:
        """
        Cut short, encoded, or larger than was asked for: never taken for a file.
        """
        limits = msgspec.structs.replace(LIMITS, max_decoded_bytes=65536)

        async with peer(answer) as upstream, egress() as client:
            with pytest.raises(UpstreamNonsense, match=reason):
                await client.download("POST", upstream.url(), BytesIO(), policy=ANYWHERE, limits=limits, answer_s=5)

    async def test_too_large_is_known_before_it_arrives(self) -> None:
        """
        What is stated to be too large is not taken at all.
        """
        file = BytesIO()
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"

        async with peer(says_and_falls_silent(head)) as upstream, egress() as client:
            with pytest.raises(UpstreamNonsense, match="more than"):
                await client.download("POST", upstream.url(), file, policy=ANYWHERE, limits=LIMITS, answer_s=5)

        assert file.getvalue() == b""

    @pytest.mark.parametrize(
        ("head", "reason"),
        [(b"", "did not answer within 0.4 s"), (http("200 OK", PART)[:-1], "fell silent for 0.2 s within its answer")],
    )
    async def test_a_silent_peer(self, head: bytes, reason: str) -> None:
        """
        The answer may begin late; once it has, silence is measured by the limit for that.
        """
        async with peer(says_and_falls_silent(head)) as upstream, egress() as client:
            with pytest.raises(UpstreamUnreachable, match=reason):
                await client.download("POST", upstream.url(), BytesIO(), policy=ANYWHERE, limits=HASTY, answer_s=0.4)

    async def test_one_deadline_spans_it(self) -> None:
        """
        A peer that drips for ever is left when the time for all of it is over.
        """
        limits = msgspec.structs.replace(LIMITS, total_s=0.3)

        async with peer(drips(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x")) as upstream, egress() as client:
            with pytest.raises(UpstreamUnreachable, match="did not answer completely within"):
                await client.download("POST", upstream.url(), BytesIO(), policy=ANYWHERE, limits=limits, answer_s=5)

    async def test_another_status(self) -> None:
        """
        An error is told in the peer's words, and nothing of it is written.
        """
        file = BytesIO()
        problem = http("503 Unavailable", b'{"detail":"no space left"}', "Retry-After: 7")

        async with peer(says(problem)) as upstream, egress() as client:
            with pytest.raises(UpstreamRefused, match="503 service unavailable: no space left") as refused:
                await client.download("POST", upstream.url(), file, policy=ANYWHERE, limits=LIMITS, answer_s=5)

        assert (refused.value.status, refused.value.retry_after_s, file.getvalue()) == (503, 7.0, b"")
