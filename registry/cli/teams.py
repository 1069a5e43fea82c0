"""`mcp-registry team`, `grant` and `rule`: who there is, what they may read, and what approves itself."""

from pathlib import Path
from typing import Final

import click
from msgspec import UNSET
from rich.markup import escape

from registry.catalog.compat import Compat
from registry.catalog.rule import Tolerance
from registry.cli.choosing import chosen_teams, conditions, json_option, named, note_file, reason_option, team_options
from registry.cli.governing_desk import governing_desk
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.target import target, target_options
from registry.governing.decisions import EditTeam, EndRule, GiveGrant, MakeRule, MakeTeam, RevokeGrant, TeamChanges
from registry.governing.reports import GrantReport, RuleReport, TeamReport

_COMPAT: Final = "Leave out of lists what this client cannot decode: one such entry empties its page."
_NONE: Final = "none"
_ENDED = click.option("--all", "ended", is_flag=True, help="Also those that are over.")


@click.group("team")
def team_group() -> None:
    """Teams: each sees what it was granted and somebody approved."""


@team_group.command("make")
@click.argument("name", metavar="TEAM")
@target_options
@click.option("--description", default="", help="Who that is, in words.")
@click.option("--compat", type=click.Choice([client.value for client in Compat]), help=_COMPAT)
@json_option
def make_team_command(
    name: str, config: Path | None, server: str | None, description: str, compat: str | None, as_json: bool
) -> None:
    """Make TEAM, or TEAM~ENVIRONMENT; it sees nothing yet."""
    chosen = target(config, server)
    profile = None if compat is None else Compat(compat)
    decision = MakeTeam(name=name, description=description, compat=profile)
    made = governing_desk(chosen).decide(decision, TeamReport)
    note_file(chosen)
    _said(made, f"made team {made.name}", as_json)


@team_group.command("edit")
@click.argument("name", metavar="TEAM")
@target_options
@click.option("--description", help="Who that is, in words.")
@click.option("--compat", type=click.Choice([*(client.value for client in Compat), _NONE]), help=_COMPAT)
@json_option
def edit_team_command(
    name: str,
    config: Path | None,
    server: str | None,
    description: str | None,
    compat: str | None,
    as_json: bool,
) -> None:
    """Change what is said of TEAM. What it may read stays."""
    if description is None and compat is None:
        raise click.UsageError("change what? give --description TEXT or --compat CLIENT")
    chosen = target(config, server)
    changes = TeamChanges(
        description=UNSET if description is None else description,
        compat=UNSET if compat is None else None if compat == _NONE else Compat(compat),
    )
    edited = governing_desk(chosen).decide(EditTeam(team=name, changes=changes), TeamReport)
    note_file(chosen)
    _said(edited, f"edited team {edited.name}", as_json)


@team_group.command("list")
@target_options
@json_option
def list_teams_command(config: Path | None, server: str | None, as_json: bool) -> None:
    """List the teams."""
    reports = governing_desk(target(config, server)).teams()
    if as_json:
        emit_json(reports)
        return
    shown = table("Teams", "team", "description", "compat", "made", "by")
    for each in reports:
        words = (each.description or "-", each.compat or "-", seconds(each.made_at), each.made_by)
        shown.add_row(each.name, *map(escape, words))
    console().print(shown)


@click.group("grant")
def grant_group() -> None:
    """Grants: what a team may read, as far as it is approved."""


@grant_group.command("give")
@click.argument("team", metavar="TEAM")
@click.argument("pattern", metavar="PATTERN")
@target_options
@reason_option
@click.option("--tool", "tools", metavar="TOOL", multiple=True, help="Only this tool; may be repeated.")
@json_option
def give_grant_command(
    team: str,
    pattern: str,
    config: Path | None,
    server: str | None,
    reason: str,
    tools: tuple[str, ...],
    as_json: bool,
) -> None:
    """Let TEAM read what PATTERN covers: com.acme/payroll, com.acme/*, com.acme.* or *."""
    chosen = target(config, server)
    decision = GiveGrant(team=team, pattern=pattern, reason=reason, tools=tools or None)
    given = governing_desk(chosen).decide(decision, GrantReport)
    note_file(chosen)
    _said(given, f"{given.id}: {given.team} may read {given.pattern}", as_json)


@grant_group.command("list")
@target_options
@click.option("--team", metavar="TEAM", help="Only those of this team.")
@_ENDED
@json_option
def list_grants_command(config: Path | None, server: str | None, team: str | None, ended: bool, as_json: bool) -> None:
    """List grants, oldest first."""
    reports = governing_desk(target(config, server)).grants(team, ended=ended)
    if as_json:
        emit_json(reports)
        return
    shown = table("Grants", "grant", "state", "team", "pattern", "tools", "given", "by", "reason")
    for each in reports:
        tools = "all" if each.tools is None else " ".join(each.tools) or "none"
        words = (each.pattern, tools, seconds(each.granted_at), each.granted_by, each.reason)
        shown.add_row(each.id, each.state, each.team, *map(escape, words))
    console().print(shown)


@grant_group.command("revoke")
@click.argument("grant", metavar="ID")
@target_options
@reason_option
@json_option
def revoke_grant_command(grant: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """Take a grant back, by its id or the beginning of it."""
    chosen = target(config, server)
    desk = governing_desk(chosen)
    whole = named(grant, "grt_", lambda: (each.id for each in desk.grants(None, ended=False)))
    revoked = desk.decide(RevokeGrant(grant=whole, reason=reason), GrantReport)
    note_file(chosen)
    _said(revoked, f"{revoked.id}: {revoked.team} may not read {revoked.pattern} by it any more", as_json)


@click.group("rule")
def rule_group() -> None:
    """Rules: what is approved as it comes, without a person."""


@rule_group.command("make")
@click.argument("name", metavar="NAME")
@click.argument("pattern", metavar="PATTERN")
@target_options
@team_options
@conditions
@click.option("--without-cool-off", is_flag=True, help="New versions are seen at once.")
@reason_option
@json_option
def make_rule_command(
    name: str,
    pattern: str,
    config: Path | None,
    server: str | None,
    teams: tuple[str, ...],
    all_teams: bool,
    max_severity: str | None,
    patches_only: bool,
    without_cool_off: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Approve what PATTERN covers, what is there and what comes. NAME says what the rule is called.

    Of two conditions both must hold.
    """
    chosen = target(config, server)
    decision = MakeRule(
        name=name,
        pattern=pattern,
        teams=chosen_teams(teams, all_teams),
        reason=reason,
        max_severity=None if max_severity is None else Tolerance(max_severity),
        patches_only=patches_only,
        without_cool_off=without_cool_off,
    )
    made = governing_desk(chosen).decide(decision, RuleReport)
    note_file(chosen)
    _said(made, f"{made.id}: approves {made.pattern}", as_json)


@rule_group.command("list")
@target_options
@_ENDED
@json_option
def list_rules_command(config: Path | None, server: str | None, ended: bool, as_json: bool) -> None:
    """List rules, oldest first."""
    reports = governing_desk(target(config, server)).rules(ended=ended)
    if as_json:
        emit_json(reports)
        return
    shown = table("Rules", "rule", "state", "name", "pattern", "teams", "if", "approval", "made", "by", "reason")
    for each in reports:
        teams = "all" if each.teams is None else " ".join(each.teams)
        words = (
            each.name,
            each.pattern,
            teams,
            _conditions(each),
            each.approval,
            seconds(each.made_at),
            each.made_by,
            each.reason,
        )
        shown.add_row(each.id, each.state, *map(escape, words))
    console().print(shown)


@rule_group.command("end")
@click.argument("rule", metavar="ID")
@target_options
@reason_option
@json_option
def end_rule_command(rule: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """Let a rule approve nothing more. What it approved stays, until its approval is revoked."""
    chosen = target(config, server)
    desk = governing_desk(chosen)
    whole = named(rule, "rule_", lambda: (each.id for each in desk.rules(ended=False)))
    ended = desk.decide(EndRule(rule=whole, reason=reason), RuleReport)
    note_file(chosen)
    _said(ended, f"{ended.id}: ended; what it approved stays approved until {ended.approval} is revoked", as_json)


def _conditions(rule: RuleReport) -> str:
    findings = "" if rule.max_severity is None else f"findings: {rule.max_severity} at worst"
    conditions = "a patch" if rule.patches_only else "", findings, "at once" if rule.without_cool_off else ""
    return ", ".join(filter(None, conditions)) or "-"


def _said(report: object, words: str, as_json: bool) -> None:
    if as_json:
        emit_json(report)
    else:
        click.echo(words)
