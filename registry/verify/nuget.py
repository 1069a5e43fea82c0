"""NuGet: the README embedded in the version holds `mcp-name: ` and the server's name."""

import msgspec

from registry.catalog.entry import ServerName
from registry.errors import UpstreamNonsense, UpstreamRefused
from registry.verify.index import Index, escaped, is_page, text_of
from registry.verify.package import Package
from registry.verify.readme import names_server
from registry.verify.refusal import NotOwned, Owned, Verdict

_README = "ReadmeUriTemplate/6.13.0"
_PACKAGES = "PackageBaseAddress/3.0.0"


class _Resource(msgspec.Struct):
    id: str = msgspec.field(name="@id")
    type: str | list[str] = msgspec.field(name="@type")


class _ServiceIndex(msgspec.Struct):
    resources: list[_Resource]


class _Versions(msgspec.Struct):
    versions: list[str]


class NugetVerifier:
    """The configured address is the service index, which says where everything else is. It is read for each lookup."""

    def __init__(self, index: Index) -> None:
        self._index = index

    async def verdict(self, package: Package, name: ServerName) -> Verdict:
        """Whether *package* is for *name*. Raises UpstreamFault."""
        identifier = package.identifier.lower()
        version = package.version.partition("+")[0].lower()
        service = self._index.decoded(await self._index.get(""), _ServiceIndex)
        template = _address(service, _README)
        readme = template.replace("{lower_id}", escaped(identifier)).replace("{lower_version}", escaped(version))
        try:
            fetched = await self._index.follow(readme, accept="text/markdown, text/plain, */*;q=0.1")
        except UpstreamRefused as error:
            if error.status != 404:
                raise
            return await self._absent(package, _address(service, _PACKAGES), identifier, version)
        if is_page(fetched):
            raise UpstreamNonsense("the index answered with a page in place of a README")
        if names_server(text_of(fetched), name):
            return Owned()
        return NotOwned(f"{package.subject} does not say 'mcp-name: {name}' in its README")

    async def _absent(self, package: Package, packages: str, identifier: str, version: str) -> NotOwned:
        """A README that is not there: for want of the package, of the version, or of a README in it?"""
        address = f"{packages.rstrip('/')}/{escaped(identifier)}/index.json"
        try:
            fetched = await self._index.follow(address, accept="application/json")
        except UpstreamRefused as error:
            if error.status != 404:
                raise
            return NotOwned(f"{package.subject} does not exist in the registry")
        known = self._index.decoded(fetched, _Versions).versions
        if version not in map(str.lower, known):
            return NotOwned(
                f"{package.subject} exists, but its version {package.version} does not exist in the registry; "
                "a version that was published just now can take a moment to appear"
            )
        return NotOwned(f"{package.subject} has no embedded README in version {package.version}")


def _address(service: _ServiceIndex, wanted: str) -> str:
    for resource in service.resources:
        if wanted in ([resource.type] if isinstance(resource.type, str) else resource.type):
            return resource.id
    raise UpstreamNonsense(f"the service index lists no {wanted}")
