"""Every fault of every index at every step of a lookup: never a yes, always a text that can be acted on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import msgspec
import pytest

from registry.settings import PublishSettings
from registry.settings.verify import IndexSettings, McpbSettings, OciHostSettings, VerifySettings
from registry.verify.oci import LABEL
from schemas.validation.reading import Members
from tests.doubles.faults import (
    Condition,
    Effect,
    Fault,
    dropped,
    every,
    gzip_bomb,
    hang_before_headers,
    hang_mid_body,
    html_error,
    html_page,
    huge_page,
    not_json,
    redirected,
    status,
    throttled,
    truncated,
    under,
)
from tests.doubles.images import ImageRegistry
from tests.doubles.indexes import BundleHost, CratesIndex, FakeIndex, NpmIndex, NugetIndex, PypiIndex
from tests.verify.world import TERMS, accepted, asking, package, refused

pytestmark = pytest.mark.anyio

SHORT = msgspec.structs.replace(TERMS, lookup_s=0.3, oci_s=0.3)
LATER = "Likely transient, retry later"
TOKEN = "mcp-name: com.acme/fax"
ELSEWHERE = "http://other.example/"

FAULTS: Mapping[str, tuple[Effect, str]] = {
    "429": (throttled("7"), " (status: 429)"),
    "500": (status(500), " (status: 500)"),
    "502": (html_error(502), " (status: 502)"),
    "503": (status(503, Retry_After="2"), " (status: 503)"),
    "redirect": (redirected(ELSEWHERE), " (status: 302)"),
    "permanent redirect": (redirected("https://other.example/", 308), " (status: 308)"),
    "silence": (hang_before_headers(), ": no complete answer within 0.3 s"),
    "silence within": (hang_mid_body(), ": no complete answer within 0.3 s"),
    "hung up": (dropped(), ": {url} closed the connection before it had answered"),
    "cut off": (truncated(), ": {url} sent an answer that is cut short or malformed"),
    "not JSON": (not_json(), ": {url} sent a document that cannot be understood"),
    "a page": (html_page(), ": {url} did not answer with JSON"),
    "a bomb": (gzip_bomb(64 * 2**20), ": {url} sent a body of more than 65536 bytes; reading stopped"),
    "huge": (huge_page(2 * 2**20), ": {url} sent a body of more than 65536 bytes; reading stopped"),
}
NO_BODY = dict.fromkeys(("silence within", "cut off", "not JSON", "a bomb", "huge"))


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """
    One request of a lookup.

    `differently`: what is said where this step does not say what the others say; None where there is no such fault.
    """

    kind: str
    title: str
    when: Condition = every
    differently: Mapping[str, str | None] = MappingProxyType({})


_NO_DIGEST = ": the registry sent something that does not have the digest it was asked for by"
_LEADS = ": {url} leads to http://other.example, which is neither itself nor https"
_UNLISTED = ": the download leads to other.example, which is not among [verify] mcpb redirect_hosts"
STEPS: Mapping[str, Step] = {
    "npm": Step(kind="npm", title="NPM package"),
    "pypi": Step(kind="pypi", title="PyPI package"),
    "nuget service index": Step(kind="nuget", title="NuGet package", when=under("/v3/")),
    "nuget README": Step(
        kind="nuget",
        title="NuGet package",
        when=under("/readmes/"),
        differently={
            "a page": ": the index answered with a page in place of a README",
            "not JSON": None,  # a README without a token: a clear no
        },
    ),
    "nuget versions": Step(kind="nuget without README", title="NuGet package", when=under("/flat/")),
    "cargo": Step(kind="cargo", title="Cargo crate", when=under("/api/")),
    "cargo README": Step(
        kind="cargo",
        title="Cargo crate",
        when=under("/readmes/"),
        differently={"a page": None, "not JSON": None},
    ),
    "oci token": Step(kind="oci", title="OCI image", when=under("/token")),
    "oci manifest": Step(kind="oci", title="OCI image", when=lambda request: "/manifests/" in request.path),
    "oci configuration": Step(
        kind="oci",
        title="OCI image",
        when=lambda request: "/blobs/" in request.path,
        differently={
            "a page": _NO_DIGEST,
            "not JSON": _NO_DIGEST,
            "redirect": _LEADS,
            # Followed, since the digest would say whether it is the right one; nobody listens there.
            "permanent redirect": ": cannot connect to https://other.example: connection refused",
        },
    ),
    "mcpb": Step(
        kind="mcpb",
        title="MCPB package",
        differently={
            **NO_BODY,
            "a page": ": the host answered with a page in place of a file",
            "redirect": ": the download leads to http://other.example, which is not https",
            "permanent redirect": _UNLISTED,
        },
    ),
}
MATRIX = [
    (step, fault)
    for step, described in STEPS.items()
    for fault in FAULTS
    if described.differently.get(fault, "") is not None
]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A running index with the server's own package in it, and the settings that verify it."""

    index: FakeIndex
    verify: VerifySettings
    package: Members
    publish: PublishSettings = PublishSettings()


def _npm() -> FakeIndex:
    index = NpmIndex()
    index.publish("acme-fax", "1.0.0", mcp_name="com.acme/fax")
    return index


def _pypi() -> FakeIndex:
    index = PypiIndex()
    index.publish("acme-fax", "1.0.0", description=TOKEN)
    return index


def _nuget() -> FakeIndex:
    index = NugetIndex()
    index.publish("acme-fax", "1.0.0", readme=TOKEN)
    return index


def _nuget_without_readme() -> FakeIndex:
    index = NugetIndex()
    index.publish("acme-fax", "1.0.0", readme=None)
    return index


def _cargo() -> FakeIndex:
    index = CratesIndex()
    index.publish("acme-fax", "1.0.0", readme=f"<p>{TOKEN}</p>")
    return index


def _oci() -> FakeIndex:
    index = ImageRegistry()
    index.push("fax", "1.0.0", labels={LABEL: "com.acme/fax"})
    return index


def _mcpb() -> FakeIndex:
    index = BundleHost()
    index.files.add("/fax.mcpb")
    return index


MAKERS: Mapping[str, Callable[[], FakeIndex]] = {
    "npm": _npm,
    "pypi": _pypi,
    "nuget": _nuget,
    "nuget without README": _nuget_without_readme,
    "cargo": _cargo,
    "oci": _oci,
    "mcpb": _mcpb,
}


@contextmanager
def running(made: str) -> Iterator[World]:
    """The index of *made*, one of MAKERS."""
    kind = made.partition(" ")[0]
    with MAKERS[made]() as index:
        plain = package(kind, "acme-fax", "1.0.0")
        settings = IndexSettings(url=index.url, allow_private=True)
        match kind:
            case "npm":
                yield World(index=index, verify=VerifySettings(npm=settings), package=plain)
            case "pypi":
                yield World(index=index, verify=VerifySettings(pypi=settings), package=plain)
            case "nuget":
                settings = msgspec.structs.replace(settings, url=f"{index.url}/v3/index.json")
                yield World(index=index, verify=VerifySettings(nuget=settings), package=plain)
            case "cargo":
                yield World(index=index, verify=VerifySettings(cargo=settings), package=plain)
            case "oci":
                registry = OciHostSettings(host="oci.acme.example", url=index.url, allow_private=True)
                yield World(
                    index=index,
                    verify=VerifySettings(oci=(registry,)),
                    publish=PublishSettings(oci_hosts=("oci.acme.example",)),
                    package=package("oci", "oci.acme.example/fax:1.0.0"),
                )
            case _:
                yield World(
                    index=index,
                    verify=VerifySettings(mcpb=McpbSettings(allow_private=True)),
                    publish=PublishSettings(mcpb_hosts=(index.host,)),
                    package=package("mcpb", f"{index.url}/fax.mcpb", fileSha256="0a" * 32),
                )


class TestFaults:
    @pytest.mark.parametrize(("step", "fault"), MATRIX)
    async def test_a_fault_is_no_yes_and_may_be_tried_again(self, step: str, fault: str) -> None:
        """
        Whatever happens at whichever step: refused, with a reason that asks to retry; nothing of it is remembered.
        """
        described = STEPS[step]
        effect, usual = FAULTS[fault]
        terms = SHORT if "silence" in fault else TERMS
        with running(described.kind) as world:
            async with asking(world.verify, publish=world.publish, terms=terms) as asked:
                world.index.faults.append(Fault(effect, when=described.when))
                told = await refused(asked, world.package)

                identifier = world.package["identifier"]
                reason = (described.differently.get(fault) or usual).format(url=world.index.url)
                assert told == (
                    f"registry validation failed for package 0 ({identifier}): {described.title} '{identifier}' could "
                    f"not be looked up{reason}. {LATER}"
                )
                world.index.faults.clear()
                if terms is TERMS and described.kind != "nuget without README":
                    await accepted(asked, world.package)

    @pytest.mark.parametrize("made", MAKERS)
    async def test_an_index_that_is_away_is_no_yes(self, made: str) -> None:
        """Nobody listens."""
        with running(made) as world:
            world.index.stop()
            async with asking(world.verify, publish=world.publish) as asked:
                told = await refused(asked, world.package)

            assert told.endswith(
                f" could not be looked up: cannot connect to {world.index.url}: connection refused. {LATER}"
            )

    @pytest.mark.parametrize("made", MAKERS)
    async def test_a_private_index_is_not_dialled_unless_configured(self, made: str) -> None:
        """The address policy is each index's own."""
        with running(made) as world:
            async with asking(_public(world.verify), publish=world.publish) as asked:
                told = await refused(asked, world.package)

            assert " could not be looked up: refusing to connect to " in told
            assert told.endswith(f"; allow_private = true would permit it. {LATER}")
            assert world.index.requests == []

    async def test_a_readme_that_is_something_else_is_a_clear_no(self) -> None:
        """A page or a text without the token, where READMEs are HTML or text anyway, says that it is not ours."""
        with running("cargo") as cargo, running("nuget") as nuget:
            for world, effect in ((cargo, html_page()), (cargo, not_json()), (nuget, not_json())):
                world.index.faults.clear()
                world.index.faults.append(Fault(effect, when=under("/readmes/")))
                async with asking(world.verify) as asked:
                    assert "does not say 'mcp-name: com.acme/fax'" in await refused(asked, world.package)


def _public(verify: VerifySettings) -> VerifySettings:
    """The same without leave for private addresses."""
    changed: dict[str, object] = {}
    for kind in verify.__struct_fields__:
        index = getattr(verify, kind)
        if isinstance(index, tuple):
            changed[kind] = tuple(msgspec.structs.replace(each, allow_private=False) for each in index)
        elif index is not None:
            changed[kind] = msgspec.structs.replace(index, allow_private=False)
    return msgspec.structs.replace(verify, **changed)
