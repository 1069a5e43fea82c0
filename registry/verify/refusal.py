"""What a verifier answers, and the texts of refusals.

A clear yes is `Owned` and nothing else is. A verifier that falls silent, is told nonsense or is throttled raises an
UpstreamFault, which `unclear` turns into a refusal that asks to retry later: nothing fails open.

Continuous integration of third parties searches the texts for `take a moment to appear`, `retry later` and
`does not exist in the registry` (reference §4.1).
"""

from typing import Final

import msgspec

from registry.errors import ChangeRefused, UpstreamFault, UpstreamRefused

LATER: Final = "Likely transient, retry later"

_LONGEST = 500
_TRANSIENT = frozenset({408, 425, 429})


class Owned(msgspec.Struct, frozen=True):
    """The index says that the package is for this server."""


class NotOwned(msgspec.Struct, frozen=True):
    """It does not, or nobody knows. *reason* is for the publisher."""

    reason: str


Verdict = Owned | NotOwned


class PackageRefused(ChangeRefused):
    """
    Raised when a package may not be published, or is not known to be the publisher's.

    Args:
        index: Its place among the packages, from 0.
    """

    def __init__(self, index: int, identifier: str, reason: str) -> None:
        super().__init__(f"registry validation failed for package {index} ({shown(identifier)}): {reason}")
        self.index = index
        self.reason = reason


def unclear(subject: str, fault: UpstreamFault) -> NotOwned:
    """The refusal for a lookup of *subject* that ended in *fault*."""
    if not isinstance(fault, UpstreamRefused):
        return later(subject, str(fault))
    if 400 <= fault.status < 500 and fault.status not in _TRANSIENT:
        return NotOwned(f"{subject} not found (status: {fault.status})")
    return NotOwned(f"{subject} could not be looked up (status: {fault.status}). {LATER}")


def later(subject: str, why: str) -> NotOwned:
    """The refusal for a lookup of *subject* that had no result because of *why*."""
    return NotOwned(f"{subject} could not be looked up: {why}. {LATER}")


def shown(text: str) -> str:
    """*text* as it may stand in a message: one line, of bounded length."""
    cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in cut)
