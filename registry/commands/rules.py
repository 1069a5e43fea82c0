"""What holds for names, whatever anybody asks: rules that approve, and blocks that hide."""

from collections.abc import Sequence

import msgspec

from registry.catalog.approval import Approval, State
from registry.catalog.entry import ServerName
from registry.catalog.pattern import parse_pattern
from registry.catalog.rule import Rule, Tolerance
from registry.catalog.standing import Block
from registry.catalog.team import audience_words
from registry.commands.actor import Actor
from registry.commands.follow import follow
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.errors import Conflict, NotFound
from registry.ids import new_id
from registry.store.interface import Transaction
from registry.store.records import AuditEvent


def make_rule(
    transaction: Transaction,
    name: str,
    pattern: str,
    *,
    reason: str,
    actor: Actor,
    audience: Sequence[str] | None = None,
    max_severity: Tolerance | None = None,
    patches_only: bool = False,
    without_cool_off: bool = False,
) -> Done[Rule]:
    """
    Approve from now on what *pattern* covers: what is there, and what comes, as far as it meets the conditions. The
    views follow.

    Args:
        audience: The teams it is for; None for all.
        max_severity, patches_only: The conditions: see Rule.
        without_cool_off: What it approves is seen at once, however new it is.

    Raises:
        Invalid: *pattern* is none.
        NotFound: there is no such team.
        Conflict: there is a rule of that name in force.
    """
    pattern = parse_pattern(pattern)
    if any(rule.name == name for rule in transaction.governance.rules(in_force=True)):
        raise Conflict(f"there is a rule {name!r} already")
    teams = None if audience is None else tuple(sorted(set(audience)))
    for team in teams or ():
        if transaction.governance.team(team) is None:
            raise NotFound(f"there is no team {team[:90]!r}; make it first")
    now_us = transaction.instant_us
    rule = Rule(
        id=new_id("rule", now_us),
        name=name,
        pattern=pattern,
        approval=new_id("apr", now_us),
        reason=reason,
        made_us=now_us,
        made_by=actor.subject,
        audience=teams,
        max_severity=max_severity,
        patches_only=patches_only,
        without_cool_off=without_cool_off,
    )
    approval = Approval(
        id=rule.approval,
        name="",
        state=State.APPROVED,
        requested_us=now_us,
        requested_by=actor.subject,
        request=reason,
        audience=teams,
        decided_us=now_us,
        decided_by=actor.subject,
        reason=reason,
        rule=rule.id,
        without_cool_off=without_cool_off,
    )
    transaction.governance.put_approval(approval)
    transaction.governance.put_rule(rule)
    follow(transaction, team=None, pattern=pattern)
    said = {"name": name, "pattern": pattern, "audience": audience_words(approval.audience), "reason": reason}
    said |= _conditions(rule)
    return Done(value=rule, event=_event("rule.made", actor, rule.id, **said))


def end_rule(transaction: Transaction, rule_id: str, *, reason: str, actor: Actor) -> Done[Rule]:
    """
    Let a rule decide nothing any more. What it approved stays approved until its approval is revoked.

    Raises NotFound if there is no such rule in force.
    """
    rule = next((rule for rule in transaction.governance.rules(in_force=True) if rule.id == rule_id), None)
    if rule is None:
        raise NotFound(f"there is no rule {rule_id[:40]!r} in force")
    ended = msgspec.structs.replace(rule, ended_us=transaction.instant_us, ended_by=actor.subject)
    transaction.governance.put_rule(ended)
    said = {"name": rule.name, "audience": audience_words(rule.audience), "reason": reason}
    return Done(value=ended, event=_event("rule.ended", actor, rule.id, **said))


def block(transaction: Transaction, name: ServerName, version: str | None, *, reason: str, actor: Actor) -> Done[Block]:
    """Show a name, or one version of it, to nobody, whatever is approved; also what comes later."""
    made = Block(
        name=str(name),
        version=version,
        reason=reason,
        blocked_us=transaction.instant_us,
        blocked_by=actor.subject,
    )
    transaction.governance.put_block(made)
    project_views(transaction, [name])
    return Done(value=made, event=_event("server.blocked", actor, _named(name, version), reason=reason))


def unblock(
    transaction: Transaction, name: ServerName, version: str | None, *, reason: str, actor: Actor
) -> Done[None]:
    """End a block. Raises NotFound if there is none."""
    if not transaction.governance.forget_block(str(name), version):
        raise NotFound(f"{_named(name, version)} is not blocked")
    project_views(transaction, [name])
    return Done(value=None, event=_event("server.unblocked", actor, _named(name, version), reason=reason))


def _conditions(rule: Rule) -> dict[str, str]:
    """Those there are."""
    found = {} if rule.max_severity is None else {"max_severity": rule.max_severity.value}
    found |= {"patches_only": "yes"} if rule.patches_only else {}
    return found | ({"without_cool_off": "yes"} if rule.without_cool_off else {})


def _named(name: ServerName, version: str | None) -> str:
    return str(name) if version is None else f"{name}@{version}"


def _event(action: str, actor: Actor, what: str, **detail: str | int | None) -> AuditEvent:
    return actor.event(action, what, detail)
