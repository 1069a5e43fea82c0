"""Whom we believe to be who they say they are."""

import ssl
from pathlib import Path

import msgspec
import pytest

from registry.errors import RegistryError, UpstreamUnreachable
from tests.egress.loopback import (
    ANYWHERE,
    LIMITS,
    ScriptedResolver,
    egress,
    http,
    peer,
    says,
    says_and_hangs_up,
)

pytestmark = pytest.mark.anyio

NAME = "registry.upstream.example"
CERTIFICATES = Path(__file__).parent / "certificates"
HASTY = msgspec.structs.replace(LIMITS, read_s=0.2, total_s=0.4)


class TestTls:
    def serving(self) -> ssl.SSLContext:
        """The certificate of registry.upstream.example."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "server.pem")
        return context

    def trusting(self) -> ssl.SSLContext:
        """Trust in the tests' own authority."""
        return ssl.create_default_context(cafile=str(CERTIFICATES / "authority.pem"))

    async def test_the_certificate_is_checked_for_the_name(self) -> None:
        """
        The address is pinned, and yet name indication and certificate check speak of the name.
        """
        asked: list[str | None] = []
        serving = self.serving()
        serving.sni_callback = lambda _socket, name, _context: asked.append(name)

        async with (
            peer(says(http("200 OK", b"safe")), tls=serving) as upstream,
            egress(resolver=ScriptedResolver(["127.0.0.1"]), tls=self.trusting()) as client,
        ):
            fetched = await client.get(upstream.url(host=NAME, scheme="https"), policy=ANYWHERE, limits=LIMITS)

        assert (fetched.body, asked) == (b"safe", [NAME])

    @pytest.mark.parametrize("host", ["other.upstream.example", "127.0.0.1"])
    async def test_a_certificate_for_another_name_is_refused(self, host: str) -> None:
        """
        Being at the right address proves nothing.
        """
        async with (
            peer(says(http("200 OK", b"safe")), tls=self.serving()) as upstream,
            egress(resolver=ScriptedResolver(["127.0.0.1"]), tls=self.trusting()) as client,
        ):
            with pytest.raises(UpstreamUnreachable, match=r"its certificate is not trusted: .* mismatch"):
                await client.get(upstream.url(host=host, scheme="https"), policy=ANYWHERE, limits=LIMITS)

        assert upstream.requests == []

    async def test_an_unknown_authority_is_refused(self) -> None:
        """
        Without configuration only the public authorities are trusted.
        """
        async with (
            peer(says(http("200 OK", b"safe")), tls=self.serving()) as upstream,
            egress(resolver=ScriptedResolver(["127.0.0.1"])) as client,
        ):
            with pytest.raises(UpstreamUnreachable, match="its certificate is not trusted: "):
                await client.get(upstream.url(host=NAME, scheme="https"), policy=ANYWHERE, limits=LIMITS)

        assert upstream.requests == []

    async def test_a_peer_without_tls_is_not_spoken_to_in_clear(self) -> None:
        """
        https never falls back to http.
        """
        async with peer(says_and_hangs_up(http("200 OK"))) as upstream, egress() as client:
            with pytest.raises(RegistryError):
                await client.get(upstream.url(scheme="https"), policy=ANYWHERE, limits=HASTY)

        assert upstream.requests == []

    async def test_a_context_that_checks_nothing_is_refused(self) -> None:
        """
        Verification cannot be switched off, by nobody and nowhere.
        """
        careless = ssl.create_default_context()
        careless.check_hostname = False

        with pytest.raises(ValueError, match="without checking"):
            egress(tls=careless)
