"""Whether a caller may make a decision, and in which role: policy, asked about what the store holds.

Work on the store itself is not asked: whoever reaches it may do everything, and is recorded as such.
"""

from collections.abc import Iterable

from registry.catalog.approval import Approval
from registry.catalog.entry import ServerName
from registry.catalog.grant import granted
from registry.catalog.pattern import parse_pattern
from registry.commands.actor import Actor
from registry.commands.decide_many import all_of
from registry.errors import CallerFault, NotFound, Refused
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
from registry.policy.mandates import (
    approval_withheld,
    block_withheld,
    concerns_reader,
    governing_withheld,
    grant_withheld,
    may_ask,
    release_withheld,
    sees_approval,
)
from registry.policy.principal import Principal, Role
from registry.store.interface import Snapshot


def authorised(snapshot: Snapshot, principal: Principal, decision: Decision) -> Actor:  # noqa: C901 - one case a decision
    """
    Who *principal* is on record as, deciding this: with the role that lets it.

    Raises:
        Refused: it may not, with the reason.
        NotFound: there is no such grant or approval, or none that *principal* may see; the two look alike.
        Invalid: a pattern or name is none.
    """
    match decision:
        case (
            MakeTeam()
            | EditTeam()
            | MakeRule()
            | EndRule()
            | SetOverlay()
            | RemoveOverlay()
            | SetDriftPolicy()
            | EndDriftPolicy()
        ):
            return _actor(principal, Role.ADMIN, governing_withheld(principal))
        case GiveGrant(team=team, pattern=pattern):
            return _actor(principal, Role.ADMIN, grant_withheld(principal, team, parse_pattern(pattern)))
        case RevokeGrant(grant=grant_id):
            _require_visible_grant(snapshot, principal, grant_id)
            return _actor(principal, Role.ADMIN, None)
        case ApproveServer(name=name, teams=teams):
            return _actor(principal, Role.APPROVER, approval_withheld(principal, ServerName.parse(name), teams))
        case ApproveRequest() | RejectRequest() | RevokeApproval():
            return _approver(snapshot, principal, decision.approval)
        case DecideMany():
            return _approver_of_all(snapshot, principal, [*decision.each()])
        case Say(approval=about):
            return _commenting(snapshot, principal, about)
        case BlockServer(name=name) | UnblockServer(name=name):
            why = block_withheld(principal, ServerName.parse(name))
            return _actor(principal, Role.APPROVER if Role.APPROVER in principal.roles else Role.ADMIN, why)
        case WaiveCoolOff(name=name):
            return _actor(principal, Role.APPROVER, approval_withheld(principal, ServerName.parse(name), None))
        case ReleaseLookAlike(name=name):
            why = release_withheld(principal, ServerName.parse(name))
            return _actor(principal, Role.OPERATOR if Role.OPERATOR in principal.roles else Role.APPROVER, why)
        case AssignName():
            why = None if Role.OPERATOR in principal.roles else "this is for the role operator"
            return _actor(principal, Role.OPERATOR, why)
        case Ask(teams=teams):
            actor = _actor(principal, Role.READER, may_ask(principal, teams))
            _require_granted(snapshot, ServerName.parse(decision.name), teams)
            return actor


def visible_approval(snapshot: Snapshot, viewer: Principal, approval_id: str) -> Approval:
    """The approval of that id. Raises NotFound: there is none, or none that *viewer* may see."""
    found = snapshot.governance.approval(approval_id)
    if found is None or not sees_approval(viewer, found):
        raise NotFound(f"there is no approval {approval_id[:40]!r}")
    return found


def _approver(snapshot: Snapshot, principal: Principal, approval_id: str) -> Actor:
    approval = visible_approval(snapshot, principal, approval_id)
    why = approval_withheld(principal, approval.name, approval.audience)
    return _actor(principal, Role.APPROVER, why)


def _approver_of_all(snapshot: Snapshot, principal: Principal, approvals: Iterable[str]) -> Actor:
    withheld: dict[str, CallerFault] = {}
    for approval_id in approvals:
        try:
            _approver(snapshot, principal, approval_id)
        except CallerFault as fault:
            withheld[approval_id] = fault
    if withheld:
        raise all_of(withheld)
    return _actor(principal, Role.APPROVER, None)


def _commenting(snapshot: Snapshot, principal: Principal, approval_id: str) -> Actor:
    found = snapshot.governance.approval(approval_id)
    if found is not None and Role.APPROVER in principal.roles and sees_approval(principal, found):
        return _actor(principal, Role.APPROVER, None)
    if found is not None and concerns_reader(principal, found):
        return _actor(principal, Role.READER, None)
    raise NotFound(f"there is no approval {approval_id[:40]!r}")


def _require_visible_grant(snapshot: Snapshot, principal: Principal, grant_id: str) -> None:
    if Role.ADMIN not in principal.roles:
        raise Refused("you may not decide this: grants are taken back by the role admin")
    # Who may see a grant may take it back. Others are not told that there is one.
    grant = snapshot.governance.grant(grant_id)
    if grant is None or grant_withheld(principal, grant.team, grant.pattern) is not None:
        raise NotFound(f"there is no grant {grant_id[:40]!r}")


def _require_granted(snapshot: Snapshot, name: ServerName, teams: tuple[str, ...]) -> None:
    # What no grant covers is for this team as if it did not exist, and asking must not tell the difference.
    covering = snapshot.governance.grants_covering(name)
    if any(granted(name, covering.get(team, [])) is None for team in teams):
        raise NotFound(f"there is no {name}")


def _actor(principal: Principal, role: Role, withheld: str | None) -> Actor:
    if withheld is not None:
        raise Refused(f"you may not decide this: {withheld}")
    return Actor(subject=principal.subject, roles=(role.value,))
