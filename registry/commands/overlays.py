"""Have documents shown otherwise than their source has them, to some teams or to all, and end that."""

from collections.abc import Sequence

import msgspec

from registry.audit.event import Facts
from registry.catalog.changes import Changes, Overlay
from registry.catalog.pattern import parse_pattern
from registry.commands.actor import Actor
from registry.commands.follow import follow_teams
from registry.commands.perform import Done
from registry.errors import Conflict, NotFound
from registry.ids import new_id
from registry.store.interface import Transaction


def set_overlay(
    transaction: Transaction,
    name: str,
    pattern: str,
    changes: Changes,
    *,
    reason: str,
    actor: Actor,
    audience: Sequence[str] | None = None,
) -> Done[Overlay]:
    """
    Show what *pattern* covers with *changes*, what is there and what comes. The views follow.

    What is called *name* and in force is replaced.

    Args:
        changes: As `require_meant` lets them through.
        audience: The teams it is for; None for all.

    Raises:
        Invalid: *pattern* is none.
        NotFound: there is no such team.
        Conflict: there is this very overlay already.
    """
    pattern = parse_pattern(pattern)
    teams = None if audience is None else tuple(sorted(set(audience)))
    for team in teams or ():
        if transaction.governance.team(team) is None:
            raise NotFound(f"there is no team {team[:90]!r}; make it first")
    now_us = transaction.instant_us
    made = Overlay(
        id=new_id("ovl", now_us),
        name=name,
        pattern=pattern,
        changes=changes,
        reason=reason,
        made_us=now_us,
        made_by=actor.subject,
        audience=teams,
    )
    replaced = next((each for each in transaction.governance.overlays(in_force=True) if each.name == name), None)
    if replaced is not None:
        if _facts(replaced) == _facts(made):
            raise Conflict(f"there is this very overlay {name!r} already, {replaced.id}")
        transaction.governance.put_overlay(_ended(transaction, replaced, actor))
    transaction.governance.put_overlay(made)
    follow_teams(transaction, teams, pattern=pattern)
    if replaced is not None and (replaced.audience, replaced.pattern) != (teams, pattern):
        follow_teams(transaction, replaced.audience, pattern=replaced.pattern)
    event = actor.event(
        "overlay.set",
        made.id,
        {"name": name, "replaces": None if replaced is None else replaced.id},
        before=None if replaced is None else _facts(replaced),
        after=_facts(made),
        reason=reason,
    )
    return Done(value=made, event=event)


def remove_overlay(transaction: Transaction, overlay_id: str, *, reason: str, actor: Actor) -> Done[Overlay]:
    """
    End an overlay: what it covers is shown as its source has it, or as other overlays do. The views follow.

    Raises NotFound if there is no such overlay in force.
    """
    found = next((each for each in transaction.governance.overlays(in_force=True) if each.id == overlay_id), None)
    if found is None:
        raise NotFound(f"there is no overlay {overlay_id[:40]!r} in force")
    ended = _ended(transaction, found, actor)
    transaction.governance.put_overlay(ended)
    follow_teams(transaction, found.audience, pattern=found.pattern)
    event = actor.event("overlay.removed", found.id, {"name": found.name}, before=_facts(found), reason=reason)
    return Done(value=ended, event=event)


def _ended(transaction: Transaction, overlay: Overlay, actor: Actor) -> Overlay:
    return msgspec.structs.replace(overlay, ended_us=transaction.instant_us, ended_by=actor.subject)


def _facts(overlay: Overlay) -> Facts:
    return {
        "pattern": overlay.pattern,
        "audience": "*" if overlay.audience is None else " ".join(overlay.audience),
        "changes": msgspec.json.encode(overlay.changes).decode(),
    }
