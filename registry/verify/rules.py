"""What a package may say, before anybody is asked about it.

Always in force, because clients go where a manifest sends them:

- `registryBaseUrl` is absent or one of `publish.package_bases`;
- the host of an OCI identifier is one of `publish.oci_hosts`, that of an MCPB URL, which must be https, one of
  `publish.mcpb_hosts`; an identifier whose host cannot be told for certain is refused;
- the names and versions of npm, PyPI, NuGet and Cargo packages look like such: a client hands them to a tool that also
  takes `git+https://…` or an option there and would then install from anywhere;
- a `registryType` that is another spelling of a known one (`OCI`, `docker`) is refused, since a client may take it for
  the known one and then the rules above would not have been applied.

In force for a kind that is verified, as reference §5.4 has them: which members it needs and which it cannot have, and
that `registryBaseUrl` means the configured index. While any kind is verified, a `registryType` that nobody knows is
refused; while none is, it is the publisher's affair, as it is upstream.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from registry.egress.target import Target, parse_target
from registry.errors import Invalid
from registry.settings import PublishSettings
from registry.settings.verify import IndexSettings, VerifySettings
from registry.verify.image import parse_image
from registry.verify.package import TITLES, Kind, Package
from registry.verify.refusal import shown

_OLD_WORDS: Final = frozenset({"docker", "docker-hub"})
"""What earlier manifests, and some clients still, call OCI."""

_NAMES: Final[Mapping[Kind, re.Pattern[str]]] = {
    Kind.NPM: re.compile(r"(?:@[A-Za-z0-9~_-][A-Za-z0-9~._-]*/)?[A-Za-z0-9~_][A-Za-z0-9~._-]*"),
    Kind.PYPI: re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"),
    Kind.NUGET: re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"),
    Kind.CARGO: re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*"),
}
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_~-]*")
_LONGEST: Final = 255

# Reference §5.4: what the paths of these two look like when they lead to something released, not merely uploaded.
_RELEASES: Final[Mapping[str, re.Pattern[str]]] = {
    "github.com": re.compile(r"/[^/]+/[^/]+/releases/download/[^/]+/[^/]+"),
    "gitlab.com": re.compile(r"/.+/-/(?:releases/[^/]+/downloads/.+|package_files/[0-9]+/download)"),
}


def refusal(package: Package, publish: PublishSettings, verify: VerifySettings) -> str | None:
    """Why *package* may not be published whatever its index says; None if it may."""
    if package.kind is None:
        return _unknown_type(package.registry_type, verify) or _base(package.base, publish.package_bases)
    told = _host(package.kind, package.identifier, publish) or _names(package.kind, package)
    if told is None and getattr(verify, package.kind) is not None:
        told = _fields(package.kind, package, verify)
    return told or _base(package.base, publish.package_bases)


def host_listed(target: Target, hosts: Iterable[str]) -> bool:
    """Whether the host of *target* is one of *hosts*, which are without a port where any port will do."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return not {host, f"{host}:{target.port}"}.isdisjoint(each.lower() for each in hosts)


def _unknown_type(registry_type: str, verify: VerifySettings) -> str | None:
    word = registry_type.strip().lower()
    if word in _OLD_WORDS or word in set(Kind):
        right = Kind.OCI if word in _OLD_WORDS else word
        return f"unsupported registry type: {shown(registry_type)}; write {right}"
    if verify.any:
        return f"unsupported registry type: {shown(registry_type)}; expected one of {', '.join(Kind)}"
    return None


def _base(base: str, allowed: Iterable[str]) -> str | None:
    if not base or base in allowed:
        return None
    return f"registryBaseUrl {_quoted(base)} is not allowed here{_to_allow('package_bases', base)}"


def _host(kind: Kind, identifier: str, publish: PublishSettings) -> str | None:
    try:
        if kind is Kind.OCI:
            host = parse_image(identifier).host
            # Without the port where there is one; the colons of an IPv6 address are inside its brackets.
            if {host, re.sub(r":[0-9]+\Z", "", host)}.isdisjoint(each.lower() for each in publish.oci_hosts):
                return f"unsupported OCI registry: {host}{_to_allow('oci_hosts', host)}"
        if kind is Kind.MCPB:
            target = parse_target(identifier)
            if target.scheme != "https":
                return "the url of an MCPB package must begin with https://"
            if not host_listed(target, publish.mcpb_hosts):
                host = target.origin.removeprefix("https://")
                return f"host {host} is not allowed for MCPB packages{_to_allow('mcpb_hosts', host)}"
    except Invalid as error:
        return f"the identifier of an {kind.upper()} package cannot be used: {error}"
    return None


def _names(kind: Kind, package: Package) -> str | None:
    if kind not in _NAMES:
        return None
    if len(package.identifier) > _LONGEST or not _NAMES[kind].fullmatch(package.identifier):
        return f"{_quoted(package.identifier)} cannot be the name of a {TITLES[kind]}"
    if package.version and (len(package.version) > _LONGEST or not _VERSION.fullmatch(package.version)):
        return f"{_quoted(package.version)} cannot be the version of a {TITLES[kind]}"
    return None


def _fields(kind: Kind, package: Package, verify: VerifySettings) -> str | None:
    match kind:
        case Kind.OCI:
            return _image_fields(package, verify)
        case Kind.MCPB:
            return _bundle_fields(package)
        case Kind.NPM | Kind.PYPI | Kind.NUGET | Kind.CARGO:
            index: IndexSettings = getattr(verify, kind)
            return _index_fields(kind, package, index)


def _index_fields(kind: Kind, package: Package, index: IndexSettings) -> str | None:
    if package.file_sha256:
        return f"{package.subject} cannot have fileSha256: only MCPB packages do"
    if not package.version:
        return f"{package.subject} has no version, and ownership is verified for one version"
    expected = (index.url, *index.bases)
    if package.base and package.base not in expected:
        return (
            f"registry type and base URL do not match: '{shown(package.base)}' is not valid for registry type "
            f"'{kind}'. Expected: {' or '.join(expected)}"
        )
    return None


def _image_fields(package: Package, verify: VerifySettings) -> str | None:
    stated = (("registryBaseUrl", package.base), ("version", package.version), ("fileSha256", package.file_sha256))
    for member, value in stated:
        if value:
            return f"{package.subject} cannot have {member}: its identifier says everything, tag and digest too"
    image = parse_image(package.identifier)
    if not (image.tag or image.digest):
        return f"{package.subject} names neither a tag nor a digest"
    if image.host not in {registry.host.lower() for registry in verify.oci or ()}:
        line = f'oci = [{{ host = {_quoted(image.host)}, url = "https://…" }}]'
        return f"unsupported OCI registry: {image.host}; to verify its images, add to [verify]: {line}"
    return None


def _bundle_fields(package: Package) -> str | None:
    if package.base:
        return f"{package.subject} cannot have registryBaseUrl: its identifier is the whole address"
    if not package.file_sha256:
        return f"{package.subject} needs fileSha256, by which clients check what they downloaded"
    if "mcp" not in package.identifier.lower():
        return f"{package.subject} must have 'mcp' in its url"
    target = parse_target(package.identifier)
    site = target.host.removeprefix("www.")
    if site in _RELEASES and not _RELEASES[site].fullmatch(target.path):
        return f"{package.subject} must be a file of a release on {site}"
    return None


def _to_allow(key: str, value: str) -> str:
    return f"; to allow it, add to [publish] in the configuration: {key} = [{_quoted(value)}]"


def _quoted(text: str) -> str:
    """As a string of JSON and of TOML, on one line."""
    return json.dumps(text[:_LONGEST])
