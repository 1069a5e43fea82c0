"""Whether all packages of a manifest may be published and are their publisher's.

Asked before the transaction, since it waits for others. Order: the packages one after the other; for each what it says
(`rules`), then, if its kind is verified, what its index says. The first refusal ends it. Only a clear yes is
remembered, and only a clear yes is a yes.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol
from weakref import WeakValueDictionary

from registry.catalog.entry import ServerName
from registry.clock import Clock
from registry.egress.client import EgressClient
from registry.egress.target import parse_target
from registry.errors import ConfigFault, Invalid, UpstreamFault
from registry.settings import PublishSettings, Settings
from registry.settings.verify import IndexSettings, OciHostSettings, VerifySettings
from registry.verify.cargo import CargoVerifier
from registry.verify.index import Address, Index
from registry.verify.mcpb import McpbVerifier
from registry.verify.npm import NpmVerifier
from registry.verify.nuget import NugetVerifier
from registry.verify.oci import OciVerifier
from registry.verify.package import Kind, Package, packages_of
from registry.verify.pypi import PypiVerifier
from registry.verify.refusal import NotOwned, Owned, PackageRefused, Verdict, later, unclear
from registry.verify.remembered import Key, Remembered
from registry.verify.rules import refusal
from registry.verify.terms import VerifyTerms
from schemas.validation.reading import Members

_TERMS: Final = VerifyTerms()


class Verifier(Protocol):
    """One kind of index."""

    async def verdict(self, package: Package, name: ServerName) -> Verdict:
        """Whether *package*, which keeps the rules of its kind, is for the server *name*. Raises UpstreamFault."""


class Ownership:
    """
    Made by `ownership`.

    Args:
        verifiers: For the kinds that are verified.
    """

    def __init__(
        self,
        publish: PublishSettings,
        verify: VerifySettings,
        verifiers: Mapping[Kind, Verifier],
        clock: Clock,
        terms: VerifyTerms,
    ) -> None:
        self._publish = publish
        self._verify = verify
        self._verifiers = verifiers
        self._terms = terms
        self._turns = {kind: asyncio.Semaphore(terms.at_once) for kind in verifiers}
        self._remembered = Remembered(clock, most=terms.remembered, lifetime_s=terms.remembered_s)
        self._asking: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._under_way = 0

    async def require(self, name: ServerName, members: Members) -> None:
        """
        Return if every package of *members*, a document whose body has the right form, may be published as *name*.

        Raises:
            PackageRefused: The first that may not, or is not known to be the publisher's. Nothing is to be stored.
        """
        until = asyncio.get_running_loop().time() + self._terms.document_s
        asked = 0
        for position, package in enumerate(packages_of(members)):
            told = refusal(package, self._publish, self._verify)
            if told is not None:
                raise PackageRefused(position, package.identifier, told)
            if package.kind is None or package.kind not in self._verifiers:
                continue
            asked += 1
            verdict = await self._within(until, asked, package.kind, package, name)
            if not isinstance(verdict, Owned):
                raise PackageRefused(position, package.identifier, verdict.reason)

    async def _within(self, until: float, asked: int, kind: Kind, package: Package, name: ServerName) -> Verdict:
        """The verdict, if the limits of the document and of all documents together leave room for it."""
        if asked > self._terms.packages:
            return NotOwned(f"at most {self._terms.packages} packages of one server can be verified")
        if self._under_way >= self._terms.documents:
            return later(package.subject, "too many packages are being verified")
        self._under_way += 1
        try:
            async with asyncio.timeout_at(until):
                return await self._shared(kind, package, name)
        except TimeoutError:
            return later(package.subject, f"this server's packages took more than {self._terms.document_s:g} s")
        finally:
            self._under_way -= 1

    async def _shared(self, kind: Kind, package: Package, name: ServerName) -> Verdict:
        """The verdict; whoever asks for the same waits for this answer, and asks again only if it is a no."""
        key = (kind, package.identifier, package.version, name)
        async with self._asking.setdefault(key, asyncio.Lock()):
            if key in self._remembered:
                return Owned()
            async with self._turns[kind]:
                verdict = await self._looked_up(kind, package, name)
            if isinstance(verdict, Owned):
                self._remembered.add(key)
            return verdict

    async def _looked_up(self, kind: Kind, package: Package, name: ServerName) -> Verdict:
        limit_s = self._terms.oci_s if kind is Kind.OCI else self._terms.lookup_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._verifiers[kind].verdict(package, name)
        except TimeoutError:
            return later(package.subject, f"no complete answer within {limit_s:g} s")
        except UpstreamFault as error:
            return unclear(package.subject, error)


def ownership(
    settings: Settings,
    client: EgressClient,
    clock: Clock,
    environ: Mapping[str, str],
    *,
    terms: VerifyTerms = _TERMS,
) -> Ownership:
    """
    What publishing asks. Belongs to one event loop; opens nothing.

    Args:
        environ: Where secrets by reference are looked up.

    Raises:
        ConfigFault: As `require_usable`.
    """
    verify = settings.verify
    verifiers: dict[Kind, Verifier] = {}

    def index(configured: IndexSettings | OciHostSettings, limit_s: float) -> Index:
        return Index(client, _address(configured, environ), terms.fetch(limit_s))

    if verify.npm is not None:
        verifiers[Kind.NPM] = NpmVerifier(index(verify.npm, terms.lookup_s), existence_s=terms.existence_s)
    if verify.pypi is not None:
        verifiers[Kind.PYPI] = PypiVerifier(index(verify.pypi, terms.lookup_s))
    if verify.nuget is not None:
        verifiers[Kind.NUGET] = NugetVerifier(index(verify.nuget, terms.lookup_s))
    if verify.cargo is not None:
        verifiers[Kind.CARGO] = CargoVerifier(index(verify.cargo, terms.lookup_s))
    if verify.oci is not None:
        verifiers[Kind.OCI] = OciVerifier({each.host.lower(): index(each, terms.oci_s) for each in verify.oci})
    if verify.mcpb is not None:
        verifiers[Kind.MCPB] = McpbVerifier(
            client,
            hosts=(*settings.publish.mcpb_hosts, *verify.mcpb.redirect_hosts),
            allow_private=verify.mcpb.allow_private,
            limits=terms.fetch(terms.lookup_s),
        )
    return Ownership(settings.publish, verify, verifiers, clock, terms)


def require_usable(settings: Settings, environ: Mapping[str, str]) -> None:
    """
    Return if `[verify]` can be used. For the start, which comes before there is a client.

    Raises:
        ConfigFault: A token that it refers to is missing or readable by others; an address has no usable host.
    """
    verify = settings.verify
    for configured in (verify.npm, verify.pypi, verify.nuget, verify.cargo, *(verify.oci or ())):
        if configured is not None:
            _address(configured, environ)


def _address(configured: IndexSettings | OciHostSettings, environ: Mapping[str, str]) -> Address:
    try:
        parse_target(configured.url)
    except Invalid as error:
        raise ConfigFault(f"a url in [verify] cannot be used: {error}") from error
    token = None if configured.token is None else configured.token.resolve(environ)
    return Address(url=configured.url, allow_private=configured.allow_private, token=token)
