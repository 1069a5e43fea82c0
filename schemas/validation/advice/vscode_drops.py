"""Entries that VS Code leaves out of its list, and that its policy can therefore not allow either."""

from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import Members, listed, text

_INSTALLABLE: Final = ("npm", "pypi", "oci", "docker", "docker-hub", "nuget")


def _check(members: Members) -> Iterator[Remark]:
    for member in ("name", "description", "version"):
        if not text(members, member):
            yield "", f"VS Code leaves out an entry without a {member}"
    kinds = {text(package, "registryType") for _, package in listed(members, "packages")}
    if any(True for _ in listed(members, "remotes")) or not kinds.isdisjoint(_INSTALLABLE):
        return
    if kinds:
        found = ", ".join(sorted(kinds))
        yield "packages", f"VS Code leaves out an entry that it cannot install ({found}) and that has no remotes"
    else:
        yield "", "VS Code leaves out an entry that has neither packages nor remotes"


RULE: Final = Rule(id="vscode-drops", check=_check)
