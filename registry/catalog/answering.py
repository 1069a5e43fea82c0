"""Why a source answers for a name: what overlay.py decides, explained."""

from collections.abc import Collection, Sequence
from enum import StrEnum

import msgspec

from registry.catalog.entry import ServerName, SourceId
from registry.catalog.overlay import Source, owner


class OwnedBy(StrEnum):
    """What made a source the one that answers."""

    CLAIM = "claim"
    MEMORY = "memory"
    DECISION = "decision"
    PRECEDENCE = "precedence"
    NOBODY = "nobody"


class Answering(msgspec.Struct, frozen=True, kw_only=True):
    """Which source answers for a name, None for none, by what, and why in words."""

    source: SourceId | None
    because: OwnedBy
    reason: str


def answering(
    name: ServerName,
    sources: Collection[Source],
    *,
    having: Sequence[SourceId],
    remembered: SourceId | None,
    decided_by: str | None = None,
) -> Answering:
    """
    Who answers for *name*, and why. The arguments are those of `overlay.owner`.

    Args:
        decided_by: Who decided that it is the remembered one, if somebody did.
    """
    found = owner(name, sources, having=having, remembered=remembered)
    if found is None:
        return Answering(source=None, because=OwnedBy.NOBODY, reason=f"no configured source has or claims {name}")
    others = [each for each in having if each != found]
    instead = f"; {', '.join(others)} has the name too and is not asked" if others else ""
    if any(source.claim_on(name.namespace) for source in sources):
        because, why = OwnedBy.CLAIM, f"{found} claims the namespace {name.namespace}"
    elif found == remembered:
        because, why = OwnedBy.MEMORY, f"{found} had the name first"
        if decided_by is not None:
            because, why = OwnedBy.DECISION, f"{decided_by} decided that {found} has the name"
    else:
        because, why = OwnedBy.PRECEDENCE, f"{found} goes before the other sources that have the name"
    return Answering(source=found, because=because, reason=why + instead)
