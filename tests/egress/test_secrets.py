"""What we send is not told to anybody else."""

import logging

import msgspec
import pytest

from registry.errors import UpstreamFault
from tests.egress.loopback import (
    ANYWHERE,
    LIMITS,
    Answer,
    egress,
    http,
    peer,
    says,
    says_and_falls_silent,
    says_and_hangs_up,
)

pytestmark = pytest.mark.anyio

CONFIDENTIAL_URL = "/services/T00000000/canary-capability-1?token=canary-query&x=1#canary-fragment"
CONFIDENTIAL_HEADERS = {"Authorization": "Bearer canary-token", "X-Signature": "canary-signature"}
HASTY = msgspec.structs.replace(LIMITS, read_s=0.2, total_s=0.4)


class TestSecrets:
    @pytest.mark.parametrize(
        "answer",
        [
            says_and_hangs_up(b""),
            says_and_hangs_up(b"canary-token\r\n\r\n"),
            says_and_falls_silent(b""),
            says_and_hangs_up(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncanary-token"),
            says(http("200 OK", b"x", "Content-Encoding: canary-token")),
            says(http("302 canary-token", b"", "Location: https://canary-token@other.example/canary-query")),
            says(http("401 canary-token", b'{"detail":"bad token canary-token"}')),
            says(http("403 No", b'{"error":"canary-query is over"}')),
            says(http("404 No", b'{"message":"no such hook canary-capability-1"}')),
            says(http("500 No", b'{"title":"canary-signature"}')),
            says(http("500 No", b"canary-token")),
            says(http("503 No", b"", "Retry-After: canary-token")),
        ],
    )
    async def test_no_error_repeats_what_was_sent(self, answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
        """
        Credentials, query, capability and fragment are in no message, in no form, and in no log.
        """
        caplog.set_level(logging.INFO)

        async with peer(answer) as upstream, egress() as client:
            with pytest.raises(UpstreamFault) as failed:
                await client.get(
                    upstream.url(CONFIDENTIAL_URL), headers=CONFIDENTIAL_HEADERS, policy=ANYWHERE, limits=HASTY
                )

        assert "canary" not in f"{failed.value} {failed.value!r} {vars(failed.value)} {caplog.text}"

    async def test_a_fetched_page_does_not_print_itself(self, caplog: pytest.LogCaptureFixture) -> None:
        """
        What stands in a traceback or debug line is a size, not a body or a URL.
        """
        caplog.set_level(logging.INFO)

        async with peer(says(http("200 OK", b"canary", "X: canary"))) as upstream, egress() as client:
            fetched = await client.get(
                upstream.url(CONFIDENTIAL_URL), headers=CONFIDENTIAL_HEADERS, policy=ANYWHERE, limits=LIMITS
            )

        assert repr(fetched) == "Fetched(status=200, body=<6 bytes>)"
        assert "canary" not in caplog.text
