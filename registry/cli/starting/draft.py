"""The first server.json of a project, from what its files say.

What nobody says stays empty, or is left out where an empty member would pass validation: a made-up value could be
published by mistake. Of what several files say, the first one counts.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from registry.cli.starting.git import WorkingCopy
from registry.cli.starting.repository import Repository, repository_at
from registry.cli.starting.said import Said
from schemas.validation.versions import CURRENT_URL

MOST_OF_DESCRIPTION: Final = 100
"""Characters (server.json 2025-12-11)."""

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)


class ToFillIn(msgspec.Struct, frozen=True, kw_only=True):
    """A member that nobody has a value for. `hint`: what belongs there."""

    path: str
    hint: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """
    A manifest to begin with.

    Attributes:
        packages: Those in `manifest`.
        origins: What each member was taken from.
        notes: What somebody should look at, beside what is to be filled in.
    """

    manifest: dict[str, object]
    packages: list[dict[str, object]]
    origins: dict[str, str]
    to_fill_in: list[ToFillIn]
    notes: list[str]


def suggested_name(said: Sequence[Said], copy: WorkingCopy | None) -> tuple[str, str] | None:
    """The name of the server, and where it is from; None if nothing says or suggests one."""
    for each in said:
        if each.server:
            return each.server, each.file
    repository = None if copy is None else repository_at(copy.remote)
    if repository is None or repository.source != "github":
        return None
    slug = _NOT_IN_NAMES.sub("-", repository.name).strip("._-")
    return f"io.github.{repository.owner}/{slug}", "the git remote"


def draft(name: str, origin: str, said: Sequence[Said], copy: WorkingCopy | None) -> Draft:
    """
    A manifest for the server called *name*.

    Args:
        origin: Where the name is from.
        said: What the files of the project say, the one that counts first.
    """
    origins = {"name": origin}
    notes: list[str] = []
    manifest: dict[str, object] = {"$schema": CURRENT_URL, "name": name}
    for member in ("description", "version"):
        value, file = next(((text, each.file) for each in said if (text := getattr(each, member))), ("", ""))
        if member == "description" and len(value) > MOST_OF_DESCRIPTION:
            notes.append(f"the description was cut to {MOST_OF_DESCRIPTION} characters: see whether it still says it")
            value = _cut(value)
        if file:
            origins[member] = file
        # An empty version is right by every rule of upstream's.
        if value or member != "version":
            manifest[member] = value
    if (repository := _repository(said, copy, notes)) is not None:
        manifest["repository"], origins["repository"] = repository
    packages = [each.package for each in said if each.package is not None]
    if packages:
        manifest["packages"] = packages
        origins["packages"] = ", ".join(each.file for each in said if each.package is not None)
        notes.append("packages are taken for servers that speak over stdio: change `transport` if one does not")
        notes += _ownership(name, said)
    else:
        notes.append("there is neither a package nor a remote: add one, so that people can run the server")
    return Draft(
        manifest=manifest, packages=packages, origins=origins, to_fill_in=_to_fill_in(manifest, packages), notes=notes
    )


def _repository(
    said: Sequence[Said], copy: WorkingCopy | None, notes: list[str]
) -> tuple[dict[str, object], str] | None:
    """The repository as a manifest has it, and where it is from. What cannot be named there is noted."""
    candidates = [(each.repository, each.folder, each.file) for each in said]
    if copy is not None:
        candidates.append((copy.remote, copy.folder, "the git remote"))
    found = [(repository_at(address), folder, file) for address, folder, file in candidates if address]
    for repository, folder, file in found:
        if repository is not None and repository.source:
            # Only git knows where in the repository an address without a folder is.
            below = folder or (copy.folder if copy is not None and _same(repository, copy) else "")
            members: dict[str, object] = {"url": repository.url, "source": repository.source}
            return members | ({"subfolder": below} if below else {}), file
    if found:
        notes.append("the repository is left out: a manifest can name those on github.com and gitlab.com only")
    return None


def _same(repository: Repository, copy: WorkingCopy) -> bool:
    return repository_at(copy.remote) == repository


def _ownership(name: str, said: Sequence[Said]) -> list[str]:
    """What a registry that checks ownership will look for in the packages."""
    wanted = {"npm": f'"mcpName": "{name}" in package.json', "pypi": f"mcp-name: {name} in the readme of the package"}
    return [
        f"put {wanted[str(each.package['registryType'])]}, so that a registry can tell whose package it is"
        for each in said
        if each.package is not None and each.server != name
    ]


def _to_fill_in(manifest: dict[str, object], packages: Sequence[dict[str, object]]) -> list[ToFillIn]:
    hints = {
        "description": f"what the server does, in at most {MOST_OF_DESCRIPTION} characters",
        "version": "the version of the server, such as 1.0.0",
    }
    missing = [ToFillIn(path=member, hint=hint) for member, hint in hints.items() if not manifest.get(member)]
    missing += [
        ToFillIn(path=f"packages[{index}].version", hint=f"the version of {package['identifier']} to run")
        for index, package in enumerate(packages)
        if not package["version"]
    ]
    return missing


def _cut(text: str) -> str:
    """The beginning of *text*, up to a word's end."""
    kept = text[: MOST_OF_DESCRIPTION - 1]
    return (kept.rpartition(" ")[0] or kept).rstrip(" ,;:.") + "…"
