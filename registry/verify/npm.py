"""npm: the manifest of the version names the server in its member `mcpName`."""

import asyncio

import msgspec

from registry.catalog.entry import ServerName
from registry.errors import UpstreamFault, UpstreamRefused
from registry.verify.index import Index, escaped
from registry.verify.package import Package
from registry.verify.refusal import LATER, NotOwned, Owned, Verdict, shown


class _Manifest(msgspec.Struct):
    mcpName: object = None


class NpmVerifier:
    """
    Args:
        existence_s: For the question whether the package exists at all, after a 404 for the version.
    """

    def __init__(self, index: Index, *, existence_s: float) -> None:
        self._index = index
        self._existence_s = existence_s

    async def verdict(self, package: Package, name: ServerName) -> Verdict:
        """Whether *package* is for *name*. Raises UpstreamFault."""
        path = f"/{escaped(package.identifier)}"
        try:
            fetched = await self._index.get(f"{path}/{escaped(package.version)}")
        except UpstreamRefused as error:
            if error.status != 404:
                raise
            return await self._absent(package, path)
        stated = self._index.decoded(fetched, _Manifest).mcpName
        if not isinstance(stated, str):
            return NotOwned(f'{package.subject} has no mcpName; add "mcpName": "{name}" to its package.json')
        if stated != name:
            return NotOwned(f"{package.subject} has mcpName '{shown(stated)}', not '{name}'")
        return Owned()

    async def _absent(self, package: Package, path: str) -> NotOwned:
        """A version that is not there, after a second question: is it the package, or was it published just now?"""
        try:
            async with asyncio.timeout(self._existence_s):
                await self._index.head(path)
        except UpstreamRefused as error:
            if error.status == 404:
                return NotOwned(f"{package.subject} not found (status: 404): it does not exist in the registry")
            return _inconclusive(package)
        except (UpstreamFault, TimeoutError):
            return _inconclusive(package)
        return NotOwned(
            f"{package.subject} exists, but not its version {package.version} (status: 404); "
            "a version that was published just now can take a moment to appear"
        )


def _inconclusive(package: Package) -> NotOwned:
    return NotOwned(f"{package.subject} not found (status: 404), and whether it exists at all is inconclusive. {LATER}")
