"""OCI: the configuration of the image carries the server's name as a label."""

from collections.abc import Mapping
from typing import Final

import msgspec

from registry.catalog.entry import ServerName
from registry.egress.terms import Fetched
from registry.errors import UpstreamNonsense, UpstreamRefused
from registry.verify.image import parse_image
from registry.verify.index import Index
from registry.verify.package import Package
from registry.verify.pull import Pull
from registry.verify.refusal import NotOwned, Owned, Verdict, shown

LABEL: Final = "io.modelcontextprotocol.server.name"


class _Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""


class _Descriptor(msgspec.Struct):
    digest: str
    platform: _Platform | None = None


class _Manifest(msgspec.Struct):
    """An image has `config`; a list of images, one for each platform, has `manifests`."""

    config: _Descriptor | None = None
    manifests: list[_Descriptor] | None = None


class _Settings(msgspec.Struct):
    Labels: dict[str, str] | None = None


class _Config(msgspec.Struct):
    config: _Settings | None = None


class OciVerifier:
    """
    Args:
        indexes: By the host that identifiers name.
    """

    def __init__(self, indexes: Mapping[str, Index]) -> None:
        self._indexes = indexes

    async def verdict(self, package: Package, name: ServerName) -> Verdict:
        """Whether *package*, an image of one of our hosts, is for *name*. Raises UpstreamFault."""
        image = parse_image(package.identifier)
        index = self._indexes[image.host]
        pull = Pull(index, image.repository)
        try:
            manifest = _manifest(index, await pull.manifest(image.digest or image.tag))
        except UpstreamRefused as error:
            told = _absent(package, error.status)
            if told is None:
                raise
            return told
        if manifest.manifests is not None:
            chosen = next((each.digest for each in manifest.manifests if _is_amd64(each.platform)), None)
            if chosen is None:
                return NotOwned(f"{package.subject} has no image for linux/amd64")
            manifest = _manifest(index, await pull.manifest(chosen))
        if manifest.config is None:
            raise UpstreamNonsense("the registry sent a list of images within a list of images")
        config = index.read((await pull.blob(manifest.config.digest)).body, _Config)
        label = ((config.config and config.config.Labels) or {}).get(LABEL)
        if label is None:
            return NotOwned(f'{package.subject} has no label {LABEL}; add LABEL {LABEL}="{name}" to its Dockerfile')
        if label != name:
            return NotOwned(f"{package.subject} has '{shown(label)}' in its label {LABEL}, not '{name}'")
        return Owned()


def _manifest(index: Index, fetched: Fetched) -> _Manifest:
    manifest = index.decoded(fetched, _Manifest)
    # Both at once would be a list to one reader and an image to another.
    if (manifest.config is None) == (manifest.manifests is None):
        raise UpstreamNonsense("the registry sent a manifest that is neither an image nor a list of images")
    return manifest


def _is_amd64(platform: _Platform | None) -> bool:
    return platform is not None and (platform.os, platform.architecture) == ("linux", "amd64")


def _absent(package: Package, status: int) -> NotOwned | None:
    match status:
        case 404:
            return NotOwned(f"{package.subject} does not exist in the registry (status: 404)")
        case 401 | 403:
            return NotOwned(f"{package.subject} is not public, or does not exist (status: {status})")
        case _:
            return None
