"""Governance as a file: teams, what they may read, what rules approve, what is approved beside them, and overlays.

The file says all of it: what it does not name is taken back. Only approvals that people decided are left alone, unless
the file says that it names all of those, too (`governing.declared_approvals`). `plan` compares it with what is in force
and changes nothing; `apply` carries the plan out, one recorded command a step. Applying twice is applying once.
"""

import tomllib
from pathlib import Path

import msgspec
from msgspec import UNSET

from registry.catalog.compat import Compat
from registry.catalog.pattern import parse_pattern
from registry.catalog.rule import Rule, Tolerance
from registry.catalog.team import parse_team
from registry.commands.actor import Actor
from registry.commands.follow import follow_all
from registry.commands.perform import perform
from registry.commands.rules import end_rule, make_rule
from registry.commands.teams import edit_team, grant_access, make_team, revoke_access
from registry.errors import ConfigFault, Invalid
from registry.governing.declared_approvals import DeclaredApproval, approval_steps, require_meant
from registry.governing.declared_drift import DeclaredDrift, drift_steps, require_fitting
from registry.governing.declared_overlays import DeclaredOverlay, overlay_steps, require_overlay_meant
from registry.governing.steps import DECLARED, Step
from registry.store.governance import Team
from registry.store.interface import Snapshot, Store


class DeclaredTeam(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[team]]`. `description`: as it is where it is absent. `compat`: absent for no client."""

    name: str
    description: str | None = None
    compat: Compat | None = None


class DeclaredGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[grant]]`. `tools`: absent for all."""

    team: str
    pattern: str
    tools: tuple[str, ...] | None = None
    reason: str = DECLARED


class DeclaredRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[[rule]]`: approves what the pattern covers, as it comes. `teams`: absent for all of them. The conditions as
    `catalog.rule.Rule` has them; absent for none. `without_cool_off`: new versions are seen at once.
    """

    name: str
    pattern: str
    teams: tuple[str, ...] | None = None
    max_severity: Tolerance | None = None
    patches_only: bool = False
    without_cool_off: bool = False
    reason: str = DECLARED


class Declaration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `all_approvals`: approvals that people decided and it does not name are revoked."""

    teams: tuple[DeclaredTeam, ...] = msgspec.field(name="team", default=())
    grants: tuple[DeclaredGrant, ...] = msgspec.field(name="grant", default=())
    drift: tuple[DeclaredDrift, ...] = ()
    rules: tuple[DeclaredRule, ...] = msgspec.field(name="rule", default=())
    overlays: tuple[DeclaredOverlay, ...] = msgspec.field(name="overlay", default=())
    approvals: tuple[DeclaredApproval, ...] = msgspec.field(name="approval", default=())
    all_approvals: bool = False


def read_declaration(path: Path) -> Declaration:
    """
    The declaration in the file at *path*.

    Raises ConfigFault: it cannot be read, is no TOML, has an unknown key, a team or pattern that is none, or names
    something twice.
    """
    try:
        declared = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Declaration)
        for team in declared.teams:
            parse_team(team.name)
        known = {team.name for team in declared.teams}
        for grant in declared.grants:
            parse_pattern(grant.pattern)
            if grant.team not in known:
                raise Invalid(f'a [[grant]] names team "{grant.team}", and no [[team]] is called so')
        for rule in declared.rules:
            parse_pattern(rule.pattern)
            for name in rule.teams or ():
                if name not in known:
                    raise Invalid(f'the [[rule]] "{rule.name}" names team "{name}", and no [[team]] is called so')
        for overlay in declared.overlays:
            require_overlay_meant(overlay, known)
        for policy in declared.drift:
            require_fitting(policy)
        for approval in declared.approvals:
            require_meant(approval, known)
        _require_once("[[team]]", [team.name for team in declared.teams])
        _require_once("[[rule]]", [rule.name for rule in declared.rules])
        _require_once("[[overlay]]", [overlay.name for overlay in declared.overlays])
        _require_once("[[drift]]", [parse_pattern(policy.pattern) for policy in declared.drift])
    except OSError as error:
        raise ConfigFault(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, Invalid) as error:
        raise ConfigFault(f"{path}: {error}") from error
    return declared


def plan(snapshot: Snapshot, declared: Declaration, *, approvers: int, now_us: int) -> list[Step]:
    """
    What `apply` would do, in its order.

    Args:
        approvers: How many people an approval takes. A file is one, so where it takes two it approves nothing.
    """
    approvals = approval_steps(
        snapshot, declared.approvals, all_of_them=declared.all_approvals, approvers=approvers, now_us=now_us
    )
    return [
        *_teams(snapshot, declared),
        *_grants(snapshot, declared),
        *drift_steps(snapshot, declared.drift),
        *_rules(snapshot, declared),
        *overlay_steps(snapshot, declared.overlays),
        *approvals,
    ]


async def apply(store: Store, declared: Declaration, *, actor: Actor, approvers: int, now_us: int) -> list[Step]:
    """
    Bring what is in force to what is declared; the steps taken, and those that cannot be taken yet.

    Raises what the commands do, and StoreFault.
    """
    steps = plan(store.snapshot(), declared, approvers=approvers, now_us=now_us)
    for step in steps:
        command = step.command
        if command is not None:
            await perform(store, lambda transaction, command=command: command(transaction, actor))  # type: ignore[misc]  # bound per round
    await follow_all(store)
    return steps


def _teams(snapshot: Snapshot, declared: Declaration) -> list[Step]:
    there = {team.name: team for team in snapshot.governance.teams()}
    made = [
        Step(
            sign="+",
            what=f"team {team.name}",
            command=lambda transaction, actor, team=team: make_team(  # type: ignore[misc]  # bound per round
                transaction, team.name, description=team.description or "", compat=team.compat, actor=actor
            ),
        )
        for team in declared.teams
        if team.name not in there
    ]
    edited = [
        Step(
            sign="~",
            what=f"team {team.name}: {said}",
            command=lambda transaction, actor, team=team: edit_team(  # type: ignore[misc]  # bound per round
                transaction,
                team.name,
                description=UNSET if team.description is None else team.description,
                compat=team.compat,
                actor=actor,
            ),
        )
        for team in declared.teams
        if team.name in there and (said := _said_anew(team, there[team.name]))
    ]
    return [*made, *edited]


def _said_anew(wanted: DeclaredTeam, there: Team) -> str:
    """What is to be said of a team from now on, in words; empty where nothing changes."""
    words = []
    if wanted.description not in (None, there.description):
        words.append(f'description "{wanted.description}"')
    if wanted.compat != there.compat:
        words.append(f"compat {wanted.compat or 'none'}")
    return ", ".join(words)


def _grants(snapshot: Snapshot, declared: Declaration) -> list[Step]:
    held = {
        (grant.team, grant.pattern, grant.tools): grant
        for grant in snapshot.governance.grants(team=None, in_force=True)
    }
    wanted = {(grant.team, parse_pattern(grant.pattern), _once(grant.tools)): grant for grant in declared.grants}
    given = [
        Step(
            sign="+",
            what=f"grant {pattern} to {team}",
            command=lambda transaction, actor, grant=grant: grant_access(  # type: ignore[misc]  # bound per round
                transaction, grant.team, grant.pattern, reason=grant.reason, actor=actor, tools=grant.tools
            ),
        )
        for (team, pattern, tools), grant in wanted.items()
        if (team, pattern, tools) not in held
    ]
    taken = [
        Step(
            sign="-",
            what=f"grant {grant.pattern} of {grant.team} ({grant.id})",
            command=lambda transaction, actor, grant=grant: revoke_access(  # type: ignore[misc]  # bound per round
                transaction, grant.id, reason="not declared any more", actor=actor
            ),
        )
        for key, grant in held.items()
        if key not in wanted
    ]
    return [*given, *taken]


_RuleKey = tuple[str, str, tuple[str, ...] | None, Tolerance | None, bool, bool]


def _rules(snapshot: Snapshot, declared: Declaration) -> list[Step]:
    held = {_key(rule, rule.pattern, rule.audience): rule for rule in snapshot.governance.rules(in_force=True)}
    wanted = {_key(rule, parse_pattern(rule.pattern), _once(rule.teams)): rule for rule in declared.rules}
    ended = [
        Step(
            sign="-",
            what=f"rule {_said(key)} ({rule.id})",
            command=lambda transaction, actor, rule=rule: end_rule(  # type: ignore[misc]  # bound per round
                transaction, rule.id, reason="not declared any more", actor=actor
            ),
        )
        for key, rule in held.items()
        if key not in wanted
    ]
    made = [
        Step(
            sign="+",
            what=f"rule {_said(key)}",
            command=lambda transaction, actor, rule=rule: make_rule(  # type: ignore[misc]  # bound per round
                transaction,
                rule.name,
                rule.pattern,
                reason=rule.reason,
                actor=actor,
                audience=rule.teams,
                max_severity=rule.max_severity,
                patches_only=rule.patches_only,
                without_cool_off=rule.without_cool_off,
            ),
        )
        for key, rule in wanted.items()
        if key not in held
    ]
    return [*ended, *made]


def _key(rule: Rule | DeclaredRule, pattern: str, teams: tuple[str, ...] | None) -> _RuleKey:
    return rule.name, pattern, teams, rule.max_severity, rule.patches_only, rule.without_cool_off


def _said(key: _RuleKey) -> str:
    name, pattern, teams, max_severity, patches_only, without_cool_off = key
    whom = "" if teams is None else f" for {' '.join(teams)}"
    patches = ", patches only" if patches_only else ""
    findings = "" if max_severity is None else f", findings up to {max_severity}"
    at_once = ", without cool-off" if without_cool_off else ""
    return f"{name}: {pattern}{whom}{patches}{findings}{at_once}"


def _once(words: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(sorted(set(words)))


def _require_once(table: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f'two {table} are called "{twice[0]}"')
