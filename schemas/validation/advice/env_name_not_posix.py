"""Environment variables that a shell cannot set: POSIX names hold letters, digits and underscores, no digit first."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.validation.advice.rule import Remark, Rule
from schemas.validation.reading import Members, environment

_POSIX: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def _check(members: Members) -> Iterator[Remark]:
    for path, variable in environment(members):
        name = variable.get("name")
        if isinstance(name, str) and not _POSIX.fullmatch(name):
            yield f"{path}.name", f"{name!r} is no POSIX name of an environment variable: use letters, digits and _"


RULE: Final = Rule(id="env-name-not-posix", check=_check)
