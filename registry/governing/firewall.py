"""What the namespace firewall holds back, as it is written for people and programs. Instants are RFC 3339."""

from collections.abc import Callable
from typing import Final

import msgspec

from registry.catalog.answering import Answering, answering
from registry.catalog.entry import ServerName, SourceId
from registry.catalog.look_alike import Likeness, LookAlike
from registry.commands.waive import Waived
from registry.store.firewall import Offer
from registry.store.interface import Snapshot
from schemas.rfc3339 import format_instant

_AT_A_TIME: Final = 200


class CoolingReport(msgspec.Struct, frozen=True, kw_only=True):
    """A new version that no view shows before `until`, unless an approver waives it. `source`: whose it is."""

    name: str
    version: str
    source: str
    until: str


class WaivedReport(msgspec.Struct, frozen=True, kw_only=True):
    """Versions whose cool-off nobody waits for any more."""

    name: str
    versions: list[str]


class LookAlikeReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    A name that looks like an approved one, or like one in a claimed namespace: `resembles`, null for who may not
    see that one. `state`: held or released.
    """

    name: str
    state: str
    resembles: str | None
    likeness: Likeness
    found_at: str
    released_at: str | None
    released_by: str | None
    reason: str | None


class OfferReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    A name that `source` has and `owner` answers for, null if nobody does. `state`: refused until somebody decides, then
    decided. `chosen`: the source that was decided to answer. `ownership`: why it does, in words.
    """

    name: str
    source: str
    state: str
    owner: str | None
    ownership: str
    first_at: str
    chosen: str | None
    decided_at: str | None
    decided_by: str | None
    reason: str | None


def offer_report(snapshot: Snapshot, offer: Offer) -> OfferReport:
    owned = owned_by(snapshot, ServerName(offer.name))
    return OfferReport(
        name=offer.name,
        source=offer.source,
        state="refused" if offer.chosen is None else "decided",
        owner=owned.source,
        ownership=owned.reason,
        first_at=format_instant(offer.first_us),
        chosen=offer.chosen,
        decided_at=None if offer.decided_us is None else format_instant(offer.decided_us),
        decided_by=offer.decided_by,
        reason=offer.reason,
    )


def offer_reports(
    snapshot: Snapshot, *, decided: bool, limit: int, after: str | None
) -> tuple[list[OfferReport], str | None]:
    """Up to *limit* offers by name and source, as `cooling_reports` gives versions. *decided*: also those."""
    name, _, source = (after or "").partition(" ")
    configured = {each.id for each in snapshot.sources()}
    found: list[OfferReport] = []
    while page := snapshot.firewall.offers(decided=decided, after=(name, source), limit=_AT_A_TIME):
        for offer in page:
            report = offer_report(snapshot, offer)
            # Who answers by now, since the other one was removed, is refused no more.
            if decided or (offer.source in configured and report.owner != offer.source):
                if len(found) == limit:
                    return found, f"{found[-1].name} {found[-1].source}"
                found.append(report)
        name, source = page[-1].name, page[-1].source
    return found, None


def owned_by(snapshot: Snapshot, name: ServerName) -> Answering:
    """Which source answers for *name*, and why."""
    remembered = snapshot.remembered(name)
    decisions = [offer.decided_by for offer in snapshot.firewall.offers_of(name) if offer.chosen == remembered]
    return answering(
        name,
        snapshot.sources(),
        having=[SourceId(source) for source in snapshot.sources_having(name)],
        remembered=None if remembered is None else SourceId(remembered),
        decided_by=next(iter(decisions), None),
    )


def waived_report(waived: Waived) -> WaivedReport:
    return WaivedReport(name=waived.name, versions=list(waived.versions))


def look_alike_report(found: LookAlike, resembled: Callable[[str], bool]) -> LookAlikeReport:
    """*resembled*: whether what a name looks like is for the viewer to see."""
    return LookAlikeReport(
        name=found.name,
        state="held" if found.held else "released",
        resembles=found.resembles if resembled(found.resembles) else None,
        likeness=found.likeness,
        found_at=format_instant(found.found_us),
        released_at=None if found.released_us is None else format_instant(found.released_us),
        released_by=found.released_by,
        reason=found.reason,
    )


def look_alike_reports(
    snapshot: Snapshot,
    visible: Callable[[str], bool],
    resembled: Callable[[str], bool],
    *,
    released: bool,
    limit: int,
    after: str | None,
) -> tuple[list[LookAlikeReport], str | None]:
    """Up to *limit* look-alikes by name, as `cooling_reports` gives versions. *released*: also those."""
    position = after or ""
    found: list[LookAlikeReport] = []
    while page := snapshot.firewall.look_alikes(released=released, after=position, limit=_AT_A_TIME):
        for each in page:
            if visible(each.name):
                if len(found) == limit:
                    return found, found[-1].name
                found.append(look_alike_report(each, resembled))
        position = page[-1].name
    return found, None


def cooling_reports(
    snapshot: Snapshot, visible: Callable[[str], bool], *, now_us: int, limit: int, after: str | None
) -> tuple[list[CoolingReport], str | None]:
    """
    Up to *limit* versions in their cool-off, by name and version, and the position to go on after; None at the end.

    Args:
        visible: Whether a name is for the viewer to see. May read all of them: not for the event loop.
    """
    name, _, version = (after or "").partition(" ")
    found: list[CoolingReport] = []
    while page := snapshot.firewall.cooling(now_us=now_us, after=(name, version), limit=_AT_A_TIME):
        for each in page:
            if visible(each.name):
                if len(found) == limit:
                    return found, f"{found[-1].name} {found[-1].version}"
                found.append(
                    CoolingReport(
                        name=str(each.name),
                        version=each.version,
                        source=each.source,
                        until=format_instant(each.until_us),
                    )
                )
        name, version = page[-1].name, page[-1].version
    return found, None
