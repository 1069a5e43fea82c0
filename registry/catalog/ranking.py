"""Which version of a server is newer.

The rule is the official registry's (reference §3): two semantic versions compare by precedence, with build
metadata ignored and one leading `v` tolerated; two others compare by when they were published; a semantic
version is always newer than one that is not. It is kept as a byte string that sorts the same way, so that a
database can compare versions without knowing the rule.
"""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

# Stricter than "semantic version" in common use: exactly three numeric parts, no leading zeros.
_SEMVER: Final = re.compile(
    r"v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
_OTHER, _SEMANTIC = b"\x00", b"\x01"
_END, _NUMBER, _WORD = b"\x00", b"\x01", b"\x02"
_PRERELEASE, _RELEASED = b"\x01", b"\x02"
_MOST_DIGITS: Final = 18
_INSTANT_OFFSET: Final = 1 << 63


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """What decides whether a version is the latest of its name."""

    version: str
    rank: bytes
    published_us: int
    deleted: bool


def is_semantic(version: str) -> bool:
    """Whether *version* has three numeric parts, and otherwise follows semantic versioning."""
    return _SEMVER.fullmatch(version) is not None


def patch_of(version: str) -> tuple[int, int, int] | None:
    """Major, minor and patch of a released semantic version; None for prereleases and everything else."""
    match = _SEMVER.fullmatch(version)
    if match is None or match[4] is not None or max(len(match[part]) for part in (1, 2, 3)) > _MOST_DIGITS:
        return None
    return int(match[1]), int(match[2]), int(match[3])


def rank(version: str, published_us: int) -> bytes:
    """A key that sorts as versions do: greater bytes, newer version; equal bytes, equal precedence."""
    match = _SEMVER.fullmatch(version)
    if match is None:
        return _OTHER + (published_us + _INSTANT_OFFSET).to_bytes(9, "big")
    major, minor, patch, prerelease = match.groups()
    core = _SEMANTIC + _number(major) + _number(minor) + _number(patch)
    if prerelease is None:
        return core + _RELEASED
    identifiers = (
        _NUMBER + _number(word) if word.isdigit() else _WORD + word.encode() + _END for word in prerelease.split(".")
    )
    return core + _PRERELEASE + b"".join(identifiers) + _END


def latest(versions: Iterable[Ranked]) -> str | None:
    """
    The version that carries the flag, or None if there are none.

    The highest that is not deleted; if all are deleted, the highest deleted, so that it can still be found by
    who asks for deleted ones. Equal precedence does not take the flag from who had it first: the earlier
    published keeps it, then the smaller version text.
    """
    best: Ranked | None = None
    for candidate in versions:
        if best is None or _outranks(candidate, best):
            best = candidate
    return None if best is None else best.version


def _outranks(candidate: Ranked, best: Ranked) -> bool:
    if candidate.deleted != best.deleted:
        return best.deleted
    if candidate.rank != best.rank:
        return candidate.rank > best.rank
    return (candidate.published_us, candidate.version) < (best.published_us, best.version)


def _number(digits: str) -> bytes:
    # Length first: without leading zeros a longer number is a larger one, whatever its digits.
    return len(digits).to_bytes(2, "big") + digits.encode()
