"""An Ownership as the product builds it, and how the tests ask it."""

import contextlib
from collections.abc import AsyncIterator, Mapping

import pytest

from registry.catalog.entry import ServerName
from registry.clock import Clock, SystemClock
from registry.settings import PublishSettings, Settings
from registry.settings.verify import IndexSettings, McpbSettings, OciHostSettings, VerifySettings
from registry.verify.ownership import Ownership, ownership
from registry.verify.refusal import PackageRefused
from registry.verify.terms import VerifyTerms
from schemas.validation.reading import Members
from tests.doubles.certified import trusting
from tests.egress.loopback import ScriptedResolver, egress

FAX = ServerName.parse("com.acme/fax")
TERMS = VerifyTerms(max_decoded_bytes=64 * 1024)
NOBODY: Mapping[str, str] = {}

# Nothing listens there: whoever is asked answers nothing.
NOWHERE = IndexSettings(url="http://127.0.0.1:9/index", bases=("https://mirror.acme.example",), allow_private=True)
EVERYTHING = VerifySettings(
    npm=NOWHERE,
    pypi=NOWHERE,
    nuget=NOWHERE,
    cargo=NOWHERE,
    oci=(OciHostSettings(host="oci.acme.example", url="http://127.0.0.1:9", allow_private=True),),
    mcpb=McpbSettings(allow_private=True),
)
ALLOWED = PublishSettings(
    package_bases=("https://mirror.acme.example", "https://other.acme.example"),
    oci_hosts=("oci.acme.example", "Quay.Acme.Example:8443", "unverified.acme.example"),
    mcpb_hosts=("files.acme.example", "www.github.com", "github.com", "gitlab.com"),
)


@contextlib.asynccontextmanager
async def asking(
    verify: VerifySettings | None = None,
    *,
    publish: PublishSettings | None = None,
    terms: VerifyTerms = TERMS,
    clock: Clock | None = None,
    environ: Mapping[str, str] = NOBODY,
) -> AsyncIterator[Ownership]:
    """Every name is on loopback, and the tests' authority is trusted."""
    settings = Settings(verify=verify or VerifySettings(), publish=publish or PublishSettings())
    async with egress(resolver=ScriptedResolver(["127.0.0.1"]), tls=trusting()) as client:
        yield ownership(settings, client, clock or SystemClock(), environ, terms=terms)


def document(*packages: Members, name: str = FAX) -> Members:
    """A server.json with *packages*."""
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": name,
        "description": "Sends a fax",
        "version": "1.0.0",
        "packages": [{"transport": {"type": "stdio"}, **package} for package in packages],
    }


def package(registry_type: str, identifier: str, version: str = "", **members: object) -> Members:
    """One package; *version* empty for none."""
    stated: Members = {"registryType": registry_type, "identifier": identifier, **members}
    return {**stated, "version": version} if version else stated


async def refused(asked: Ownership, *packages: Members, name: ServerName = FAX) -> str:
    """What the publisher is told."""
    with pytest.raises(PackageRefused) as caught:
        await asked.require(name, document(*packages, name=name))
    return str(caught.value)


async def accepted(asked: Ownership, *packages: Members, name: ServerName = FAX) -> None:
    """Fails if it is refused."""
    await asked.require(name, document(*packages, name=name))
