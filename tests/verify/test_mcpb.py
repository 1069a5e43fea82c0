"""MCPB: the bundle is there, and nobody sends us anywhere that is not configured."""

from collections.abc import Iterator

import pytest

from registry.settings import PublishSettings
from registry.settings.verify import McpbSettings, VerifySettings
from schemas.validation.reading import Members
from tests.doubles.faults import Fault, status
from tests.doubles.indexes import BundleHost
from tests.verify.world import accepted, asking, package, refused

pytestmark = pytest.mark.anyio

PATH = "/releases/fax-1.0.0.mcpb"
LATER = "Likely transient, retry later"


@pytest.fixture
def bundles() -> Iterator[BundleHost]:
    with BundleHost() as running:
        running.files.add(PATH)
        yield running


def publishing(bundles: BundleHost) -> PublishSettings:
    return PublishSettings(mcpb_hosts=(bundles.host,))


def verified(*redirect_hosts: str) -> VerifySettings:
    return VerifySettings(mcpb=McpbSettings(redirect_hosts=redirect_hosts, allow_private=True))


def fax(bundles: BundleHost) -> Members:
    return package("mcpb", bundles.url + PATH, fileSha256="0a" * 32)


def failed(bundles: BundleHost, reason: str) -> str:
    url = bundles.url + PATH
    return f"registry validation failed for package 0 ({url}): MCPB package '{url}' {reason}"


class TestMcpb:
    async def test_a_bundle_that_is_there_is_accepted(self, bundles: BundleHost) -> None:
        """Only its head is asked for."""
        async with asking(verified(), publish=publishing(bundles)) as asked:
            await accepted(asked, fax(bundles))

        assert bundles.asked == [f"HEAD {PATH}"]

    @pytest.mark.parametrize("code", [401, 403, 404, 410])
    async def test_a_bundle_that_is_not_there_is_refused(self, bundles: BundleHost, code: int) -> None:
        """With the status of the host."""
        bundles.faults.append(Fault(status(code)))

        async with asking(verified(), publish=publishing(bundles)) as asked:
            assert await refused(asked, fax(bundles)) == failed(bundles, f"not found (status: {code})")

    @pytest.mark.parametrize("code", [204, 206])
    async def test_only_200_is_a_yes(self, bundles: BundleHost, code: int) -> None:
        """Anything else is no whole file."""
        bundles.faults.append(Fault(status(code)))

        async with asking(verified(), publish=publishing(bundles)) as asked:
            assert await refused(asked, fax(bundles)) == failed(bundles, f"cannot be downloaded (status: {code})")

    async def test_a_redirect_to_a_configured_host_is_followed(self, bundles: BundleHost) -> None:
        """Sites keep their files elsewhere."""
        with BundleHost() as files:
            files.files.add("/kept")
            bundles.moved[PATH] = f"{files.url}/kept?signature=x"
            async with asking(verified(files.host), publish=publishing(bundles)) as asked:
                await accepted(asked, fax(bundles))

            assert files.asked == ["HEAD /kept?signature=x"]

    async def test_a_redirect_within_the_host_is_followed(self, bundles: BundleHost) -> None:
        """A relative one, here."""
        bundles.moved[PATH] = "latest.mcpb"
        bundles.files.add("/releases/latest.mcpb")

        async with asking(verified(), publish=publishing(bundles)) as asked:
            await accepted(asked, fax(bundles))

    @pytest.mark.parametrize(
        ("location", "reason"),
        [
            (
                "https://evil.example/fax.mcpb",
                "the download leads to evil.example, which is not among [verify] mcpb redirect_hosts",
            ),
            ("http://files.acme.example/fax", "the download leads to http://files.acme.example, which is not https"),
            ("file:///etc/passwd", "the download leads to an address that cannot be used"),
            ("https://[", "the download leads to an address that cannot be used"),
            ("", "the download is redirected more than 5 times"),
        ],
    )
    async def test_a_redirect_anywhere_else_is_not_followed(
        self, bundles: BundleHost, location: str, reason: str
    ) -> None:
        """Neither to another host, nor in the clear, nor around in circles."""
        bundles.moved[PATH] = location

        async with asking(verified("files.acme.example"), publish=publishing(bundles)) as asked:
            told = await refused(asked, fax(bundles))

        assert told == failed(bundles, f"could not be looked up: {reason}. {LATER}")

    async def test_private_addresses_are_not_dialled_unless_configured(self, bundles: BundleHost) -> None:
        """A host in the list that points inside is not asked."""
        verify = VerifySettings(mcpb=McpbSettings())

        async with asking(verify, publish=publishing(bundles)) as asked:
            told = await refused(asked, fax(bundles))

        assert "it is at a loopback address (127.0.0.0/8); allow_private = true would permit it" in told
        assert bundles.asked == []
