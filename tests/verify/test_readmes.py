"""PyPI, NuGet and Cargo: the token in what readers see of the package."""

import pytest

from registry.settings.secret import SecretRef
from registry.settings.verify import IndexSettings, VerifySettings
from tests.doubles.faults import Fault, html_page, not_json, status, throttled, under
from tests.doubles.indexes import CratesIndex, NugetIndex, PypiIndex
from tests.verify.world import accepted, asking, package, refused

pytestmark = pytest.mark.anyio

TOKEN = "# Fax\n\n<!-- mcp-name: com.acme/fax -->\n"
OTHERS = "# Fax\n\n<!-- mcp-name: com.acme/fax-pro -->\n"
FAILED = "registry validation failed for package 0 "
LATER = "Likely transient, retry later"


def _settings(url: str, token: SecretRef | None = None) -> IndexSettings:
    return IndexSettings(url=url, allow_private=True, token=token)


class TestPypi:
    async def test_the_servers_own_package_is_accepted(self) -> None:
        """One question, about one version."""
        with PypiIndex() as index:
            index.publish("acme-fax", "1.0.0+local", description=TOKEN)
            async with asking(VerifySettings(pypi=_settings(index.url))) as asked:
                await accepted(asked, package("pypi", "acme-fax", "1.0.0+local"))

            assert index.asked == ["GET /pypi/acme-fax/1.0.0%2Blocal/json"]

    @pytest.mark.parametrize("description", [OTHERS, "", None])
    async def test_another_servers_package_is_refused(self, description: str | None) -> None:
        """Also one that names a server whose name begins like ours."""
        with PypiIndex() as index:
            index.publish("acme-fax", "1.0.0", description=description)
            async with asking(VerifySettings(pypi=_settings(index.url))) as asked:
                told = await refused(asked, package("pypi", "acme-fax", "1.0.0"))

        assert told == (
            FAILED
            + "(acme-fax): PyPI package 'acme-fax' does not say 'mcp-name: com.acme/fax' in its description; add "
            "it to the README"
        )

    async def test_what_is_not_there_may_come(self) -> None:
        """A 404 does not say whether the package or the version is missing."""
        with PypiIndex() as index:
            async with asking(VerifySettings(pypi=_settings(index.url))) as asked:
                told = await refused(asked, package("pypi", "acme-fax", "1.0.0"))

        assert told == (
            FAILED + "(acme-fax): PyPI package 'acme-fax' not found (status: 404), or not its version 1.0.0; a version "
            "that was published just now can take a moment to appear"
        )


class TestNuget:
    async def test_the_servers_own_package_is_accepted(self) -> None:
        """Where READMEs are is the service index's word; ids are lower case, build metadata is left out."""
        with NugetIndex() as index:
            index.publish("acme.fax", "1.0.0-rc.1", readme=TOKEN)
            async with asking(VerifySettings(nuget=_settings(index.service))) as asked:
                await accepted(asked, package("nuget", "Acme.Fax", "1.0.0-RC.1+build"))

            assert index.asked == ["GET /v3/index.json", "GET /readmes/acme.fax/1.0.0-rc.1/readme"]

    @pytest.mark.parametrize(
        ("identifier", "version", "reason"),
        [
            ("Acme.Fax", "1.0.0", "does not say 'mcp-name: com.acme/fax' in its README"),
            ("Acme.Fax", "2.0.0", "has no embedded README in version 2.0.0"),
            (
                "Acme.Fax",
                "3.0.0",
                "exists, but its version 3.0.0 does not exist in the registry; a version that was published just now "
                "can take a moment to appear",
            ),
            ("Acme.Xaf", "1.0.0", "does not exist in the registry"),
        ],
    )
    async def test_what_is_missing_is_told(self, identifier: str, version: str, reason: str) -> None:
        """The token, the README, the version, or the package."""
        with NugetIndex() as index:
            index.publish("Acme.Fax", "1.0.0", readme=OTHERS)
            index.publish("Acme.Fax", "2.0.0", readme=None)
            async with asking(VerifySettings(nuget=_settings(index.service))) as asked:
                told = await refused(asked, package("nuget", identifier, version))

        assert told == FAILED + f"({identifier}): NuGet package '{identifier}' {reason}"

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b'{"resources":[]}', "the service index lists no ReadmeUriTemplate/6.13.0"),
            (b'{"version":"3.0.0"}', "{url} sent a document that cannot be understood"),
        ],
    )
    async def test_a_service_index_without_what_is_needed_is_no_answer(self, body: bytes, reason: str) -> None:
        """An index that cannot tell cannot vouch."""
        with NugetIndex() as index:
            index.publish("Fax", "1.0.0", readme=TOKEN)
            index.faults.append(Fault(not_json(body), when=under("/v3/")))
            async with asking(VerifySettings(nuget=_settings(index.service))) as asked:
                told = await refused(asked, package("nuget", "Fax", "1.0.0"))

            said = reason.format(url=index.url)
        assert told == FAILED + f"(Fax): NuGet package 'Fax' could not be looked up: {said}. {LATER}"

    async def test_a_page_is_no_readme(self) -> None:
        """A portal in the way answers with a page, whatever it holds."""
        with NugetIndex() as index:
            index.publish("Fax", "1.0.0", readme=TOKEN)
            index.faults.append(Fault(html_page(), when=under("/readmes/")))
            async with asking(VerifySettings(nuget=_settings(index.service))) as asked:
                told = await refused(asked, package("nuget", "Fax", "1.0.0"))

        assert told == (
            FAILED + "(Fax): NuGet package 'Fax' could not be looked up: the index answered with a page in place of a "
            f"README. {LATER}"
        )

    async def test_readmes_in_the_clear_elsewhere_are_not_fetched(self) -> None:
        """A service index cannot send us to any address it likes."""
        with NugetIndex() as index, NugetIndex() as other:
            index.readmes_at = f"{other.url}/readmes"
            other.publish("Fax", "1.0.0", readme=TOKEN)
            async with asking(VerifySettings(nuget=_settings(index.service))) as asked:
                told = await refused(asked, package("nuget", "Fax", "1.0.0"))

            assert told == (
                FAILED + f"(Fax): NuGet package 'Fax' could not be looked up: {index.url} leads to {other.url}, which "
                f"is neither itself nor https. {LATER}"
            )
            assert other.asked == []


class TestCargo:
    async def test_the_servers_own_crate_is_accepted(self) -> None:
        """The index says where the README is, the README says whose the crate is."""
        with CratesIndex() as index:
            index.publish("acme-fax", "1.0.0", readme="<p>mcp-name: com.acme/fax</p>")
            async with asking(VerifySettings(cargo=_settings(index.url))) as asked:
                await accepted(asked, package("cargo", "acme-fax", "1.0.0"))

            assert index.asked == [
                "GET /api/v1/crates/acme-fax/1.0.0/readme",
                "GET /readmes/acme-fax/1.0.0.html",
            ]

    async def test_a_readme_elsewhere_is_fetched_over_https_without_our_token(self) -> None:
        """The token of an index stays with the index."""
        with CratesIndex() as index, CratesIndex(certified=True) as files:
            index.readmes_at = f"{files.url}/readmes"
            for each in (index, files):
                each.publish("acme-fax", "1.0.0", readme="<p>mcp-name: com.acme/fax</p>")
            verify = VerifySettings(cargo=_settings(index.url, SecretRef(env="CARGO")))
            async with asking(verify, environ={"CARGO": "s3cr3t"}) as asked:
                await accepted(asked, package("cargo", "acme-fax", "1.0.0"))

            assert index.requests[0].headers["authorization"] == "Bearer s3cr3t"
            assert files.asked == ["GET /readmes/acme-fax/1.0.0.html"]
            assert "authorization" not in files.requests[0].headers

    @pytest.mark.parametrize("where", ["http://evil.example", "ftp://evil.example", "http://[", "//evil.example", "é"])
    async def test_a_readme_anywhere_else_is_not_fetched(self, where: str) -> None:
        """Neither in the clear on another host, nor at an address that two readers may read differently."""
        with CratesIndex() as index:
            index.publish("acme-fax", "1.0.0", readme="<p>mcp-name: com.acme/fax</p>")
            index.readmes_at = where
            async with asking(VerifySettings(cargo=_settings(index.url))) as asked:
                told = await refused(asked, package("cargo", "acme-fax", "1.0.0"))

            assert told.startswith(FAILED + "(acme-fax): Cargo crate 'acme-fax' could not be looked up: ")
            assert told.endswith(f". {LATER}")
            assert len(index.asked) == 1

    @pytest.mark.parametrize(
        ("version", "reason"),
        [
            ("1.0.0", "does not say 'mcp-name: com.acme/fax' where readers of its README can see it"),
            ("2.0.0", "has no README in version 2.0.0 (status: 403)"),
            (
                "3.0.0",
                "not found (status: 404), or not its version 3.0.0; a version that was published just now can take a "
                "moment to appear",
            ),
        ],
    )
    async def test_what_is_missing_is_told(self, version: str, reason: str) -> None:
        """The token, the README, or the version."""
        with CratesIndex() as index:
            index.publish("acme-fax", "1.0.0", readme="<p>mcp-name: com.acme/fax-pro</p>")
            index.publish("acme-fax", "2.0.0", readme=None)
            async with asking(VerifySettings(cargo=_settings(index.url))) as asked:
                told = await refused(asked, package("cargo", "acme-fax", version))

        assert told == FAILED + f"(acme-fax): Cargo crate 'acme-fax' {reason}"

    async def test_a_readme_that_cannot_be_fetched_now_is_asked_for_later(self) -> None:
        """Only 403 and 404 say that there is none."""
        with CratesIndex() as index:
            index.publish("acme-fax", "1.0.0", readme="<p>mcp-name: com.acme/fax</p>")
            async with asking(VerifySettings(cargo=_settings(index.url))) as asked:
                for effect, code in ((throttled(), 429), (status(503), 503)):
                    index.faults.clear()
                    index.faults.append(Fault(effect, when=under("/readmes/")))
                    told = await refused(asked, package("cargo", "acme-fax", "1.0.0"))

                    assert told == (
                        FAILED + f"(acme-fax): Cargo crate 'acme-fax' could not be looked up (status: {code}). {LATER}"
                    )
