"""A version is one version: not `latest`, and not a range (reference §5.3, "version ranges").

What looks like a range is a heuristic of the public registry's. It takes any `x` anywhere for a placeholder, so that
it refuses `1.0.0-linux` and `1.0.0-next.1`; the private profile looks for one among the dotted parts only. Shapes it
does not know, such as `*`, `==1.0` or `>=1.0.0 <2.0.0`, pass both (the advice `unpinned-version` names them).
"""

import re
from collections.abc import Iterator
from typing import Final

from schemas.validation.issue import Issue, Profile, semantic_error
from schemas.validation.reading import Members, text

_PRERELEASE: Final = r"(?:-[0-9A-Za-z.-]+)?"
_VERSION: Final = rf"v?[0-9]+(?:\.[0-9]+){{0,3}}{_PRERELEASE}"
_BLANK: Final = "\t\n\f\r "
_SPACE: Final = rf"[{_BLANK}]"
_ONE: Final = re.compile(_VERSION)
_COMPARATOR: Final = re.compile(rf"(?:\^|~|>=|<=|>|<|=){_SPACE}*{_VERSION}")
_HYPHEN: Final = re.compile(rf"{_VERSION}{_SPACE}+-{_SPACE}*{_VERSION}")
_PART: Final = r"(?:[0-9]+|[xX*])"
_DOTTED: Final = re.compile(rf"({_PART}(?:\.{_PART}){{1,2}}){_PRERELEASE}")
_PLACEHOLDER: Final = re.compile(r"[xX*]")


def version_issues(members: Members, path: str, profile: Profile) -> Iterator[Issue]:
    """What is wrong with the `version` of *members*, which is at *path*; nothing if there is none."""
    version = text(members, "version")
    if version == "latest":
        message = "version string 'latest' is reserved and cannot be used"
        yield semantic_error(path, message, "reserved-version-string")
    elif is_range(version, profile):
        message = f'version must be a specific version, not a range: "{version}"'
        yield semantic_error(path, message, "version-looks-like-range")


def is_range(version: str, profile: Profile) -> bool:
    """Whether the public registry takes *version* for a range; with the private profile: whether it rightly does."""
    version = version.strip(_BLANK)
    if _COMPARATOR.fullmatch(version) or _HYPHEN.fullmatch(version) or _alternatives(version):
        return True
    dotted = _DOTTED.fullmatch(version)
    if dotted is None:
        return False
    return _PLACEHOLDER.search(version if profile is Profile.OFFICIAL else dotted[1]) is not None


def _alternatives(version: str) -> bool:
    return "||" in version and all(_ONE.fullmatch(each.strip(_BLANK)) for each in version.split("||"))
