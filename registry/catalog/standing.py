"""Why a team sees a version of a server, or does not: the one place where visibility is decided.

    visible = the team has a grant that covers the name
            ∧ nothing blocks it
            ∧ an approval in force names these bytes, and this team or all; a person's, while it is held as a look-alike
            ∧ the cool-off of these bytes has passed or was waived

Who answers for the name was settled before (overlay.py): the entries given here are those of that one source. What is
decided by time alone says until when it holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from registry.catalog.approval import ApprovedVersion, State
from registry.catalog.grant import Grant, granted
from registry.catalog.look_alike import LookAlike
from registry.catalog.view import StoredEntry
from schemas.rfc3339 import format_instant

# Whoever reads it may not know the other name.
_LOOKS_LIKE_ANOTHER: Final = "its name looks like another one: held until somebody approves it, or releases it"


class Because(StrEnum):
    """The rule that decided."""

    VISIBLE = "visible"
    NO_GRANT = "no-grant"
    BLOCKED = "blocked"
    NOT_APPROVED = "not-approved"
    CHANGED = "changed"
    EXPIRED = "expired"
    LOOK_ALIKE = "look-alike"
    COOL_OFF = "cool-off"


class OnChange(StrEnum):
    """
    What happens to an approved version when its source changes the document.

    HOLD serves the approved bytes of this source on, WITHDRAW serves nothing until the new ones are approved. FOLLOW
    approves the new ones (drift.py); what it did not approve is held.
    """

    HOLD = "hold"
    WITHDRAW = "withdraw"
    FOLLOW = "follow"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """That a name, or one version of it, is shown to nobody. `version`: None for all, future ones too."""

    name: str
    version: str | None
    reason: str
    blocked_us: int
    blocked_by: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """
    What decides about one name, for every team alike.

    `fresh_until_us`: when the cool-off of a version ends, of those that have one that was not waived. `look_alike`:
    what the name is held for, None if it is not.
    """

    name: str
    entries: Sequence[StoredEntry]
    approved: Sequence[ApprovedVersion] = ()
    blocks: Sequence[Block] = ()
    fresh_until_us: Mapping[str, int] = {}
    on_change: OnChange = OnChange.HOLD
    look_alike: LookAlike | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a team gets to see of one version, and why.

    Attributes:
        shown: The entry as it is shown: its document is the approved one. None if it is not visible.
        reason: In words.
        until_us: When this may change by time alone; None if it does not.
    """

    version: str
    shown: StoredEntry | None
    because: Because
    reason: str
    grant: Grant | None = None
    approved: ApprovedVersion | None = None
    until_us: int | None = None


def judge(team: str, standing: Standing, grants: Iterable[Grant], *, now_us: int) -> list[Verdict]:
    """
    A verdict on each version, in the order of the entries.

    Args:
        grants: Those of the team.
    """
    grant = granted(standing.name, grants)
    return [_verdict(team, standing, entry, grant, now_us) for entry in standing.entries]


def _verdict(team: str, standing: Standing, entry: StoredEntry, grant: Grant | None, now_us: int) -> Verdict:
    version = entry.version
    if grant is None:
        return Verdict(
            version=version,
            shown=None,
            because=Because.NO_GRANT,
            reason=f"team {team} has no grant that covers {standing.name}",
        )
    block = next((block for block in standing.blocks if block.version in (None, version)), None)
    if block is not None:
        return Verdict(
            version=version,
            shown=None,
            because=Because.BLOCKED,
            reason=f"blocked by {block.blocked_by}: {block.reason}",
            grant=grant,
        )
    candidates = [each for each in standing.approved if each.version == version and each.approval.is_for(team)]
    in_force = [each for each in candidates if each.approval.in_force(now_us)]
    chosen = _chosen(entry, in_force, standing.on_change)
    if chosen is not None and standing.look_alike is not None:
        in_force = [each for each in in_force if each.approval.by_a_person]
        chosen = _chosen(entry, in_force, standing.on_change)
        if chosen is None:
            return Verdict(
                version=version, shown=None, because=Because.LOOK_ALIKE, reason=_LOOKS_LIKE_ANOTHER, grant=grant
            )
    if chosen is None:
        because, reason = _unapproved(entry, candidates, in_force)
        return Verdict(version=version, shown=None, because=because, reason=reason, grant=grant)
    fresh_until_us = standing.fresh_until_us.get(version, 0)
    until_us = chosen.approval.expires_us
    if now_us < fresh_until_us:
        # Bytes that are held have a cool-off of their own: other ones do not take back that it was waived.
        ready = [each for each in in_force if each.approval.without_cool_off or each.digest == entry.waived_digest]
        at_once = _chosen(entry, ready, standing.on_change)
        if at_once is None:
            return Verdict(
                version=version,
                shown=None,
                because=Because.COOL_OFF,
                reason=f"new: held until {format_instant(fresh_until_us)} unless an approver waives it",
                grant=grant,
                approved=chosen,
                until_us=_earliest(fresh_until_us, until_us),
            )
        chosen, until_us = at_once, _earliest(fresh_until_us, at_once.approval.expires_us)
    return Verdict(
        version=version,
        shown=_shown(entry, chosen),
        because=Because.VISIBLE,
        reason=_reason(grant, chosen, entry),
        grant=grant,
        approved=chosen,
        until_us=until_us,
    )


def _chosen(entry: StoredEntry, in_force: Sequence[ApprovedVersion], on_change: OnChange) -> ApprovedVersion | None:
    """Of several for the same bytes the one that lasts longest; for other bytes the one decided last."""
    same = [each for each in in_force if each.digest == entry.digest]
    if same:
        return max(same, key=lambda each: each.endurance)
    if on_change is OnChange.WITHDRAW:
        return None
    # Who takes a name over is not served with what was approved of its previous owner.
    kept = [each for each in in_force if each.document_id is not None and each.entry_id == entry.id]
    return max(kept, key=lambda each: each.recency, default=None)


def _shown(entry: StoredEntry, chosen: ApprovedVersion) -> StoredEntry:
    if chosen.digest == entry.digest:
        return entry
    assert chosen.document_id is not None
    assert chosen.text_id is not None
    return msgspec.structs.replace(
        entry,
        digest=chosen.digest,
        document_id=chosen.document_id,
        text_id=chosen.text_id,
        registry_types=chosen.registry_types,
        transports=chosen.transports,
    )


def _unapproved(
    entry: StoredEntry, candidates: Sequence[ApprovedVersion], in_force: Sequence[ApprovedVersion]
) -> tuple[Because, str]:
    if in_force:
        return Because.CHANGED, f"{in_force[0].approval.id} approved other bytes; these need an approval of their own"
    for each in candidates:
        approval = each.approval
        if approval.state in (State.APPROVED, State.EXPIRED):
            assert approval.expires_us is not None
            return Because.EXPIRED, f"{approval.id} expired at {format_instant(approval.expires_us)}"
    for each in candidates:
        approval = each.approval
        if approval.state in (State.REVOKED, State.REJECTED):
            return (
                Because.NOT_APPROVED,
                f"{approval.id} was {approval.state} by {approval.decided_by}: {approval.reason}",
            )
        if approval.state is State.REQUESTED:
            return Because.NOT_APPROVED, f"{approval.id}, requested by {approval.requested_by}, waits for a decision"
    return Because.NOT_APPROVED, "no approval names these bytes for this team"


def _reason(grant: Grant, chosen: ApprovedVersion, entry: StoredEntry) -> str:
    approval = chosen.approval
    who = f"rule {approval.rule}" if approval.rule is not None else approval.decided_by
    until = "" if approval.expires_us is None else f" until {format_instant(approval.expires_us)}"
    held = "" if chosen.digest == entry.digest else "; its source has changed it since"
    waived = "" if entry.waived_by is None else f"; {entry.waived_by} waived its cool-off"
    return f"granted {grant.pattern} by {grant.id}, approved by {approval.id} ({who}){until}{held}{waived}"


def _earliest(first_us: int, second_us: int | None) -> int:
    return first_us if second_us is None else min(first_us, second_us)
