"""Requests and answers, good ones and all the others."""

import asyncio
import gzip

import msgspec
import pytest

from registry.errors import (
    Invalid,
    UpstreamNonsense,
    UpstreamRefused,
    UpstreamUnreachable,
)
from tests.egress.loopback import (
    ANYWHERE,
    LIMITS,
    USER_AGENT,
    Answer,
    drips,
    egress,
    gzipped,
    http,
    peer,
    says,
    says_and_falls_silent,
    says_and_hangs_up,
)

pytestmark = pytest.mark.anyio

NAME = "registry.upstream.example"
HASTY = msgspec.structs.replace(LIMITS, read_s=0.2, total_s=0.4)


class TestRequest:
    async def test_a_page_arrives_whole(self) -> None:
        """
        Status, headers whatever their case, and the decoded body.
        """
        async with peer(says(gzipped(b'{"servers":[]}', "ETag: one"))) as upstream, egress() as client:
            fetched = await client.get(upstream.url("/v0.1/servers?limit=1"), policy=ANYWHERE, limits=LIMITS)

        assert (fetched.status, fetched.headers["eTag"], fetched.body) == (200, "one", b'{"servers":[]}')
        assert fetched.url == upstream.url("/v0.1/servers?limit=1")

    async def test_what_is_sent_is_what_was_asked_and_who_we_are(self) -> None:
        """
        Request line, host, our name, gzip only, the caller's headers, and nothing else.
        """
        async with peer(says(http("200 OK"))) as upstream, egress() as client:
            await client.get(
                upstream.url("/v0.1/servers/a%2Fb?cursor=c%3A1"),
                headers={"Authorization": "Bearer token"},
                policy=ANYWHERE,
                limits=LIMITS,
            )

        lines = upstream.requests[0].decode().rstrip().split("\r\n")
        assert lines[0] == "GET /v0.1/servers/a%2Fb?cursor=c%3A1 HTTP/1.1"
        assert sorted(line.lower() for line in lines[1:]) == [
            "accept-encoding: gzip",
            "authorization: bearer token",
            f"host: 127.0.0.1:{upstream.port}",
            f"user-agent: {USER_AGENT}",
        ]

    async def test_a_status_that_is_expected_is_an_answer(self) -> None:
        """
        Who can judge a redirect gets it with its headers and without its body; all other statuses stay refusals.
        """
        moved = http("302 Found", b"elsewhere", "Location: https://other.example/")
        async with peer(says(moved, http("307 Temporary Redirect"))) as upstream, egress() as client:
            fetched = await client.request("GET", upstream.url(), expected={302}, policy=ANYWHERE, limits=LIMITS)
            with pytest.raises(UpstreamRefused, match="307 temporary redirect"):
                await client.request("GET", upstream.url(), expected={302}, policy=ANYWHERE, limits=LIMITS)

        assert (fetched.status, fetched.headers["location"], fetched.body) == (302, "https://other.example/", b"")

    async def test_a_body_is_posted(self) -> None:
        """
        POST carries its content and the content's length.
        """
        async with peer(says(http("202 Accepted"))) as upstream, egress() as client:
            fetched = await client.request(
                "POST", upstream.url("/hook"), content=b'{"a":1}', policy=ANYWHERE, limits=LIMITS
            )

        assert fetched.status == 202
        assert b"content-length: 7\r\n" in upstream.requests[0].lower()
        assert upstream.requests[0].endswith(b'\r\n\r\n{"a":1}')

    @pytest.mark.parametrize(
        ("method", "raw"),
        [
            ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 512\r\n\r\n"),
            ("GET", b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n"),
        ],
    )
    async def test_an_answer_without_a_body_needs_no_decoding(self, method: str, raw: bytes) -> None:
        """
        Headers about a body that by definition is not there are not held against the peer.
        """
        async with peer(says(raw)) as upstream, egress() as client:
            fetched = await client.request(method, upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert fetched.body == b""

    async def test_no_cookie_is_kept(self) -> None:
        """
        A peer cannot recognise us by what it told us to remember.
        """
        async with (
            peer(says(http("200 OK", b"", "Set-Cookie: id=1; Path=/"))) as upstream,
            egress() as client,
        ):
            for _ in range(2):
                await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert b"cookie" not in upstream.requests[1].lower()

    @pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "ACCEPT-ENCODING", "Cookie"])
    async def test_framing_is_not_the_callers(self, name: str) -> None:
        """
        Setting one of our own headers is a bug in our code, not somebody's fault.
        """
        async with egress() as client:
            with pytest.raises(ValueError, match=name.lower()):
                await client.get(f"https://{NAME}/", headers={name: "x"}, policy=ANYWHERE, limits=LIMITS)

    @pytest.mark.parametrize("value", ["a\r\nX-Injected: canary", "canary\n", "canary\x00", "canär"])
    async def test_a_header_cannot_carry_another(self, value: str) -> None:
        """
        Line breaks and foreign characters in a value are refused before anything is sent.
        """
        async with peer(says(http("200 OK"))) as upstream, egress() as client:
            with pytest.raises(Invalid) as refused:
                await client.get(upstream.url(), headers={"X-Team": value}, policy=ANYWHERE, limits=LIMITS)

        assert upstream.requests == []
        assert "can" not in str(refused.value).replace("cannot", "")

    async def test_limits_are_positive(self) -> None:
        """
        "No limit" cannot be said, not even by accident.
        """
        with pytest.raises(ValueError, match="positive"):
            msgspec.structs.replace(LIMITS, total_s=0)


class TestRefused:
    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
    async def test_no_redirect_is_followed(self, status: str) -> None:
        """
        Wherever a redirect points, also back to the same host, nobody is asked a second time.
        """
        async with peer(says(http("200 OK"))) as other:
            elsewhere = other.url("/latest?token=canary", host="localhost")
            async with (
                peer(says(http(status, b"", f"Location: {elsewhere}"))) as upstream,
                egress() as client,
            ):
                with pytest.raises(UpstreamRefused, match="points to localhost; ") as refused:
                    await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert (refused.value.status, len(upstream.requests), other.connections) == (int(status[:3]), 1, 0)
        assert "canary" not in str(refused.value)

    async def test_a_refusal_says_why_and_for_how_long(self) -> None:
        """
        Status, the reason out of a problem document, and Retry-After come through.
        """
        problem = http(
            "429 Too Many Requests",
            gzip.compress(b'{"detail":"180 a minute"}'),
            "Content-Encoding: gzip",
            "Retry-After: 7",
        )

        async with peer(says(problem)) as upstream, egress() as client:
            with pytest.raises(UpstreamRefused, match="answered 429 too many requests: 180 a minute") as refused:
                await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert (refused.value.status, refused.value.retry_after_s) == (429, 7.0)

    @pytest.mark.parametrize(
        "answer",
        [
            says(http("503 Service Unavailable", b"<html>" + b"x" * 100_000)),
            says(http("503 Service Unavailable", b"garbage", "Content-Encoding: br")),
            says(http("503 Service Unavailable", b"garbage", "Content-Encoding: gzip")),
            says_and_hangs_up(b"HTTP/1.1 503 Busy\r\nContent-Length: 50\r\n\r\n{"),
            drips(b"HTTP/1.1 503 Busy\r\nContent-Length: 5000000\r\n\r\n", b" "),
        ],
    )
    async def test_a_broken_error_page_does_not_hide_the_status(self, answer: Answer) -> None:
        """
        Huge, garbled, cut and dripping error pages all end as the status that came before them.
        """
        async with peer(answer) as upstream, egress() as client:
            with pytest.raises(UpstreamRefused) as refused:
                await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert refused.value.status == 503


class TestNonsense:
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (says_and_hangs_up(b"220 mail.example ESMTP\r\n\r\n"), "did not answer in HTTP"),
            (says_and_hangs_up(b"\x16\x03\x01\x02\x00\x01"), "did not answer in HTTP"),
            (says_and_hangs_up(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n"), "did not answer in HTTP"),
            (says_and_hangs_up(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "did not answer in HTTP"),
            (
                says_and_hangs_up(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
                "did not answer in HTTP",
            ),
            (says_and_hangs_up(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000), "did not answer in HTTP"),
            (drips(b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 60_000 + b"\r\n"), "did not answer in HTTP"),
            (says_and_hangs_up(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}"), "cut short"),
            (
                says_and_hangs_up(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
                "cut short",
            ),
            (
                says_and_hangs_up(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"),
                "malformed",
            ),
            (
                says_and_hangs_up(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"page")[:-3]),
                "cut short",
            ),
            (says(http("200 OK", b"page", "Content-Encoding: br")), "not asked for"),
            (
                says(http("200 OK", b"page", "Content-Encoding: gzip", "Content-Encoding: gzip")),
                "not asked for",
            ),
            (says(http("200 OK", b"page", "Content-Encoding: gzip")), "damaged"),
        ],
    )
    async def test_what_cannot_be_used_is_told_as_that(self, answer: Answer, reason: str) -> None:
        """
        Not HTTP, endless headers, cut, malformed or oddly encoded: one error class, a reason each.
        """
        async with peer(answer) as upstream, egress() as client:
            with pytest.raises(UpstreamNonsense, match=reason) as nonsense:
                await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert str(nonsense.value).startswith(upstream.url().rstrip("/"))

    @pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200 OK\r\nContent-"])
    async def test_a_peer_that_hangs_up_early_is_unreachable(self, raw: bytes) -> None:
        """
        No answer is no nonsense: it is worth another attempt.
        """
        async with peer(says_and_hangs_up(raw)) as upstream, egress() as client:
            with pytest.raises(UpstreamUnreachable, match="closed the connection before it had answered"):
                await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)


class TestTime:
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (says_and_falls_silent(b""), r"did not answer within 0\.2 s"),
            (says_and_falls_silent(b"HTTP/1.1 200 OK\r\n"), r"did not answer within 0\.2 s"),
            (
                says_and_falls_silent(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
                r"fell silent for 0\.2 s within its answer",
            ),
            (
                drips(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n", b" "),
                r"did not answer completely within 0\.4 s",
            ),
            (drips(b"HTTP/1.1 200 OK\r\nX: ", b"x"), r"did not answer completely within 0\.4 s"),
            (drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), r"did not answer completely within 0\.4 s"),
        ],
    )
    async def test_neither_silence_nor_dripping_holds_us(self, answer: Answer, reason: str) -> None:
        """
        Silence ends at read_s; a peer that always says a little more ends at total_s.
        """
        async with peer(answer) as upstream, egress() as client:
            with pytest.raises(UpstreamUnreachable, match=reason):
                await client.get(upstream.url(), policy=ANYWHERE, limits=HASTY)

    async def test_a_handshake_that_never_comes_ends_too(self) -> None:
        """
        Waiting for TLS is bounded by connect_s.
        """
        limits = msgspec.structs.replace(LIMITS, connect_s=0.2)

        async with peer(says_and_falls_silent(b"")) as upstream, egress() as client:
            with pytest.raises(UpstreamUnreachable, match=r"cannot connect to https://.*: no answer within 0\.2 s"):
                await client.get(upstream.url(scheme="https"), policy=ANYWHERE, limits=limits)

    async def test_abandoned_calls_leave_room_for_others(self) -> None:
        """
        More cancelled calls than there are connections do not use the pool up.
        """
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"

        async with (
            peer(says_and_falls_silent(head)) as silent,
            peer(says(http("200 OK", b"here"))) as honest,
            egress() as client,
        ):
            calls = [asyncio.create_task(client.get(silent.url(), policy=ANYWHERE, limits=LIMITS)) for _ in range(40)]
            await silent.heard(20)
            for call in calls:
                call.cancel()
            ended = await asyncio.gather(*calls, return_exceptions=True)
            fetched = await client.get(honest.url(), policy=ANYWHERE, limits=LIMITS)

        assert all(isinstance(end, asyncio.CancelledError) for end in ended)
        assert fetched.body == b"here"
