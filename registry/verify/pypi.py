"""PyPI: the description of the version holds `mcp-name: ` and the server's name."""

import msgspec

from registry.catalog.entry import ServerName
from registry.errors import UpstreamRefused
from registry.verify.index import Index, escaped
from registry.verify.package import Package
from registry.verify.readme import names_server
from registry.verify.refusal import NotOwned, Owned, Verdict


class _Info(msgspec.Struct):
    description: str | None = None


class _Release(msgspec.Struct):
    info: _Info


class PypiVerifier:
    """Asks the index's JSON API."""

    def __init__(self, index: Index) -> None:
        self._index = index

    async def verdict(self, package: Package, name: ServerName) -> Verdict:
        """Whether *package* is for *name*. Raises UpstreamFault."""
        path = f"/pypi/{escaped(package.identifier)}/{escaped(package.version)}/json"
        try:
            fetched = await self._index.get(path)
        except UpstreamRefused as error:
            if error.status != 404:
                raise
            return NotOwned(
                f"{package.subject} not found (status: 404), or not its version {package.version}; "
                "a version that was published just now can take a moment to appear"
            )
        if names_server(self._index.decoded(fetched, _Release).info.description or "", name):
            return Owned()
        return NotOwned(f"{package.subject} does not say 'mcp-name: {name}' in its description; add it to the README")
