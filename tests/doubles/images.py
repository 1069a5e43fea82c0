"""A fake registry of container images: manifests and blobs by digest, tags, and the token handshake."""

import hashlib
from typing import Any

import msgspec

from tests.doubles.indexes import FakeIndex, answered
from tests.doubles.wire import Request, Response

_IMAGE = "application/vnd.oci.image.manifest.v1+json"
_LIST = "application/vnd.oci.image.index.v1+json"


class ImageRegistry(FakeIndex):
    """
    Serves what was pushed to whoever has a token for the repository, and a token to whoever asks.

    Attributes:
        guarded: False serves without a token.
        realm: Where it sends callers for one; its own `/token` if None.
        blobs_at: Where blobs are kept; None for here, else callers are sent there.
    """

    def __init__(self, *, certified: bool = False) -> None:
        super().__init__(certified=certified)
        self.guarded = True
        self.realm: str | None = None
        self.blobs_at: str | None = None
        self._kept: dict[str, tuple[str, bytes]] = {}
        self._tags: dict[str, str] = {}

    def push(self, repository: str, tag: str, *, labels: dict[str, str] | None, platforms: bool = False) -> str:
        """An image, with *platforms* behind a list of images for several; answers its digest."""
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels}}
        described = self._described(_IMAGE, self._keep("application/octet-stream", msgspec.json.encode(config)))
        digest = self.keep({"schemaVersion": 2, "mediaType": _IMAGE, "config": described, "layers": []})
        if platforms:
            other = self._described(_IMAGE, digest) | {"platform": {"os": "linux", "architecture": "arm64"}}
            other["digest"] = "sha256:" + "0" * 64
            ours = self._described(_IMAGE, digest) | {"platform": {"os": "linux", "architecture": "amd64"}}
            digest = self.keep({"schemaVersion": 2, "mediaType": _LIST, "manifests": [other, ours]}, media_type=_LIST)
        self.tag(repository, tag, digest)
        return digest

    def keep(self, manifest: dict[str, Any], *, media_type: str = _IMAGE) -> str:  # Any: whatever a test makes of it
        """Any manifest, by its digest."""
        return self._keep(media_type, msgspec.json.encode(manifest))

    def tag(self, repository: str, tag: str, digest: str) -> None:
        self._tags[f"{repository}:{tag}"] = digest

    def replace(self, digest: str, body: bytes) -> None:
        """Other bytes under a digest that is not theirs."""
        self._kept[digest] = (self._kept[digest][0], body)

    def manifest(self, digest: str) -> dict[str, Any]:
        """The manifest with *digest*."""
        kept: dict[str, Any] = msgspec.json.decode(self._kept[digest][1])
        return kept

    def answer(self, request: Request) -> Response:
        if request.path == "/token":
            return answered({"token": _token(request)})
        if request.path.startswith("/kept/"):
            return self._content(request.path.removeprefix("/kept/"))
        repository, kind, reference = request.path.removeprefix("/v2/").rsplit("/", 2)
        if self.guarded and request.headers.get("authorization") != f"Bearer pull-{repository.replace('/', '-')}":
            realm = self.realm or f"{self.url}/token"
            scope = f"repository:{repository}:pull"
            challenge = f'Bearer realm="{realm}",service="{self.host}",scope="{scope}"'
            return answered({"errors": [{"code": "UNAUTHORIZED"}]}, status=401).but(
                headers=(("WWW-Authenticate", challenge),)
            )
        if kind == "blobs" and self.blobs_at is not None:
            return Response(status=307, headers=(("Location", f"{self.blobs_at}/{reference}"),), content_type=None)
        return self._content(self._tags.get(f"{repository}:{reference}", reference))

    def _content(self, digest: str) -> Response:
        if digest not in self._kept:
            return answered({"errors": [{"code": "MANIFEST_UNKNOWN"}]}, status=404)
        media_type, body = self._kept[digest]
        return Response(content_type=media_type, body=body)

    def _keep(self, media_type: str, body: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self._kept[digest] = (media_type, body)
        return digest

    def _described(self, media_type: str, digest: str) -> dict[str, object]:
        return {"mediaType": media_type, "digest": digest, "size": len(self._kept[digest][1])}


def _token(request: Request) -> str:
    """A token for exactly what was asked for, and for nobody who brings a credential."""
    if "authorization" in request.headers:
        return "you-need-not-have-told-me"
    repository = request.params["scope"].removeprefix("repository:").removesuffix(":pull")
    return f"pull-{repository.replace('/', '-')}"
