"""Packages without one fixed version: what runs tomorrow is not what was approved today."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.issue import Profile
from schemas.validation.reading import Members, listed, text
from schemas.validation.semantic.specific_version import is_range

_INDEXED: Final = ("npm", "pypi", "nuget", "cargo")
# Shapes that the semantic rules do not take for a range: a bare placeholder, and comparators they cannot read.
_LOOSE: Final = re.compile(r"[*xX]|[\^~<>=!].*|.*[|,].*|.+[\t ].+", re.DOTALL)


def _check(members: Members) -> Iterator[Remark]:
    for path, package in listed(members, "packages"):
        kind, identifier, version = (text(package, member) for member in ("registryType", "identifier", "version"))
        if kind not in _INDEXED:
            continue
        if not version:
            yield path, f"the package {identifier} has no version: every start may run another one"
        elif version == "latest" or is_range(version, Profile.PRIVATE) or _LOOSE.fullmatch(version):
            yield f"{path}.version", f"the package {identifier} is not pinned: {version} is no single version"
        if identifier.endswith("@latest"):
            yield f"{path}.identifier", f"the package {identifier} is not pinned: name it without @latest"


RULE: Final = Rule(id="unpinned-version", check=_check)
