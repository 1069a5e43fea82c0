"""Teams, grants, approvals and the like as they are written for people and programs. Instants are RFC 3339."""

from typing import Final

import msgspec

from registry.catalog.approval import Approval, State
from registry.catalog.changes import Changes, Overlay
from registry.catalog.compat import Compat
from registry.catalog.grant import Grant
from registry.catalog.rule import Rule
from registry.catalog.standing import Block
from registry.store.governance import Team
from registry.store.interface import Snapshot
from schemas.rfc3339 import format_instant

_EVERY: Final = 10_000


class TeamReport(msgspec.Struct, frozen=True, kw_only=True):
    """`compat`: for which client its lists leave out what that one cannot decode."""

    name: str
    description: str
    compat: Compat | None
    made_at: str
    made_by: str


class GrantReport(msgspec.Struct, frozen=True, kw_only=True):
    """`tools`: null for all, an empty list for none. `state`: active or revoked."""

    id: str
    state: str
    team: str
    pattern: str
    tools: list[str] | None
    reason: str
    granted_at: str
    granted_by: str
    revoked_at: str | None
    revoked_by: str | None


class RuleReport(msgspec.Struct, frozen=True, kw_only=True):
    """`teams`: null for all. `approval`: under which its decisions are on record. `state`: active or ended."""

    id: str
    state: str
    name: str
    pattern: str
    teams: list[str] | None
    approval: str
    reason: str
    made_at: str
    made_by: str
    ended_at: str | None
    ended_by: str | None


class OverlayReport(msgspec.Struct, frozen=True, kw_only=True):
    """`teams`: null for all. `changes`: what it says, and nothing of what it does not. `state`: active or ended."""

    id: str
    state: str
    name: str
    pattern: str
    teams: list[str] | None
    changes: Changes
    reason: str
    made_at: str
    made_by: str
    ended_at: str | None
    ended_by: str | None


class BlockReport(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: null for all of them, future ones too."""

    name: str
    version: str | None
    reason: str
    blocked_at: str
    blocked_by: str


class Unblocked(msgspec.Struct, frozen=True, kw_only=True):
    """A block that is over. `version` as it was blocked."""

    name: str
    version: str | None


class NamedReport(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of one version."""

    name: str
    version: str
    digest: str


class ApprovalReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    An approval, or the request for one.

    `name` is empty for what a rule approves. `teams` is null for all of them. `request` is why it was asked for,
    `reason` why it was decided as it was. `first_by` agreed first where two approvers are needed. Of `versions` a list
    shows the first 20.
    """

    id: str
    state: State
    name: str
    versions: list[NamedReport]
    teams: list[str] | None
    tools: list[str] | None
    requested_at: str
    requested_by: str
    request: str
    decided_at: str | None
    decided_by: str | None
    reason: str | None
    first_by: str | None
    expires_at: str | None
    rule: str | None


class OutcomeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a publisher is told of a decision about what it published: not for whom, nor by whom."""

    id: str
    state: State
    name: str
    versions: list[NamedReport]
    decided_at: str | None
    reason: str | None


def team_report(team: Team) -> TeamReport:
    return TeamReport(
        name=team.name,
        description=team.description,
        compat=team.compat,
        made_at=format_instant(team.made_us),
        made_by=team.made_by,
    )


def grant_report(grant: Grant) -> GrantReport:
    return GrantReport(
        id=grant.id,
        state="active" if grant.in_force else "revoked",
        team=grant.team,
        pattern=grant.pattern,
        tools=_list(grant.tools),
        reason=grant.reason,
        granted_at=format_instant(grant.granted_us),
        granted_by=grant.granted_by,
        revoked_at=_at(grant.revoked_us),
        revoked_by=grant.revoked_by,
    )


def rule_report(rule: Rule) -> RuleReport:
    return RuleReport(
        id=rule.id,
        state="active" if rule.in_force else "ended",
        name=rule.name,
        pattern=rule.pattern,
        teams=_list(rule.audience),
        approval=rule.approval,
        reason=rule.reason,
        made_at=format_instant(rule.made_us),
        made_by=rule.made_by,
        ended_at=_at(rule.ended_us),
        ended_by=rule.ended_by,
    )


def overlay_report(overlay: Overlay) -> OverlayReport:
    return OverlayReport(
        id=overlay.id,
        state="active" if overlay.in_force else "ended",
        name=overlay.name,
        pattern=overlay.pattern,
        teams=_list(overlay.audience),
        changes=overlay.changes,
        reason=overlay.reason,
        made_at=format_instant(overlay.made_us),
        made_by=overlay.made_by,
        ended_at=_at(overlay.ended_us),
        ended_by=overlay.ended_by,
    )


def block_report(block: Block) -> BlockReport:
    return BlockReport(
        name=block.name,
        version=block.version,
        reason=block.reason,
        blocked_at=format_instant(block.blocked_us),
        blocked_by=block.blocked_by,
    )


def approval_report(snapshot: Snapshot, approval: Approval, *, now_us: int, most: int = _EVERY) -> ApprovalReport:
    """*approval* as it stands at that instant, with up to *most* of the versions it names."""
    return ApprovalReport(
        id=approval.id,
        state=state_at(approval, now_us),
        name=approval.name,
        versions=_named(snapshot, approval, most),
        teams=_list(approval.audience),
        tools=_list(approval.tools),
        requested_at=format_instant(approval.requested_us),
        requested_by=approval.requested_by,
        request=approval.request,
        decided_at=_at(approval.decided_us),
        decided_by=approval.decided_by,
        reason=approval.reason,
        first_by=approval.first_by,
        expires_at=_at(approval.expires_us),
        rule=approval.rule,
    )


def outcome_report(snapshot: Snapshot, approval: Approval, *, now_us: int, most: int) -> OutcomeReport:
    """What a publisher may know of *approval*."""
    return OutcomeReport(
        id=approval.id,
        state=state_at(approval, now_us),
        name=approval.name,
        versions=_named(snapshot, approval, most),
        decided_at=_at(approval.decided_us),
        reason=approval.reason,
    )


def state_at(approval: Approval, now_us: int) -> State:
    """The state of *approval* at that instant: what ends by itself has ended, whoever noticed."""
    ended = approval.state is State.APPROVED and not approval.in_force(now_us)
    return State.EXPIRED if ended else approval.state


def _named(snapshot: Snapshot, approval: Approval, most: int) -> list[NamedReport]:
    return [
        NamedReport(name=each.name, version=each.version, digest=f"sha256:{each.digest.hex()}")
        for each in snapshot.governance.versions_of(approval.id, limit=most)
    ]


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _at(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
