"""What a package may say whatever is verified; nobody is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.entry import ServerName
from registry.settings.verify import VerifySettings
from registry.verify.image import parse_image
from registry.verify.package import Kind, packages_of
from registry.verify.rules import refusal
from tests.verify.world import ALLOWED, EVERYTHING, accepted, asking, package, refused

pytestmark = pytest.mark.anyio

FAILED = "registry validation failed for package 0"


class TestAlways:
    @pytest.mark.parametrize("kind", [Kind.NPM, Kind.PYPI, Kind.NUGET, Kind.CARGO])
    async def test_a_package_without_a_base_is_accepted(self, kind: Kind) -> None:
        """Nothing has to be configured for packages that state no index."""
        async with asking() as asked:
            await accepted(asked, package(kind, "acme-fax", "1.0.0"))
            await accepted(asked, package(kind, "acme-fax", "1.0.0", registryBaseUrl=""))
            await accepted(asked, package(kind, "acme-fax"))

    async def test_a_document_without_packages_is_accepted(self) -> None:
        """Packages may be absent, null or none."""
        async with asking() as asked:
            await accepted(asked)
            await asked.require(ServerName.parse("com.acme/fax"), {"name": "com.acme/fax"})
            await asked.require(ServerName.parse("com.acme/fax"), {"packages": None})

    @pytest.mark.parametrize("base", ["https://mirror.acme.example", "https://mirror.acme.example/"])
    async def test_a_base_that_is_configured_is_accepted(self, base: str) -> None:
        """With or without a slash at its end."""
        async with asking(publish=ALLOWED) as asked:
            await accepted(asked, package("npm", "@acme/fax", "1.0.0", registryBaseUrl=base))

    @pytest.mark.parametrize("registry_type", ["npm", "pypi", "nuget", "cargo", "homebrew"])
    @pytest.mark.parametrize("base", ["https://evil.example", "https://mirror.acme.example/x", "HTTPS://x"])
    async def test_another_base_is_refused_with_the_line_to_add(self, registry_type: str, base: str) -> None:
        """Users are told what to ask their operator for; a base is compared whole."""
        async with asking(publish=ALLOWED) as asked:
            told = await refused(asked, package(registry_type, "fax", "1.0.0", registryBaseUrl=base))

        assert told == (
            f'{FAILED} (fax): registryBaseUrl "{base}" is not allowed here; to allow it, add to [publish] in the '
            f'configuration: package_bases = ["{base}"]'
        )

    async def test_the_line_to_add_stays_one_line(self) -> None:
        """What a publisher writes cannot pretend to be another line of configuration."""
        async with asking() as asked:
            told = await refused(asked, package("npm", "fax", "1", registryBaseUrl='https://x"]\n[anonymous]'))

        assert told.endswith(r'package_bases = ["https://x\"]\n[anonymous]"]')
        assert "\n" not in told

    @pytest.mark.parametrize(
        "identifier",
        [
            "oci.acme.example/fax:1",
            "oci.acme.example:5000/fax:1",
            "quay.acme.example:8443/fax:1",
            "OCI.ACME.example/fax",
        ],
    )
    async def test_an_image_of_a_configured_host_is_accepted(self, identifier: str) -> None:
        """A host without a port stands for every port; case does not matter."""
        async with asking(publish=ALLOWED) as asked:
            await accepted(asked, package("oci", identifier))

    @pytest.mark.parametrize(
        ("identifier", "host"),
        [
            ("postgres:17", "docker.io"),
            ("acme/fax:1", "docker.io"),
            ("evil.example/fax:1", "evil.example"),
            ("x.oci.acme.example/fax:1", "x.oci.acme.example"),
            ("oci.acme.example.evil.example/fax:1", "oci.acme.example.evil.example"),
            ("quay.acme.example/fax:1", "quay.acme.example"),
            ("quay.acme.example:84/fax:1", "quay.acme.example:84"),
        ],
    )
    async def test_an_image_of_another_host_is_refused(self, identifier: str, host: str) -> None:
        """A bare name is one of Docker Hub's; a host is compared whole."""
        async with asking(publish=ALLOWED) as asked:
            told = await refused(asked, package("oci", identifier))

        assert told == (
            f"{FAILED} ({identifier}): unsupported OCI registry: {host}; to allow it, add to [publish] in the "
            f'configuration: oci_hosts = ["{host}"]'
        )

    async def test_an_image_without_a_certain_host_is_refused(self) -> None:
        """What two clients may read differently is no reference."""
        async with asking(publish=ALLOWED) as asked:
            told = await refused(asked, package("oci", "oci.acme.example/Fax:1"))

        assert told == (
            f"{FAILED} (oci.acme.example/Fax:1): the identifier of an OCI package cannot be used: not a reference to "
            "an image; expected [host/]name, then :tag or @sha256:… or both"
        )

    @pytest.mark.parametrize(
        ("identifier", "reason"),
        [
            (
                "https://evil.example/mcp.mcpb",
                "host evil.example is not allowed for MCPB packages; to allow it, add to [publish] in the "
                'configuration: mcpb_hosts = ["evil.example"]',
            ),
            (
                "https://files.acme.example.evil.example:8443/mcp.mcpb",
                "host files.acme.example.evil.example:8443 is not allowed for MCPB packages; to allow it, add to "
                '[publish] in the configuration: mcpb_hosts = ["files.acme.example.evil.example:8443"]',
            ),
            ("http://files.acme.example/mcp.mcpb", "the url of an MCPB package must begin with https://"),
            (
                "files.acme.example/mcp.mcpb",
                "the identifier of an MCPB package cannot be used: the url must begin with https:// or http://",
            ),
            (
                "https://files.acme.example@evil.example/mcp.mcpb",
                "the identifier of an MCPB package cannot be used: the url must not hold a user name or password; "
                "configure a token instead",
            ),
        ],
    )
    async def test_a_bundle_of_another_host_is_refused(self, identifier: str, reason: str) -> None:
        """Bundles come over https from hosts that are configured."""
        async with asking(publish=ALLOWED) as asked:
            told = await refused(asked, package("mcpb", identifier))

        assert told == f"{FAILED} ({identifier}): {reason}"

    async def test_a_bundle_of_a_configured_host_is_accepted(self) -> None:
        """On any port, where none is configured."""
        async with asking(publish=ALLOWED) as asked:
            await accepted(asked, package("mcpb", "https://files.acme.example/fax.mcpb"))
            await accepted(asked, package("mcpb", "https://files.acme.example:8443/fax.mcpb", "1.0.0"))

    @pytest.mark.parametrize("kind", [Kind.NPM, Kind.PYPI, Kind.NUGET, Kind.CARGO])
    @pytest.mark.parametrize(
        "identifier",
        ["git+https://evil.example/x", "https://evil.example/x.tgz", "../x", ".", "..", "a/b/c", "--x", "a\n", "ａ"],
    )
    async def test_a_name_that_a_tool_may_take_for_an_address_is_refused(self, kind: Kind, identifier: str) -> None:
        """Installers take addresses in place of names: such a package would come from anywhere."""
        async with asking() as asked:
            told = await refused(asked, package(kind, identifier, "1.0.0"))

        assert "cannot be the name of a " in told
        assert told.startswith(f"{FAILED} ({identifier}): ".replace("\n", "\N{REPLACEMENT CHARACTER}"))

    @pytest.mark.parametrize("kind", [Kind.NPM, Kind.PYPI, Kind.NUGET, Kind.CARGO])
    @pytest.mark.parametrize("version", ["https://evil.example/x.tgz", "npm:evil@1.0.0", "..", "1/2", "1 @ x", "1;x"])
    async def test_a_version_that_a_tool_may_take_for_an_address_is_refused(self, kind: Kind, version: str) -> None:
        """The same for versions."""
        async with asking() as asked:
            told = await refused(asked, package(kind, "fax", version))

        assert told.startswith(f'{FAILED} (fax): "{version}" cannot be the version of a ')

    @pytest.mark.parametrize(
        ("registry_type", "right"),
        [("OCI", "oci"), ("docker", "oci"), ("Docker-Hub", "oci"), ("NPM", "npm"), ("PyPI", "pypi"), ("mcpb ", "mcpb")],
    )
    async def test_another_spelling_of_a_kind_is_refused(self, registry_type: str, right: str) -> None:
        """A client may read it as the kind whose rules were not applied."""
        async with asking(publish=ALLOWED) as asked:
            told = await refused(asked, package(registry_type, "evil.example/x:1"))

        assert told == (f"{FAILED} (evil.example/x:1): unsupported registry type: {registry_type}; write {right}")

    async def test_a_kind_that_nobody_knows_is_the_publishers_affair(self) -> None:
        """As long as nothing is verified."""
        async with asking() as asked:
            await accepted(asked, package("homebrew", "fax", "1.0.0"))

    async def test_the_first_package_that_fails_is_named(self) -> None:
        """Packages are looked at in order, and counted from 0."""
        fine, wrong = package("npm", "fax", "1"), package("npm", "xaf", "1", registryBaseUrl="https://x")
        async with asking() as asked:
            told = await refused(asked, fine, wrong, package("docker", "x"))

        assert told.startswith("registry validation failed for package 1 (xaf): registryBaseUrl ")

    async def test_a_very_long_identifier_is_cut_in_the_message(self) -> None:
        """A megabyte sent is not a megabyte answered."""
        async with asking() as asked:
            told = await refused(asked, package("npm", "x" * 100_000, "1"))

        assert len(told) < 1000


class TestAnything:
    @given(
        registry_type=st.sampled_from([*Kind, "docker", "x"]) | st.text(max_size=8),
        identifier=st.just("fax")
        | st.text("aZ0.:/@-_ #?[]%\\\n\x00é", max_size=20)
        | st.from_regex(r"https?://[!-~]{0,12}", fullmatch=True),
        version=st.just("1.0.0") | st.text("a1.+/ ", max_size=6),
        base=st.sampled_from(["", *ALLOWED.package_bases]) | st.text(max_size=8),
        verify=st.sampled_from([VerifySettings(), EVERYTHING]),
    )
    def test_whatever_a_package_says_has_an_answer_of_one_line(
        self, registry_type: str, identifier: str, version: str, base: str, verify: VerifySettings
    ) -> None:
        """No package makes the rules fail, and whatever they let through keeps them."""
        [one] = packages_of({"packages": [package(registry_type, identifier, version, registryBaseUrl=base)]})

        told = refusal(one, ALLOWED, verify)

        assert told is None or told.isprintable()
        if told is None:
            assert not base.rstrip("/") or base.rstrip("/") in ALLOWED.package_bases
            assert one.kind is not None or not verify.any
            if one.kind is Kind.OCI:
                assert parse_image(identifier).host.split(":")[0] in {"oci.acme.example", "unverified.acme.example"}
