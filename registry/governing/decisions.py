"""What can be decided, in the form in which it is asked for: the bodies of `/v1`, and what the command line makes.

A decision says what is wanted. Who wants it, and whether they may, is for whoever carries it out: see
`registry.policy.mandates`.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, TypeAlias

import msgspec

from registry.catalog.approval import Approval
from registry.catalog.changes import Changes, require_meant
from registry.catalog.entry import ServerName, parse_version
from registry.catalog.rule import Tolerance
from registry.catalog.standing import OnChange
from registry.catalog.team import parse_team
from registry.commands.actor import Actor
from registry.commands.approvals import (
    Wanted,
    approve,
    approve_now,
    reject,
    request_approval,
    revoke_approval,
)
from registry.commands.assign import assign_name
from registry.commands.comment import comment
from registry.commands.decide_many import decide_many
from registry.commands.drift_policies import end_drift_policy, set_drift_policy
from registry.commands.look_alikes import release_look_alike
from registry.commands.overlays import remove_overlay, set_overlay
from registry.commands.perform import Done
from registry.commands.rules import block, end_rule, make_rule, unblock
from registry.commands.teams import grant_access, make_team, revoke_access
from registry.commands.waive import waive_cool_off
from registry.errors import Invalid
from registry.store.interface import Transaction
from schemas.rfc3339 import parse_instant

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
"""Why, in words: everything that is decided has one."""
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Description = Annotated[str, msgspec.Meta(max_length=1000)]
Versions = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=1000)]
Teams = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]
Tools = Annotated[tuple[str, ...], msgspec.Meta(max_length=1000)]
Approvals = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]
Command: TypeAlias = Callable[[Transaction], Done[Any]]  # Any: each answers with what it changed


class _Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="decision"):
    """The manner of all of them. Where the route says which one it is, `decision` may be absent."""


class MakeTeam(_Asked, frozen=True, kw_only=True, tag="make-team"):
    """`name`: `backend`, or `backend~prod` for an environment of it."""

    name: str
    description: Description = ""


class GiveGrant(_Asked, frozen=True, kw_only=True, tag="grant"):
    """`tools`: absent for all, an empty list for none."""

    team: str
    pattern: str
    reason: Reason
    tools: Tools | None = None


class RevokeGrant(_Asked, frozen=True, kw_only=True, tag="revoke-grant"):
    grant: str
    reason: Reason


class MakeRule(_Asked, frozen=True, kw_only=True, tag="rule"):
    """
    `teams`: must be stated, null for all of them. The conditions, both if there are both: `max_severity`, the worst
    finding that a document may have, and `patches_only`, that it is a later patch of what a person approved.
    `without_cool_off`: what it approves is seen at once, however new.
    """

    name: Title
    pattern: str
    teams: Teams | None
    reason: Reason
    max_severity: Tolerance | None = None
    patches_only: bool = False
    without_cool_off: bool = False


class EndRule(_Asked, frozen=True, kw_only=True, tag="end-rule"):
    rule: str
    reason: Reason


class SetOverlay(_Asked, frozen=True, kw_only=True, tag="overlay"):
    """`teams`: must be stated, null for all of them. Replaces what has the same name."""

    name: Title
    pattern: str
    teams: Teams | None
    changes: Changes
    reason: Reason


class RemoveOverlay(_Asked, frozen=True, kw_only=True, tag="remove-overlay"):
    overlay: str
    reason: Reason


class SetDriftPolicy(_Asked, frozen=True, kw_only=True, tag="drift"):
    """What is served when a source changes a document under an approval. In the place of one for the same pattern."""

    pattern: str
    on_change: OnChange
    reason: Reason


class EndDriftPolicy(_Asked, frozen=True, kw_only=True, tag="end-drift"):
    pattern: str
    reason: Reason


class Ask(_Asked, frozen=True, kw_only=True, tag="request"):
    """`versions`: absent for those that exist. `expires_at`: RFC 3339, absent for never."""

    name: str
    teams: Teams
    reason: Reason
    versions: Versions | None = None
    tools: Tools | None = None
    expires_at: str | None = None


class ApproveServer(_Asked, frozen=True, kw_only=True, tag="approve"):
    """`teams`: must be stated, null for all of them. The rest as `Ask` has it."""

    name: str
    teams: Teams | None
    reason: Reason
    versions: Versions | None = None
    tools: Tools | None = None
    expires_at: str | None = None


class ApproveRequest(_Asked, frozen=True, kw_only=True, tag="approve-request"):
    """`expires_at`: RFC 3339; it never ends later than was asked for."""

    approval: str
    reason: Reason
    expires_at: str | None = None


class RejectRequest(_Asked, frozen=True, kw_only=True, tag="reject"):
    approval: str
    reason: Reason


class RevokeApproval(_Asked, frozen=True, kw_only=True, tag="revoke-approval"):
    approval: str
    reason: Reason


class Verdict(StrEnum):
    """What can be decided about many at once."""

    APPROVE = "approve"
    REJECT = "reject"
    REVOKE = "revoke"


class DecideMany(_Asked, frozen=True, kw_only=True, tag="decide-many"):
    """The same about up to 100, all or none of them. `expires_at`: only where they are approved."""

    verdict: Verdict
    approvals: Approvals
    reason: Reason
    expires_at: str | None = None

    def each(self) -> dict[str, "ApproveRequest | RejectRequest | RevokeApproval"]:
        """One decision for each approval, by its id. Raises Invalid for an end of what is not approved."""
        if self.expires_at is not None and self.verdict is not Verdict.APPROVE:
            raise Invalid(f"expires_at is for what is approved, and you {self.verdict}")
        return {approval: self._one(approval) for approval in self.approvals}

    def _one(self, approval: str) -> "ApproveRequest | RejectRequest | RevokeApproval":
        match self.verdict:
            case Verdict.APPROVE:
                return ApproveRequest(approval=approval, reason=self.reason, expires_at=self.expires_at)
            case Verdict.REJECT:
                return RejectRequest(approval=approval, reason=self.reason)
            case Verdict.REVOKE:
                return RevokeApproval(approval=approval, reason=self.reason)


class Say(_Asked, frozen=True, kw_only=True, tag="comment"):
    """A comment on a request."""

    approval: str
    text: Reason


class BlockServer(_Asked, frozen=True, kw_only=True, tag="block"):
    """`version`: absent for all, future ones too."""

    name: str
    reason: Reason
    version: str | None = None


class UnblockServer(_Asked, frozen=True, kw_only=True, tag="unblock"):
    name: str
    reason: Reason
    version: str | None = None


class WaiveCoolOff(_Asked, frozen=True, kw_only=True, tag="waive-cool-off"):
    """`version`: absent for all that are in their cool-off."""

    name: str
    reason: Reason
    version: str | None = None


class ReleaseLookAlike(_Asked, frozen=True, kw_only=True, tag="release-look-alike"):
    """A name is not held any more for what it looks like."""

    name: str
    reason: Reason


class AssignName(_Asked, frozen=True, kw_only=True, tag="assign-name"):
    """`source`: which of those that have the name answers for it from now on."""

    name: str
    source: str
    reason: Reason


Previewed: TypeAlias = (
    GiveGrant
    | RevokeGrant
    | MakeRule
    | SetDriftPolicy
    | ApproveServer
    | ApproveRequest
    | RevokeApproval
    | BlockServer
    | UnblockServer
    | WaiveCoolOff
    | ReleaseLookAlike
)
"""What can be looked at before it is decided."""
Decision: TypeAlias = (
    Previewed
    | MakeTeam
    | EndRule
    | EndDriftPolicy
    | SetOverlay
    | RemoveOverlay
    | Ask
    | RejectRequest
    | DecideMany
    | Say
    | AssignName
)


def command_of(decision: Decision, *, actor: Actor, approvers: int) -> Command:  # noqa: C901 - one case a decision
    """
    What carries *decision* out.

    Args:
        approvers: How many it takes for an approval, 1 or 2.

    Raises:
        Invalid: a name, version or instant in it is none.
    """
    match decision:
        case MakeTeam(name=name, description=description):
            parse_team(name)
            return lambda transaction: make_team(transaction, name, description=description, actor=actor)
        case GiveGrant(team=team, pattern=pattern, reason=reason, tools=tools):
            return lambda transaction: grant_access(transaction, team, pattern, reason=reason, actor=actor, tools=tools)
        case RevokeGrant(grant=grant, reason=reason):
            return lambda transaction: revoke_access(transaction, grant, reason=reason, actor=actor)
        case MakeRule(name=name, pattern=pattern, teams=teams, reason=reason):
            return lambda transaction: make_rule(
                transaction,
                name,
                pattern,
                reason=reason,
                actor=actor,
                audience=teams,
                max_severity=decision.max_severity,
                patches_only=decision.patches_only,
                without_cool_off=decision.without_cool_off,
            )
        case EndRule(rule=rule, reason=reason):
            return lambda transaction: end_rule(transaction, rule, reason=reason, actor=actor)
        case SetOverlay(name=name, pattern=pattern, teams=teams, changes=changes, reason=reason):
            require_meant(changes)
            return lambda transaction: set_overlay(
                transaction, name, pattern, changes, reason=reason, actor=actor, audience=teams
            )
        case RemoveOverlay(overlay=overlay, reason=reason):
            return lambda transaction: remove_overlay(transaction, overlay, reason=reason, actor=actor)
        case SetDriftPolicy(pattern=pattern, on_change=on_change, reason=reason):
            return lambda transaction: set_drift_policy(transaction, pattern, on_change, reason=reason, actor=actor)
        case EndDriftPolicy(pattern=pattern, reason=reason):
            return lambda transaction: end_drift_policy(transaction, pattern, reason=reason, actor=actor)
        case Ask(reason=reason):
            asked = wanted_of(decision)
            return lambda transaction: request_approval(transaction, asked, reason=reason, actor=actor)
        case ApproveServer(reason=reason):
            wanted = wanted_of(decision)
            return lambda transaction: approve_now(transaction, wanted, reason=reason, actor=actor, needed=approvers)
        case ApproveRequest() | RejectRequest() | RevokeApproval():
            about, decide = decision.approval, _deciding(decision, actor=actor, approvers=approvers)
            return lambda transaction: decide(transaction, about)
        case DecideMany():
            each = {about: _deciding(one, actor=actor, approvers=approvers) for about, one in decision.each().items()}
            return lambda transaction: decide_many(transaction, each)
        case Say(approval=about, text=text):
            return lambda transaction: comment(transaction, about, text, actor=actor)
        case BlockServer(reason=reason):
            server, version = _server(decision)
            return lambda transaction: block(transaction, server, version, reason=reason, actor=actor)
        case UnblockServer(reason=reason):
            server, version = _server(decision)
            return lambda transaction: unblock(transaction, server, version, reason=reason, actor=actor)
        case ReleaseLookAlike(name=name, reason=reason):
            held = ServerName.parse(name)
            return lambda transaction: release_look_alike(transaction, held, reason=reason, actor=actor)
        case AssignName(name=name, source=source, reason=reason):
            assigned = ServerName.parse(name)
            return lambda transaction: assign_name(transaction, assigned, source, reason=reason, actor=actor)
        case WaiveCoolOff(reason=reason):
            server, version = _server(decision)
            return lambda transaction: waive_cool_off(transaction, server, version, reason=reason, actor=actor)


def _deciding(
    decision: ApproveRequest | RejectRequest | RevokeApproval, *, actor: Actor, approvers: int
) -> Callable[[Transaction, str], Done[Approval]]:
    match decision:
        case ApproveRequest(reason=reason, expires_at=expires_at):
            return partial(approve, reason=reason, actor=actor, expires_us=_instant(expires_at), needed=approvers)
        case RejectRequest(reason=reason):
            return partial(reject, reason=reason, actor=actor)
        case RevokeApproval(reason=reason):
            return partial(revoke_approval, reason=reason, actor=actor)


def wanted_of(decision: Ask | ApproveServer) -> Wanted:
    """What is to be approved. Raises Invalid: the name, a team or the instant is none."""
    return Wanted(
        name=ServerName.parse(decision.name),
        versions=None if decision.versions is None else tuple(sorted(set(decision.versions))),
        audience=None if decision.teams is None else tuple(sorted(set(map(parse_team, decision.teams)))),
        tools=None if decision.tools is None else tuple(sorted(set(decision.tools))),
        expires_us=_instant(decision.expires_at),
    )


def _server(decision: BlockServer | UnblockServer | WaiveCoolOff) -> tuple[ServerName, str | None]:
    version = None if decision.version is None else parse_version(decision.version)
    return ServerName.parse(decision.name), version


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Invalid(
            f"expires_at is not an instant: {text[:40]!r}; expected RFC 3339, 2027-01-31T00:00:00Z"
        ) from error
