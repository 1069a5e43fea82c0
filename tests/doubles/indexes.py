"""Fake indexes of packages: each speaks its index's own protocol over real HTTP on loopback.

    with NpmIndex() as index:
        index.publish("@acme/fax", "1.0.0", mcp_name="com.acme/fax")
        index.faults.append(Fault(throttled("7"), times=1))
        …index.url…

What is wrong with an answer is a fault (`tests.doubles.faults`), as for the fake upstream.
"""

import ssl
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self
from urllib.parse import unquote

import msgspec

from tests.doubles.certified import CERTIFIED, serving
from tests.doubles.faults import Faults
from tests.doubles.server import LoopbackServer
from tests.doubles.wire import Request, Response


class FakeIndex(ABC):
    """
    Faults and request log behind one address; what is answered is the subclass's affair.

    Args:
        certified: Serve https, and be called `CERTIFIED`.
    """

    def __init__(self, *, certified: bool = False) -> None:
        self.faults = Faults()
        self.requests: list[Request] = []
        self._certified = certified
        tls: ssl.SSLContext | None = serving() if certified else None
        self._server = LoopbackServer(self._respond, tls=tls)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"https://{CERTIFIED}:{self._server.port}" if self._certified else self._server.url

    @property
    def host(self) -> str:
        """Host and port of the address."""
        return self.url.partition("://")[2]

    @property
    def asked(self) -> list[str]:
        """Method and target of every request so far."""
        return [f"{request.method} {request.target}" for request in self.requests]

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """The right answer."""

    def _respond(self, request: Request) -> Response:
        self.requests.append(request)
        return self.faults.apply(request, self.answer(request))


class NpmIndex(FakeIndex):
    """`GET /{name}/{version}` and `/{name}`, the slash of a scope escaped."""

    def __init__(self) -> None:
        super().__init__()
        self._versions: dict[str, dict[str, dict[str, object]]] = {}

    def publish(self, name: str, version: str, *, mcp_name: object = None) -> None:
        manifest: dict[str, object] = {"name": name, "version": version, "dist": {}}
        if mcp_name is not None:
            manifest["mcpName"] = mcp_name
        self._versions.setdefault(name, {})[version] = manifest

    def answer(self, request: Request) -> Response:
        name, *version = map(unquote, request.path[1:].split("/"))
        known = self._versions.get(name)
        if known is None or len(version) > 1:
            return answered({"error": "Not found"}, status=404)
        if not version:
            return answered({"name": name, "versions": known})
        manifest = known.get(version[0])
        return answered("version not found: " + version[0], status=404) if manifest is None else answered(manifest)


class PypiIndex(FakeIndex):
    """`GET /pypi/{name}/{version}/json`."""

    def __init__(self) -> None:
        super().__init__()
        self._releases: dict[str, dict[str, object]] = {}

    def publish(self, name: str, version: str, *, description: str | None) -> None:
        info = {"name": name, "version": version, "description": description}
        self._releases[f"/pypi/{name}/{version}/json"] = {"info": info, "urls": []}

    def answer(self, request: Request) -> Response:
        release = self._releases.get(request.decoded_path)
        return answered({"message": "Not Found"}, status=404) if release is None else answered(release)


class NugetIndex(FakeIndex):
    """The service index at `/v3/index.json`, the versions of a package, READMEs; ids and versions in lower case."""

    def __init__(self) -> None:
        super().__init__()
        self.readmes_at: str | None = None
        """Where the service index says that READMEs are; here if None."""
        self._packages: dict[str, dict[str, str | None]] = {}

    @property
    def service(self) -> str:
        """The address of the service index."""
        return f"{self.url}/v3/index.json"

    def publish(self, name: str, version: str, *, readme: str | None) -> None:
        self._packages.setdefault(name.lower(), {})[version.lower()] = readme

    def answer(self, request: Request) -> Response:
        match request.decoded_path[1:].split("/"):
            case ["v3", "index.json"]:
                return answered(self._service())
            case ["flat", name, "index.json"] if name in self._packages:
                return answered({"versions": list(self._packages[name])})
            case ["readmes", name, version, "readme"]:
                readme = self._packages.get(name, {}).get(version)
                if readme is not None:
                    return Response(content_type="text/markdown", body=readme.encode())
        return Response(status=404, content_type="application/xml", body=b"<Error><Code>BlobNotFound</Code></Error>")

    def _service(self) -> object:
        readmes = self.readmes_at or f"{self.url}/readmes"
        resources = [
            {"@id": f"{self.url}/query", "@type": "SearchQueryService"},
            {"@id": f"{self.url}/flat/", "@type": "PackageBaseAddress/3.0.0"},
            {"@id": f"{readmes}/{{lower_id}}/{{lower_version}}/readme", "@type": ["ReadmeUriTemplate/6.13.0"]},
        ]
        return {"version": "3.0.0", "resources": resources}


class CratesIndex(FakeIndex):
    """`GET /api/v1/crates/{name}/{version}/readme` says where the README is, as HTML."""

    def __init__(self, *, certified: bool = False) -> None:
        super().__init__(certified=certified)
        self.readmes_at = "/readmes"
        """Where it says that READMEs are, absolute or within itself."""
        self._crates: dict[tuple[str, str], str | None] = {}

    def publish(self, name: str, version: str, *, readme: str | None) -> None:
        """*readme* is the rendered HTML; None for a crate without one."""
        self._crates[name, version] = readme

    def answer(self, request: Request) -> Response:
        match request.decoded_path[1:].split("/"):
            case ["api", "v1", "crates", name, version, "readme"] if (name, version) in self._crates:
                return answered({"url": f"{self.readmes_at}/{name}/{version}.html"})
            case ["readmes", name, file]:
                readme = self._crates.get((name, file.removesuffix(".html")))
                if readme is None:
                    return Response(status=403, content_type="application/xml", body=b"<Error/>")
                return Response(content_type="text/html", body=readme.encode())
        return answered({"errors": [{"detail": "Not Found"}]}, status=404)


class BundleHost(FakeIndex):
    """Files to download over https, some of them by way of another address."""

    def __init__(self) -> None:
        super().__init__(certified=True)
        self.files: set[str] = set()
        self.moved: dict[str, str] = {}

    def answer(self, request: Request) -> Response:
        if request.path in self.moved:
            return Response(status=302, headers=(("Location", self.moved[request.path]),), content_type=None)
        if request.path in self.files:
            return Response(content_type="application/octet-stream", body=b"PK\x03\x04")
        return Response(status=404, content_type="text/plain")


def answered(document: object, *, status: int = 200) -> Response:
    """*document* as JSON."""
    return Response(status=status, body=msgspec.json.encode(document))
