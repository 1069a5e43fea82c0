"""Which names of an upstream are taken at all."""

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache


class Selection:
    """
    Names that match one of *include* and none of *exclude*. An empty *include* takes nothing.

    `*` and `?` do not cross the slash. Compared without case: `Com.Acme/payroll` must not slip past an exclusion of
    `com.acme/*`.
    """

    def __init__(self, *, include: Iterable[str], exclude: Iterable[str]) -> None:
        self._include = tuple(map(_pattern, include))
        self._exclude = tuple(map(_pattern, exclude))

    def takes(self, name: str) -> bool:
        namespace, _, slug = name.lower().partition("/")
        return any(_matches(pattern, namespace, slug) for pattern in self._include) and not any(
            _matches(pattern, namespace, slug) for pattern in self._exclude
        )


_Pattern = tuple[re.Pattern[str], re.Pattern[str]]


def _pattern(glob: str) -> _Pattern:
    namespace, _, slug = glob.lower().partition("/")
    return _compiled(namespace), _compiled(slug)


@lru_cache(maxsize=256)
def _compiled(glob: str) -> re.Pattern[str]:
    # fnmatch makes each star atomic, so that no pattern takes more than polynomial time.
    return re.compile(translate(glob), re.ASCII)


def _matches(pattern: _Pattern, namespace: str, slug: str) -> bool:
    return pattern[0].match(namespace) is not None and pattern[1].match(slug) is not None
