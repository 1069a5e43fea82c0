"""Who may decide what about teams, grants, approvals, rules and blocks. Each answer is why not, or None.

The role says what kind of decision; teams and namespaces of the same credential say about what. A credential that names
neither decides nothing: an empty list is not everything. `*` among its namespaces stands for every name.

    approver    with teams: approvals whose audience lies within these teams, never those for all teams
                with namespaces: approvals of names that these cover
                with both: both must hold
    admin       for every name: everything
                else: grants to its own teams of what lies within its own names, blocks of names that these cover

A block hides a name from every team. So an approver with teams cannot make one, nor end one.

Of a caller that is made of parts, one part must be enough by itself: what is asked here is asked of each.
"""

from collections.abc import Collection

from registry.catalog.approval import Approval
from registry.catalog.pattern import EVERY_NAME, covers, within
from registry.policy.parts import any_part, withheld_by_all
from registry.policy.principal import Origin, Principal, Role


@withheld_by_all
def approval_withheld(approver: Principal, name: str, audience: Collection[str] | None) -> str | None:
    """
    Why *approver* may not decide about an approval of *name* for *audience*, in words; None if it may.

    Args:
        name: Empty for what a rule approved, whatever the name.
        audience: Teams; None for all of them.
    """
    if Role.APPROVER not in approver.roles:
        return "approvals are decided by the role approver"
    if not (approver.teams or approver.namespaces):
        return "your credential names neither teams nor namespaces to decide about"
    if approver.namespaces and not _covered(approver, name):
        return f"{name or 'what a rule approved'} is outside of the namespaces you decide about"
    if approver.teams:
        if audience is None:
            return f"it is for all teams, and you decide for {_listed(approver.teams)} only"
        foreign = [team for team in audience if team not in approver.teams]
        if foreign:
            return f"it is for team {_listed(foreign)}, and you decide for {_listed(approver.teams)} only"
    return None


@any_part
def sees_approval(viewer: Principal, approval: Approval) -> bool:
    """
    Whether *viewer* may read of *approval* as one who decides or oversees: an approver what concerns its teams and
    names, be it also for others; auditors everything, and administrators what is within their names.
    """
    if Role.AUDITOR in viewer.roles:
        return True
    if Role.ADMIN in viewer.roles and _covered(viewer, approval.name):
        return True
    if Role.APPROVER not in viewer.roles or not (viewer.teams or viewer.namespaces):
        return False
    if viewer.namespaces and not _covered(viewer, approval.name):
        return False
    return not viewer.teams or any(approval.is_for(team) for team in viewer.teams)


def concerns_reader(reader: Principal, approval: Approval) -> bool:
    """Whether *reader* asked for *approval*, or it is for the very team whose view *reader* reads."""
    if Role.READER not in reader.roles or approval.rule is not None:
        return False
    if approval.requested_by == reader.subject:
        return True
    return approval.audience is not None and reader.home_team in approval.audience


@any_part
def concerns_publisher(publisher: Principal, approval: Approval) -> bool:
    """Whether *approval* decides about what *publisher* may publish."""
    return Role.PUBLISHER in publisher.roles and bool(approval.name) and _covered(publisher, approval.name)


@withheld_by_all
def may_ask(reader: Principal, teams: Collection[str]) -> str | None:
    """Why *reader* may not ask for something for *teams*, in words; None if it may: for teams of its own."""
    if Role.READER not in reader.roles or reader.origin is Origin.ANONYMOUS:
        return "access is asked for with a credential that has the role reader"
    foreign = [team for team in teams if team not in reader.teams]
    if foreign:
        return f"you do not belong to team {_listed(foreign)}"
    return None if teams else "name a team that this is for"


@withheld_by_all
def grant_withheld(giver: Principal, team: str, pattern: str) -> str | None:
    """Why *giver* may not give *team* a grant of *pattern*, nor take it back."""
    if Role.ADMIN not in giver.roles:
        return "grants are given by the role admin"
    if EVERY_NAME in giver.namespaces:
        return None
    if team not in giver.teams:
        return f"you do not belong to team {team}"
    if not any(within(pattern, outer) for outer in giver.namespaces):
        return f"{pattern} is outside of your own namespaces"
    return None


@withheld_by_all
def governing_withheld(giver: Principal) -> str | None:
    """Why *giver* may not make teams, rules or overlays: they are for everybody, or send everybody elsewhere."""
    if Role.ADMIN not in giver.roles:
        return "this is for the role admin"
    return None if EVERY_NAME in giver.namespaces else "this is for an administrator of every name (*)"


@withheld_by_all
def block_withheld(decider: Principal, name: str) -> str | None:
    """Why *decider* may not block *name* for every team, nor end its block."""
    if Role.ADMIN in decider.roles and _covered(decider, name):
        return None
    if Role.APPROVER in decider.roles:
        return approval_withheld(decider, name, None)
    if Role.ADMIN in decider.roles:
        return f"{name} is outside of your own namespaces"
    return "names are blocked by the role approver or admin"


@withheld_by_all
def release_withheld(decider: Principal, name: str) -> str | None:
    """Why *decider* may not let *name* go, for every team, that is held for what it looks like."""
    if Role.OPERATOR in decider.roles:
        return None
    if Role.APPROVER not in decider.roles:
        return "names are released by the role approver or operator"
    return approval_withheld(decider, name, None)


@any_part
def sees_held(viewer: Principal, name: str) -> bool:
    """Whether *viewer* may read that *name* is held back: who oversees, and who may decide about it for every team."""
    oversees = Role.AUDITOR in viewer.roles or Role.OPERATOR in viewer.roles
    return oversees or block_withheld(viewer, name) is None


def sees_resembled(viewer: Principal, resembles: str) -> bool:
    """Whether *viewer* may read what a held name looks like: another name, or a namespace as a source claims it."""
    is_namespace = "/" not in resembles and not resembles.endswith("*")
    return sees_held(viewer, f"{resembles}/*" if is_namespace else resembles)


@withheld_by_all
def explained_withheld(asker: Principal, team: str, name: str) -> str | None:
    """Why *asker* may not be told why *team* sees *name* or does not. Auditors may for every team and name."""
    if Role.AUDITOR in asker.roles:
        return None
    if Role.ADMIN in asker.roles and EVERY_NAME in asker.namespaces:
        return None
    if Role.ADMIN in asker.roles and team in asker.teams and _covered(asker, name):
        return None
    if Role.APPROVER in asker.roles:
        return approval_withheld(asker, name, (team,))
    if Role.ADMIN in asker.roles:
        return f"team {team} or {name} is outside of what you administer"
    return "this is for the roles approver, auditor and admin"


def _covered(principal: Principal, name: str) -> bool:
    """Whether *name* is one that *principal* is for; without a name, whether all are."""
    return any(covers(pattern, name) if name else pattern == EVERY_NAME for pattern in principal.namespaces)


def _listed(teams: Collection[str]) -> str:
    return ", ".join(teams)
