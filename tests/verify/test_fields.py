"""What a package of a kind that is verified may say, before anybody is asked."""

import pytest

from registry.settings import PublishSettings
from registry.settings.verify import VerifySettings
from schemas.validation.reading import Members
from tests.verify.world import ALLOWED, EVERYTHING, NOWHERE, accepted, asking, package, refused

pytestmark = pytest.mark.anyio

SHA = "0a" * 32
FAILED = "registry validation failed for package 0"


class TestVerified:
    @pytest.mark.parametrize(
        ("refused_package", "reason"),
        [
            (
                package("npm", "fax", "1.0.0", fileSha256=SHA),
                "NPM package 'fax' cannot have fileSha256: only MCPB packages do",
            ),
            (
                package("pypi", "fax"),
                "PyPI package 'fax' has no version, and ownership is verified for one version",
            ),
            (
                package("nuget", "fax", "1.0.0", registryBaseUrl="https://other.acme.example"),
                "registry type and base URL do not match: 'https://other.acme.example' is not valid for registry type "
                "'nuget'. Expected: http://127.0.0.1:9/index or https://mirror.acme.example",
            ),
            (
                package("cargo", "fax", "1.0.0", registryBaseUrl="https://evil.example"),
                "registry type and base URL do not match: 'https://evil.example' is not valid for registry type "
                "'cargo'. Expected: http://127.0.0.1:9/index or https://mirror.acme.example",
            ),
            (
                package("npm", "fax", "1.0.0", registryBaseUrl="http://127.0.0.1:9/index"),
                'registryBaseUrl "http://127.0.0.1:9/index" is not allowed here; to allow it, add to [publish] in the '
                'configuration: package_bases = ["http://127.0.0.1:9/index"]',
            ),
            (
                package("oci", "oci.acme.example/fax:1", registryBaseUrl="https://mirror.acme.example"),
                "OCI image 'oci.acme.example/fax:1' cannot have registryBaseUrl: its identifier says everything, tag "
                "and digest too",
            ),
            (
                package("oci", "oci.acme.example/fax", "1"),
                "OCI image 'oci.acme.example/fax' cannot have version: its identifier says everything, tag and digest "
                "too",
            ),
            (
                package("oci", "oci.acme.example/fax:1", fileSha256=SHA),
                "OCI image 'oci.acme.example/fax:1' cannot have fileSha256: its identifier says everything, tag and "
                "digest too",
            ),
            (
                package("oci", "oci.acme.example/fax"),
                "OCI image 'oci.acme.example/fax' names neither a tag nor a digest",
            ),
            (
                package("oci", "unverified.acme.example/fax:1"),
                "unsupported OCI registry: unverified.acme.example; to verify its images, add to [verify]: oci = "
                '[{ host = "unverified.acme.example", url = "https://…" }]',
            ),
            (
                package("oci", "oci.acme.example:5000/fax:1"),
                "unsupported OCI registry: oci.acme.example:5000; to verify its images, add to [verify]: oci = "
                '[{ host = "oci.acme.example:5000", url = "https://…" }]',
            ),
            (
                package("mcpb", "https://files.acme.example/fax.mcpb"),
                "MCPB package 'https://files.acme.example/fax.mcpb' needs fileSha256, by which clients check what they "
                "downloaded",
            ),
            (
                package(
                    "mcpb",
                    "https://files.acme.example/fax.mcpb",
                    fileSha256=SHA,
                    registryBaseUrl="https://mirror.acme.example",
                ),
                "MCPB package 'https://files.acme.example/fax.mcpb' cannot have registryBaseUrl: its identifier is the "
                "whole address",
            ),
            (
                package("mcpb", "https://files.acme.example/fax.zip", fileSha256=SHA),
                "MCPB package 'https://files.acme.example/fax.zip' must have 'mcp' in its url",
            ),
            (
                package("homebrew", "fax", "1"),
                "unsupported registry type: homebrew; expected one of npm, pypi, nuget, oci, mcpb, cargo",
            ),
        ],
    )
    async def test_the_rules_of_a_kind_come_before_any_lookup(self, refused_package: Members, reason: str) -> None:
        """Which members a verified kind needs, which it cannot have, and which index can speak for it."""
        async with asking(EVERYTHING, publish=ALLOWED) as asked:
            told = await refused(asked, refused_package)

        assert told == f"{FAILED} ({refused_package['identifier']}): {reason}"

    @pytest.mark.parametrize(
        ("url", "site"),
        [
            ("https://github.com/acme/fax/raw/main/mcp.mcpb", "github.com"),
            ("https://www.github.com/acme/fax/releases/download/v1/x/mcp.mcpb", "github.com"),
            ("https://github.com/acme/mcp/releases/tag/v1", "github.com"),
            ("https://gitlab.com/acme/fax/-/raw/main/mcp.mcpb", "gitlab.com"),
            ("https://gitlab.com/acme/fax/releases/v1/downloads/mcp.mcpb", "gitlab.com"),
            ("https://gitlab.com/acme/fax/-/package_files/one/download?mcp", "gitlab.com"),
        ],
    )
    async def test_a_bundle_on_a_public_site_is_released(self, url: str, site: str) -> None:
        """What anybody may upload there is not a release."""
        async with asking(EVERYTHING, publish=ALLOWED) as asked:
            told = await refused(asked, package("mcpb", url, fileSha256=SHA))

        assert told == f"{FAILED} ({url}): MCPB package '{url}' must be a file of a release on {site}"

    @pytest.mark.parametrize(
        "url",
        [
            "https://github.com/acme/fax/releases/download/v1/mcp.mcpb",
            "https://www.github.com/acme/fax/releases/download/v1/mcp.mcpb",
            "https://gitlab.com/acme/group/fax/-/releases/v1/downloads/bin/mcp.mcpb",
            "https://gitlab.com/acme/mcp-fax/-/package_files/42/download",
        ],
    )
    async def test_a_release_is_asked_for(self, url: str) -> None:
        """The right paths are looked up, here in vain: no certificate is for these names."""
        hosts = ("github.com:1", "gitlab.com:1", "www.github.com:1")
        here = url.replace(".com/", ".com:1/")
        async with asking(EVERYTHING, publish=PublishSettings(mcpb_hosts=hosts)) as asked:
            told = await refused(asked, package("mcpb", here, fileSha256=SHA))

        assert told.endswith(": connection refused. Likely transient, retry later")

    async def test_a_kind_that_is_not_configured_is_not_verified(self) -> None:
        """Its packages are taken at their publisher's word, even while others are verified."""
        async with asking(VerifySettings(npm=NOWHERE), publish=ALLOWED) as asked:
            await accepted(asked, package("pypi", "fax"), package("oci", "oci.acme.example/fax"))
            await accepted(asked, package("mcpb", "https://files.acme.example/x"))
