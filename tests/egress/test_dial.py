"""What is dialled, and what is not."""

from pathlib import Path

import msgspec
import pytest

from registry.egress.dial import Resolver
from registry.errors import UpstreamUnreachable
from tests.egress.loopback import (
    ANYWHERE,
    LIMITS,
    PUBLIC_ONLY,
    Detour,
    ScriptedResolver,
    SilentResolver,
    UnknownNames,
    egress,
    http,
    peer,
    says,
    says_and_hangs_up,
)

pytestmark = pytest.mark.anyio

NAME = "registry.upstream.example"


class TestPinning:
    async def test_the_checked_address_is_the_dialled_one(self) -> None:
        """
        A name that answers differently a moment later is asked once, and its first answer is dialled.
        """
        resolver, network = ScriptedResolver(["11.22.33.44"], ["127.0.0.1"]), Detour()

        async with (
            peer(says(http("200 OK"))) as upstream,
            egress(resolver=resolver, network=network) as client,
        ):
            await client.get(upstream.url(host=NAME), policy=PUBLIC_ONLY, limits=LIMITS)

        assert (network.dialled, resolver.asked) == (["11.22.33.44"], [NAME])
        assert f"host: {NAME}:{upstream.port}".encode() in upstream.requests[0].lower()

    async def test_every_new_connection_is_checked_anew(self) -> None:
        """
        A name that was public for the first connection and is the metadata service for the second is refused.
        """
        resolver, network = ScriptedResolver(["11.22.33.44"], ["169.254.169.254"]), Detour()

        async with (
            peer(says_and_hangs_up(http("200 OK", b"", "Connection: close"))) as upstream,
            egress(resolver=resolver, network=network) as client,
        ):
            await client.get(upstream.url(host=NAME), policy=PUBLIC_ONLY, limits=LIMITS)
            with pytest.raises(UpstreamUnreachable):
                await client.get(upstream.url(host=NAME), policy=PUBLIC_ONLY, limits=LIMITS)

        assert network.dialled == ["11.22.33.44"]

    async def test_one_forbidden_address_condemns_the_name(self) -> None:
        """
        A name with a public and a private address is not dialled at all.
        """
        resolver, network = ScriptedResolver(["11.22.33.44", "10.0.0.5"]), Detour()

        async with egress(resolver=resolver, network=network) as client:
            with pytest.raises(UpstreamUnreachable) as refused:
                await client.get(f"http://{NAME}/", policy=PUBLIC_ONLY, limits=LIMITS)

        assert network.dialled == []
        assert str(refused.value) == (
            f"refusing to connect to {NAME}: it is at a private address (10.0.0.0/8); "
            "allow_private = true would permit it"
        )

    @pytest.mark.parametrize(
        "address",
        [
            "0.0.0.0",
            "169.254.169.254",
            "224.0.0.1",
            "::",
            "::ffff:127.0.0.1",
            "fe80::1%eth0",
            "fd00:ec2::254",
        ],
    )
    async def test_permission_for_private_addresses_has_its_limits(self, address: str) -> None:
        """
        Unspecified, metadata, multicast and wrapped addresses stay refused with allow_private.
        """
        network = Detour()

        async with egress(resolver=ScriptedResolver([address]), network=network) as client:
            with pytest.raises(UpstreamUnreachable):
                await client.get(f"http://{NAME}/", policy=ANYWHERE, limits=LIMITS)

        assert network.dialled == []

    @pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.5", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])
    async def test_an_address_in_the_url_is_checked_like_any_other(self, host: str) -> None:
        """
        Writing the address instead of a name gets nobody past the table, and no name server is asked.
        """
        resolver, network = ScriptedResolver(["11.22.33.44"]), Detour()

        async with egress(resolver=resolver, network=network) as client:
            with pytest.raises(UpstreamUnreachable):
                await client.get(f"http://{host}/", policy=PUBLIC_ONLY, limits=LIMITS)

        assert (network.dialled, resolver.asked) == ([], [])

    async def test_a_resolver_that_answers_rubbish_is_not_believed(self) -> None:
        """
        An answer that is no address is refused like a forbidden one.
        """
        network = Detour()

        async with egress(resolver=ScriptedResolver(["localhost"]), network=network) as client:
            with pytest.raises(UpstreamUnreachable):
                await client.get(f"http://{NAME}/", policy=ANYWHERE, limits=LIMITS)

        assert network.dialled == []


class TestFallback:
    async def test_the_next_address_is_tried(self) -> None:
        """
        A name whose first address refuses connections is reached at its second.
        """
        resolver = ScriptedResolver(["2a01::1", "11.22.33.44", "11.22.33.55"])
        network = Detour(closed=["2a01::1"])

        async with (
            peer(says(http("200 OK", b"yes"))) as upstream,
            egress(resolver=resolver, network=network) as client,
        ):
            fetched = await client.get(upstream.url(host=NAME), policy=PUBLIC_ONLY, limits=LIMITS)

        assert (fetched.body, network.dialled) == (b"yes", ["2a01::1", "11.22.33.44"])

    async def test_no_address_answers(self) -> None:
        """
        When all addresses refuse, the peer is unreachable and each was tried once.
        """
        resolver = ScriptedResolver(["2a01::1", "11.22.33.44", "11.22.33.44"])
        network = Detour(closed=["2a01::1", "11.22.33.44"])

        async with egress(resolver=resolver, network=network) as client:
            with pytest.raises(UpstreamUnreachable, match=f"cannot connect to http://{NAME}"):
                await client.get(f"http://{NAME}/", policy=PUBLIC_ONLY, limits=LIMITS)

        assert network.dialled == ["2a01::1", "11.22.33.44"]

    async def test_nobody_listens(self) -> None:
        """
        A closed port is told in the system's own words.
        """
        async with peer(says(b"")) as gone:
            url = gone.url()

        async with egress() as client:
            with pytest.raises(UpstreamUnreachable, match=r"cannot connect to http://.*: connection refused"):
                await client.get(url, policy=ANYWHERE, limits=LIMITS)


class TestNames:
    @pytest.mark.parametrize(
        ("resolver", "reason"),
        [
            (UnknownNames(), "cannot resolve registry.upstream.example: name or service not known"),
            (ScriptedResolver([]), "cannot resolve registry.upstream.example: it has no address"),
            (SilentResolver(), "cannot resolve registry.upstream.example: no answer within 0.2 s"),
        ],
    )
    async def test_a_name_that_leads_nowhere(self, resolver: Resolver, reason: str) -> None:
        """
        Unknown, empty and unanswered names are each told apart, in bounded time.
        """
        limits = msgspec.structs.replace(LIMITS, connect_s=0.2)

        async with egress(resolver=resolver) as client:
            with pytest.raises(UpstreamUnreachable) as missing:
                await client.get(f"https://{NAME}/", policy=PUBLIC_ONLY, limits=limits)

        assert str(missing.value) == reason

    async def test_the_hosts_own_resolver_knows_localhost(self) -> None:
        """
        Without a resolver passed in, names are looked up as the host does it.
        """
        async with peer(says(http("200 OK", b"home"))) as upstream, egress() as client:
            fetched = await client.get(upstream.url(host="localhost"), policy=ANYWHERE, limits=LIMITS)

        assert fetched.body == b"home"


class TestConnections:
    async def test_a_walk_uses_one_connection(self) -> None:
        """
        Many pages from one origin cost one look-up and one connection.
        """
        resolver = ScriptedResolver(["127.0.0.1"])

        async with peer(says(http("200 OK", b"{}"))) as upstream, egress(resolver=resolver) as client:
            for page in range(20):
                await client.get(upstream.url(f"/?cursor={page}", host=NAME), policy=ANYWHERE, limits=LIMITS)

        assert (upstream.connections, len(upstream.requests), len(resolver.asked)) == (1, 20, 1)

    async def test_a_refusal_keeps_the_connection(self) -> None:
        """
        An error status that was read to its end is no reason to connect again.
        """
        answers = says(http("304 Not Modified"), http("200 OK", b"{}"))

        async with peer(answers) as upstream, egress() as client:
            with pytest.raises(Exception, match="304 not modified"):
                await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)
            await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert upstream.connections == 1

    async def test_names_do_not_share_connections(self) -> None:
        """
        Two names at one address have a connection each: the certificate was checked for one of them only.
        """
        resolver = ScriptedResolver(["127.0.0.1"])

        async with peer(says(http("200 OK", b"{}"))) as upstream, egress(resolver=resolver) as client:
            for host in (NAME, "other.upstream.example"):
                await client.get(upstream.url(host=host), policy=ANYWHERE, limits=LIMITS)

        assert upstream.connections == 2

    async def test_policies_do_not_share_connections(self) -> None:
        """
        A connection opened under allow_private is not lent to a caller without it.
        """
        resolver = ScriptedResolver(["127.0.0.1"])

        async with peer(says(http("200 OK", b"{}"))) as upstream, egress(resolver=resolver) as client:
            await client.get(upstream.url(host=NAME), policy=ANYWHERE, limits=LIMITS)
            with pytest.raises(UpstreamUnreachable, match="loopback"):
                await client.get(upstream.url(host=NAME), policy=PUBLIC_ONLY, limits=LIMITS)

        assert len(upstream.requests) == 1


class TestEnvironment:
    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
    async def test_proxies_of_the_environment_are_ignored(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A proxy would resolve and dial for us, past the table.
        """
        async with (
            peer(says(http("200 OK", b"from the proxy"))) as proxy,
            peer(says(http("200 OK", b"from the upstream"))) as upstream,
        ):
            monkeypatch.setenv(name, proxy.url())
            async with egress() as client:
                fetched = await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert (fetched.body, proxy.connections) == (b"from the upstream", 0)

    async def test_no_credentials_come_from_netrc(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        What a developer keeps in .netrc is not sent on the registry's behalf.
        """
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login acme password canary\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))

        async with peer(says(http("200 OK"))) as upstream, egress() as client:
            await client.get(upstream.url(), policy=ANYWHERE, limits=LIMITS)

        assert b"authorization" not in upstream.requests[0].lower()
