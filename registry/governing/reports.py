"""Teams, grants, approvals and the like as they are written for people and programs. Instants are RFC 3339."""

from typing import Final

import msgspec

from registry.catalog.approval import Approval, Draft, State
from registry.catalog.changes import Changes, Overlay
from registry.catalog.compat import Compat
from registry.catalog.difference import Change
from registry.catalog.drift import DriftPolicy
from registry.catalog.grant import Grant
from registry.catalog.rule import Rule, Tolerance
from registry.catalog.standing import Block, OnChange
from registry.store.governance import Comment, Team
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
    """
    `teams`: null for all. `approval`: under which its decisions are on record. `state`: active or ended. `max_severity`
    and `patches_only`: the conditions, null and false for none. `without_cool_off`: what it approves is seen at once.
    """

    id: str
    state: str
    name: str
    pattern: str
    teams: list[str] | None
    max_severity: Tolerance | None
    patches_only: bool
    approval: str
    reason: str
    made_at: str
    made_by: str
    ended_at: str | None
    ended_by: str | None
    without_cool_off: bool


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


class DriftPolicyReport(msgspec.Struct, frozen=True, kw_only=True):
    """`on_change`: hold, withdraw or follow."""

    pattern: str
    on_change: OnChange
    reason: str
    made_at: str
    made_by: str


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


class DraftReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    What changed under the approval `beside`. `digest_before`: of what was served. `classes`: what that is about.
    `places`: the first 20 that differ, in words, and how many `more` there are.
    """

    beside: str
    digest_before: str
    classes: list[Change]
    places: list[str]
    more: int


class CommentReport(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    said_at: str
    said_by: str
    text: str


class ApprovalReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    An approval, or the request for one.

    `name` is empty for what a rule approves. `teams` is null for all of them. `request` is why it was asked for,
    `reason` why it was decided as it was. `first_by` agreed first where two approvers are needed. Of `versions` a list
    shows the first 20. `draft`: what changed, where nobody asked for it. `policy`: the pattern of the one that decided.
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
    draft: DraftReport | None
    policy: str | None
    comments: list[CommentReport]


class DecidedReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of many, in the order in which they were named."""

    items: list[ApprovalReport]


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
        max_severity=rule.max_severity,
        patches_only=rule.patches_only,
        approval=rule.approval,
        reason=rule.reason,
        made_at=format_instant(rule.made_us),
        made_by=rule.made_by,
        ended_at=_at(rule.ended_us),
        ended_by=rule.ended_by,
        without_cool_off=rule.without_cool_off,
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


def drift_policy_report(policy: DriftPolicy) -> DriftPolicyReport:
    return DriftPolicyReport(
        pattern=policy.pattern,
        on_change=policy.on_change,
        reason=policy.reason,
        made_at=format_instant(policy.made_us),
        made_by=policy.made_by,
    )


def comment_report(comment: Comment) -> CommentReport:
    return CommentReport(
        id=comment.id, said_at=format_instant(comment.said_us), said_by=comment.said_by, text=comment.text
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
        draft=_draft(approval.draft),
        policy=approval.policy,
        comments=[] if approval.rule is not None else [*map(comment_report, snapshot.governance.comments(approval.id))],
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


def _draft(draft: Draft | None) -> DraftReport | None:
    if draft is None:
        return None
    found = draft.difference
    return DraftReport(
        beside=draft.beside,
        digest_before=f"sha256:{draft.before}",
        classes=[*found.classes],
        places=[*found.places],
        more=found.more,
    )


def _named(snapshot: Snapshot, approval: Approval, most: int) -> list[NamedReport]:
    return [
        NamedReport(name=each.name, version=each.version, digest=f"sha256:{each.digest.hex()}")
        for each in snapshot.governance.versions_of(approval.id, limit=most)
    ]


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _at(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
