"""A package as a manifest names it: what verification has to know of it."""

from enum import StrEnum
from typing import Final

import msgspec

from registry.verify.refusal import shown
from schemas.validation.reading import Members, text


class Kind(StrEnum):
    """The kinds of index that are known, as `registryType` spells them."""

    NPM = "npm"
    PYPI = "pypi"
    NUGET = "nuget"
    OCI = "oci"
    MCPB = "mcpb"
    CARGO = "cargo"


TITLES: Final = {
    Kind.NPM: "NPM package",
    Kind.PYPI: "PyPI package",
    Kind.NUGET: "NuGet package",
    Kind.OCI: "OCI image",
    Kind.MCPB: "MCPB package",
    Kind.CARGO: "Cargo crate",
}


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """Absent members are empty. `kind` is None where `registry_type` is none of the known ones."""

    registry_type: str
    kind: Kind | None
    identifier: str
    version: str
    base: str
    """`registryBaseUrl` without a trailing slash."""
    file_sha256: str

    @property
    def subject(self) -> str:
        """What messages call it."""
        title = TITLES[self.kind] if self.kind is not None else "package"
        return f"{title} '{shown(self.identifier)}'"


def packages_of(members: Members) -> list[Package]:
    """The packages of a document whose body has the right form, in order."""
    found = members.get("packages")
    return [_package(each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _package(members: Members) -> Package:
    registry_type = text(members, "registryType")
    return Package(
        registry_type=registry_type,
        kind=Kind(registry_type) if registry_type in set(Kind) else None,
        identifier=text(members, "identifier"),
        version=text(members, "version"),
        base=text(members, "registryBaseUrl").rstrip("/"),
        file_sha256=text(members, "fileSha256"),
    )
