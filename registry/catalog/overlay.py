"""Which source answers for a name.

A name is answered by one source, whole, and that is settled before anybody asks who may see it: a name that a
team may not read is absent, it never falls through to the next source (dependency confusion by permission).
Nobody upstream can occupy a name in a claimed namespace, even before its owner publishes anything there.
"""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from registry.catalog.entry import ServerName, SourceId

PRIVATE: Final = SourceId("private")
"""The source of what was published here. No upstream is called so."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """
    A place entries come from.

    `precedence`: the lower answers first. `claims`: namespaces that are this source's alone; `com.acme` is that
    namespace, `com.acme.*` every namespace below it. `cool_off_us`: how long its new versions are kept out of views.
    """

    id: SourceId
    precedence: int
    claims: tuple[str, ...] = ()
    cool_off_us: int = 0

    def claim_on(self, namespace: str) -> int:
        """How specific this source's claim on *namespace* is: how much of it the claim spells out, 0 if none does."""
        # Compared without case: `Com.Acme/payroll` must not slip past a claim on `com.acme`.
        folded = namespace.lower()
        return max((_spelled_out(claim.lower(), folded) for claim in self.claims), default=0)


def owner(
    name: ServerName,
    sources: Collection[Source],
    *,
    having: Iterable[SourceId],
    remembered: SourceId | None,
) -> SourceId | None:
    """
    The one source that answers for *name*, or None if no configured source has it.

    Args:
        sources: Those configured now.
        having: The sources that have, or ever had, an entry of this name.
        remembered: The source that answered for this name so far. It counts as long as it is configured.
    """
    claimed, claimant = 0, None
    for source in sources:
        claim = source.claim_on(name.namespace)
        if claim > claimed or (claim == claimed > 0 and claimant is not None and _goes_first(source, claimant)):
            claimed, claimant = claim, source
    if claimant is not None:
        return claimant.id
    configured = {source.id: source for source in sources}
    if remembered in configured:
        return remembered
    candidates = [configured[source_id] for source_id in having if source_id in configured]
    first = min(candidates, key=lambda source: (source.precedence, source.id), default=None)
    return None if first is None else first.id


def _goes_first(source: Source, other: Source) -> bool:
    return (source.precedence, source.id) < (other.precedence, other.id)


def _spelled_out(claim: str, namespace: str) -> int:
    # The star does not count: `com.acme.d` says more about `com.acme.d` than `com.acme.*` does.
    prefix = claim.removesuffix("*") if claim.endswith(".*") else claim
    covered = namespace.startswith(prefix) if prefix is not claim else namespace == claim
    return len(prefix) if covered else 0
