"""Pulling from a registry of images, anonymously if need be: manifests and blobs, each checked by its digest.

The handshake: a registry answers 401 and names a realm, an address where anybody gets a token to pull one repository.
The realm is whatever the registry says, so it is asked without any credentials, over https or within the registry's
own origin, and what it hands out goes back to the registry only.
"""

import hashlib
import re
from typing import Final
from urllib.parse import urlencode

import msgspec

from registry.egress.terms import Fetched
from registry.errors import UpstreamNonsense, UpstreamRefused
from registry.verify.index import JSON, Index

_MANIFESTS: Final = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_CHALLENGE: Final = re.compile(r"\bBearer\s+(.*)", re.IGNORECASE | re.DOTALL)
_PARAMETER: Final = re.compile(r'([A-Za-z]+)\s*=\s*"([^"]*)"')
_REDIRECTS: Final = 3


class _Token(msgspec.Struct):
    token: str | None = None
    access_token: str | None = None


class Pull:
    """One repository of one registry; the token of the handshake is kept for the blobs that follow."""

    def __init__(self, index: Index, repository: str) -> None:
        self._index = index
        self._repository = repository
        self._bearer: str | None = None

    async def manifest(self, reference: str) -> Fetched:
        """The manifest that a tag or digest names; it has that digest. Raises UpstreamFault."""
        path = f"/v2/{self._repository}/manifests/{reference}"
        return _checked(reference, await self._get(path, accept=_MANIFESTS, redirects=0))

    async def blob(self, digest: str) -> Fetched:
        """The blob with *digest*, wherever the registry keeps it. Raises UpstreamFault."""
        if not _DIGEST.fullmatch(digest):
            raise UpstreamNonsense("the manifest names its parts by something other than SHA-256")
        path = f"/v2/{self._repository}/blobs/{digest}"
        return _checked(digest, await self._get(path, accept="*/*", redirects=_REDIRECTS))

    async def _get(self, path: str, *, accept: str, redirects: int) -> Fetched:
        first = await self._fetch(path, accept, redirects)
        if first.status != 401:
            return first
        # A token of ours, or of the handshake, that is not taken will not be taken a second time.
        if self._index.has_token or self._bearer is not None:
            raise UpstreamRefused("the registry does not take the token", status=401)
        self._bearer = await self._handshake(first.headers.get("www-authenticate", ""))
        second = await self._fetch(path, accept, redirects)
        if second.status == 401:
            raise UpstreamRefused("the registry does not take its own token", status=401)
        return second

    async def _fetch(self, path: str, accept: str, redirects: int) -> Fetched:
        return await self._index.follow(
            self._index.url + path,
            accept=accept,
            bearer=self._bearer,
            expected=frozenset({401}),
            redirects=redirects,
        )

    async def _handshake(self, header: str) -> str:
        challenge = _CHALLENGE.search(header)
        stated = dict(_PARAMETER.findall(challenge[1])) if challenge else {}
        realm = stated.get("realm")
        if not realm:
            raise UpstreamRefused("the registry asks for credentials", status=401)
        # Only what we want, whatever scope the challenge names.
        asked = {"service": stated["service"]} if "service" in stated else {}
        query = urlencode({**asked, "scope": f"repository:{self._repository}:pull"})
        address = f"{realm}{'&' if '?' in realm else '?'}{query}"
        fetched = await self._index.follow(address, accept=JSON)
        token = self._index.decoded(fetched, _Token)
        bearer = token.token or token.access_token
        if not bearer or not (bearer.isascii() and bearer.isprintable()) or " " in bearer:
            raise UpstreamNonsense("the registry's token service handed out no token")
        return bearer


def _checked(reference: str, fetched: Fetched) -> Fetched:
    if _DIGEST.fullmatch(reference) and f"sha256:{hashlib.sha256(fetched.body).hexdigest()}" != reference:
        raise UpstreamNonsense("the registry sent something that does not have the digest it was asked for by")
    return fetched
