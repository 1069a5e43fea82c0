"""From a decision to the command that carries it out."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from registry.catalog.approval import Approval
from registry.catalog.changes import require_meant
from registry.catalog.entry import ServerName, parse_version
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
from registry.commands.overlays import remove_overlay, set_overlay
from registry.commands.perform import Done
from registry.commands.release import release_look_alike
from registry.commands.rules import block, end_rule, make_rule, unblock
from registry.commands.teams import edit_team, grant_access, make_team, revoke_access
from registry.commands.waive import waive_cool_off
from registry.errors import Invalid
from registry.governing.decisions import (
    ApproveRequest,
    ApproveServer,
    Ask,
    AssignName,
    BlockServer,
    DecideMany,
    Decision,
    EditTeam,
    EndDriftPolicy,
    EndRule,
    GiveGrant,
    MakeRule,
    MakeTeam,
    RejectRequest,
    ReleaseLookAlike,
    RemoveOverlay,
    RevokeApproval,
    RevokeGrant,
    Say,
    SetDriftPolicy,
    SetOverlay,
    UnblockServer,
    WaiveCoolOff,
)
from registry.store.interface import Transaction
from schemas.rfc3339 import parse_instant

Command: TypeAlias = Callable[[Transaction], Done[Any]]  # Any: each answers with what it changed


def command_of(decision: Decision, *, actor: Actor, approvers: int) -> Command:  # noqa: C901 - one case a decision
    """
    What carries *decision* out.

    Args:
        approvers: How many it takes for an approval, 1 or 2.

    Raises:
        Invalid: a name, version or instant in it is none.
    """
    match decision:
        case MakeTeam(name=name, description=description, compat=compat):
            parse_team(name)
            return lambda transaction: make_team(transaction, name, description=description, compat=compat, actor=actor)
        case EditTeam(team=team, changes=said):
            return lambda transaction: edit_team(
                transaction, team, description=said.description, compat=said.compat, actor=actor
            )
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
