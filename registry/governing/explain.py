"""Why a team sees each version of a server, or does not: what decides, read from the store and put into words."""

from collections.abc import Sequence
from typing import Final

import msgspec

from registry.catalog.answering import OwnedBy
from registry.catalog.changes import Overlay, applying
from registry.catalog.compat import Compat, undecodable_document
from registry.catalog.entry import ServerName
from registry.catalog.grant import granted
from registry.catalog.rewrite import Overlaid, overlaid
from registry.catalog.standing import Because, Verdict, judge
from registry.commands.project_views import standing
from registry.governing.firewall import owned_by
from registry.store.interface import Snapshot
from schemas.rfc3339 import format_instant

_MOST_VERSIONS: Final = 1000


class VersionExplained(msgspec.Struct, frozen=True, kw_only=True):
    """
    `because`: the rule that decided; `reason`: the same in words. `digest`: of what was approved and is shown, be it
    with what overlays change in it; null if nothing is. `until`: when this may change by time alone. `overlays`: those
    that change what is shown, and `not_overlaid`, in words, what overlays would change and cannot. `left_out`: why
    lists leave out what is visible, in words; null if they do not.
    """

    version: str
    visible: bool
    because: Because
    reason: str
    digest: str | None
    grant: str | None
    approval: str | None
    until: str | None
    overlays: list[str] = []
    not_overlaid: list[str] = []
    left_out: str | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """
    `source`: which one answers for the name, null if none does; `owned_by` and `ownership`: why it does, the second in
    words; null for whoever may not know. `resembles`: the name or claimed namespace that it looks like, while it is
    held for that; null for whoever may not see that one. `versions`: newest published first, at most 1,000. `compat`:
    the client for which lists leave out what it cannot decode.
    """

    team: str
    name: str
    compat: Compat | None = None
    reason: str
    source: str | None
    owned_by: OwnedBy | None
    ownership: str | None
    resembles: str | None
    versions: list[VersionExplained]


def explain(
    snapshot: Snapshot, team: str, name: ServerName, *, now_us: int, compat: Compat | None = None
) -> Explanation:
    """
    All there is to say about *name* in the view of *team* at that instant. Reads all its versions.

    Args:
        compat: The client that reads the view, where it is an address that says so; else the team says.
    """
    if compat is None and (known := snapshot.governance.team(team)) is not None:
        compat = known.compat
    owned = owned_by(snapshot, name)
    grants = snapshot.governance.grants_covering(name).get(team, [])
    decides = standing(snapshot, name)
    order = {entry.version: (entry.published_us, entry.version) for entry in decides.entries}
    verdicts = sorted(judge(team, decides, grants, now_us=now_us), key=lambda each: order[each.version], reverse=True)
    in_force = snapshot.governance.overlays(in_force=True)
    overlays = applying([each for each in in_force if each.is_for(team)], name)
    return Explanation(
        team=team,
        name=str(name),
        reason=_summary(team, name, verdicts, granted_at_all=granted(name, grants) is not None),
        source=owned.source,
        owned_by=owned.because,
        ownership=owned.reason,
        resembles=None if decides.look_alike is None else decides.look_alike.resembles,
        versions=[
            _explained(snapshot, verdict, _shown(snapshot, verdict, overlays, team, name), compat)
            for verdict in verdicts[:_MOST_VERSIONS]
        ],
        compat=compat,
    )


def explain_to_reader(
    snapshot: Snapshot, team: str, name: ServerName, *, now_us: int, compat: Compat | None = None
) -> Explanation:
    """
    The same for those who read the view of *team*. Of a name that no grant of the team covers they are told nothing
    else: not who has it, nor whether it exists.
    """
    grants = snapshot.governance.grants_covering(name).get(team, [])
    if granted(name, grants) is not None:
        # What it looks like may be a name that they must not know of.
        return msgspec.structs.replace(explain(snapshot, team, name, now_us=now_us, compat=compat), resembles=None)
    reason = _summary(team, name, [], granted_at_all=False)
    return Explanation(
        team=team,
        name=str(name),
        reason=reason,
        source=None,
        owned_by=None,
        ownership=None,
        resembles=None,
        versions=[],
    )


def _summary(team: str, name: ServerName, verdicts: list[Verdict], *, granted_at_all: bool) -> str:
    if not granted_at_all:
        return f"team {team} has no grant that covers {name}"
    if not verdicts:
        return f"there is no {name}: no source that answers for it has a version"
    seen = sum(verdict.shown is not None for verdict in verdicts)
    return f"team {team} sees {seen} of {len(verdicts)} versions of {name}"


def _shown(
    snapshot: Snapshot, verdict: Verdict, overlays: Sequence[Overlay], team: str, name: ServerName
) -> Overlaid | None:
    if verdict.shown is None or not overlays:
        return None
    return overlaid(snapshot.document(verdict.shown.document_id), overlays, team=team, name=name)


def _left_out(snapshot: Snapshot, verdict: Verdict, shown: Overlaid | None, compat: Compat | None) -> str | None:
    if compat is None or verdict.shown is None:
        return None
    document = None if shown is None else shown.document
    why = undecodable_document(compat, document or snapshot.document(verdict.shown.document_id))
    return None if why is None else f"visible, and left out of lists for {compat}: {why}"


def _explained(snapshot: Snapshot, verdict: Verdict, shown: Overlaid | None, compat: Compat | None) -> VersionExplained:
    return VersionExplained(
        version=verdict.version,
        visible=verdict.shown is not None,
        because=verdict.because,
        reason=verdict.reason,
        digest=None if verdict.shown is None else f"sha256:{verdict.shown.digest.hex()}",
        grant=None if verdict.grant is None else verdict.grant.id,
        approval=None if verdict.approved is None else verdict.approved.approval.id,
        until=None if verdict.until_us is None else format_instant(verdict.until_us),
        overlays=[] if shown is None else list(shown.applied),
        not_overlaid=[] if shown is None else list(shown.left),
        left_out=_left_out(snapshot, verdict, shown, compat),
    )
