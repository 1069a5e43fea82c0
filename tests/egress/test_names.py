"""Asking name servers, and trusting an authority of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.egress.client import trust
from registry.egress.names import NameServers
from registry.errors import ConfigFault, UpstreamUnreachable
from tests.doubles.authority import Authority
from tests.doubles.name_server import NameServer
from tests.egress.loopback import ANYWHERE, LIMITS, PUBLIC_ONLY, egress, http, peer, says

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer() as running:
        yield running


class TestTexts:
    async def test_each_record_whole(self, server: NameServer) -> None:
        """
        The strings of a record are one text, the records are several.
        """
        server.texts["acme.example"] = ["x" * 300, "two"]

        texts = await NameServers([server.address]).texts("acme.example", limit_s=5)

        assert sorted(texts) == ["two", "x" * 300]
        assert server.asked == ["acme.example TXT"]

    async def test_nothing_there(self, server: NameServer) -> None:
        """
        A name without texts, and one that does not exist, have none.
        """
        server.addresses["acme.example"] = ["9.9.9.9"]
        names = NameServers([server.address])

        assert await names.texts("acme.example", limit_s=5) == []
        assert await names.texts("nobody.example", limit_s=5) == []

    @pytest.mark.parametrize("name", ["acme.example", "a" * 64 + ".example", "a..example"])
    async def test_no_answer(self, server: NameServer, name: str) -> None:
        """
        What cannot be found out is not nothing.
        """
        server.failing.add("acme.example")

        with pytest.raises(UpstreamUnreachable, match="cannot look up"):
            await NameServers([server.address]).texts(name, limit_s=1)


class TestAddresses:
    async def test_are_asked_of_the_same(self, server: NameServer) -> None:
        """
        A client with these name servers asks nobody else, and still looks at what they say.
        """
        server.addresses |= {"peer.acme.example": ["127.0.0.1"], "inside.acme.example": ["10.0.0.1"]}
        names = NameServers([server.address])

        async with peer(says(http("200 OK"))) as running, egress(resolver=names) as client:
            url = running.url(host="peer.acme.example")
            assert (await client.get(url, policy=ANYWHERE, limits=LIMITS)).status == 200
            with pytest.raises(UpstreamUnreachable, match=r"it is at a loopback address \(127.0.0.0/8\)"):
                await client.get(url, policy=PUBLIC_ONLY, limits=LIMITS)
            with pytest.raises(UpstreamUnreachable, match=r"a private address \(10.0.0.0/8\)"):
                await client.get("http://inside.acme.example/", policy=PUBLIC_ONLY, limits=LIMITS)

        assert {"peer.acme.example A", "peer.acme.example AAAA"} <= set(server.asked)

    async def test_nobody(self, server: NameServer) -> None:
        """
        A name they do not know, and a question they do not answer, are told apart.
        """
        server.failing.add("broken.example")

        async with egress(resolver=NameServers([server.address])) as client:
            with pytest.raises(UpstreamUnreachable, match=r"cannot resolve nobody.example: no such name"):
                await client.get("http://nobody.example/", policy=ANYWHERE, limits=LIMITS)
            with pytest.raises(UpstreamUnreachable, match=r"cannot resolve broken.example: the name servers do not"):
                await client.get("http://broken.example/", policy=ANYWHERE, limits=LIMITS)


class TestTrust:
    async def test_an_authority_of_ones_own(self, tmp_path: Path) -> None:
        """
        It is trusted beside the others, and only if it was named.
        """
        authority = Authority(tmp_path)
        tls = authority.server(["localhost"])

        async with peer(says(http("200 OK")), tls=tls) as running:
            url = running.url(host="localhost", scheme="https")
            async with egress(tls=trust(authority.certificate)) as client:
                assert (await client.get(url, policy=ANYWHERE, limits=LIMITS)).status == 200
            async with egress(tls=trust(None)) as client:
                with pytest.raises(UpstreamUnreachable, match="its certificate is not trusted"):
                    await client.get(url, policy=ANYWHERE, limits=LIMITS)

    @pytest.mark.parametrize("content", [None, "", "no certificate"])
    async def test_no_authority(self, tmp_path: Path, content: str | None) -> None:
        """
        A file that is not there, or holds none, stops the start.
        """
        path = tmp_path / "authority.pem"
        if content is not None:
            path.write_text(content)

        with pytest.raises(ConfigFault, match="ca_file"):
            trust(path)
