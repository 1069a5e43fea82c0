"""Make teams, and say what they may read."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from registry.catalog.compat import Compat
from registry.catalog.grant import Grant
from registry.catalog.pattern import parse_pattern
from registry.catalog.team import parse_team
from registry.commands.actor import Actor
from registry.commands.follow import follow
from registry.commands.perform import Done
from registry.errors import Conflict, NotFound
from registry.ids import new_id
from registry.store.governance import Team
from registry.store.interface import Transaction
from registry.store.records import AuditEvent


def make_team(
    transaction: Transaction, name: str, *, description: str, actor: Actor, compat: Compat | None = None
) -> Done[Team]:
    """
    A team, or an environment of one, that sees nothing yet.

    Args:
        compat: For which client its lists leave out what that one cannot decode.

    Raises:
        Invalid: *name* is none.
        Conflict: there is one of that name.
    """
    parse_team(name)
    if transaction.governance.team(name) is not None:
        raise Conflict(f"there is a team {name} already")
    team = Team(
        name=name, description=description, made_us=transaction.instant_us, made_by=actor.subject, compat=compat
    )
    transaction.governance.put_team(team)
    return Done(value=team, event=_event("team.made", actor, name, description=description, compat=compat))


def edit_team(
    transaction: Transaction,
    name: str,
    *,
    actor: Actor,
    description: str | UnsetType = UNSET,
    compat: Compat | UnsetType | None = UNSET,
) -> Done[Team]:
    """
    Change what is said of a team; what is not given stays. What it sees stays, too.

    Raises NotFound if there is no such team.
    """
    team = transaction.governance.team(name)
    if team is None:
        raise NotFound(f"there is no team {name[:90]!r}")
    edited = msgspec.structs.replace(
        team,
        description=team.description if description is UNSET else description,
        compat=team.compat if compat is UNSET else compat,
    )
    if edited == team:
        return Done(value=team)
    transaction.governance.put_team(edited)
    said = {"description": edited.description, "compat": edited.compat, "compat_before": team.compat}
    return Done(value=edited, event=_event("team.edited", actor, name, **said))


def grant_access(
    transaction: Transaction,
    team: str,
    pattern: str,
    *,
    reason: str,
    actor: Actor,
    tools: Sequence[str] | None = None,
) -> Done[Grant]:
    """
    Let *team* read what *pattern* covers, as far as it is approved. Its view follows (`commands.follow`).

    Raises:
        Invalid: *pattern* is none.
        NotFound: there is no such team.
        Conflict: it has this very grant already.
    """
    pattern = parse_pattern(pattern)
    if transaction.governance.team(team) is None:
        raise NotFound(f"there is no team {team[:90]!r}; make it first")
    wanted = None if tools is None else tuple(sorted(set(tools)))
    for held in transaction.governance.grants(team=team, in_force=True):
        if (held.pattern, held.tools) == (pattern, wanted):
            raise Conflict(f"team {team} has {pattern} already, by {held.id}")
    grant = Grant(
        id=new_id("grt", transaction.instant_us),
        team=team,
        pattern=pattern,
        granted_us=transaction.instant_us,
        granted_by=actor.subject,
        reason=reason,
        tools=wanted,
    )
    transaction.governance.put_grant(grant)
    follow(transaction, team=team, pattern=pattern)
    return Done(value=grant, event=_event("grant.given", actor, grant.id, team=team, pattern=pattern, reason=reason))


def revoke_access(transaction: Transaction, grant_id: str, *, reason: str, actor: Actor) -> Done[Grant]:
    """
    Take a grant back. What nothing else lets the team see leaves its view.

    Raises:
        NotFound: there is no such grant.
        Conflict: it was revoked already.
    """
    grant = transaction.governance.grant(grant_id)
    if grant is None:
        raise NotFound(f"there is no grant {grant_id[:40]!r}")
    if not grant.in_force:
        raise Conflict(f"{grant_id} was revoked already, by {grant.revoked_by}")
    revoked = msgspec.structs.replace(grant, revoked_us=transaction.instant_us, revoked_by=actor.subject)
    transaction.governance.put_grant(revoked)
    follow(transaction, team=grant.team, pattern=grant.pattern)
    return Done(
        value=revoked,
        event=_event("grant.revoked", actor, grant.id, team=grant.team, pattern=grant.pattern, reason=reason),
    )


def _event(action: str, actor: Actor, what: str, **detail: str | int | None) -> AuditEvent:
    return actor.event(action, what, detail)
