"""Cargo: the README of the version, which the index renders as HTML, holds `mcp-name: ` and the server's name.

An index that strips HTML comments from READMEs only shows a token that readers can see too.
"""

import msgspec

from registry.catalog.entry import ServerName
from registry.errors import UpstreamRefused
from registry.verify.index import Index, escaped, text_of
from registry.verify.package import Package
from registry.verify.readme import names_server
from registry.verify.refusal import NotOwned, Owned, Verdict


class _Readme(msgspec.Struct):
    url: str


class CargoVerifier:
    """Asks where the README is, then for the README."""

    def __init__(self, index: Index) -> None:
        self._index = index

    async def verdict(self, package: Package, name: ServerName) -> Verdict:
        """Whether *package* is for *name*. Raises UpstreamFault."""
        path = f"/api/v1/crates/{escaped(package.identifier)}/{escaped(package.version)}/readme"
        try:
            where = self._index.decoded(await self._index.get(path), _Readme)
        except UpstreamRefused as error:
            if error.status != 404:
                raise
            return NotOwned(
                f"{package.subject} not found (status: 404), or not its version {package.version}; "
                "a version that was published just now can take a moment to appear"
            )
        try:
            fetched = await self._index.follow(where.url, accept="text/html")
        except UpstreamRefused as error:
            # A store of files without a listing answers 403 for what is not there.
            if error.status not in (403, 404):
                raise
            return NotOwned(f"{package.subject} has no README in version {package.version} (status: {error.status})")
        if names_server(text_of(fetched), name):
            return Owned()
        return NotOwned(f"{package.subject} does not say 'mcp-name: {name}' where readers of its README can see it")
