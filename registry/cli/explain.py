"""`mcp-registry explain` and `preview`: why a team sees what it sees, and what a decision would change."""

from pathlib import Path

import click
from rich.markup import escape

from registry.catalog.compat import Compat
from registry.catalog.rule import Tolerance
from registry.catalog.standing import OnChange
from registry.cli.approvals import approving, revoking
from registry.cli.choosing import chosen_teams, conditions, json_option, team_options
from registry.cli.governing_desk import GoverningDesk, governing_desk
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.target import target, target_options
from registry.governing.decisions import BlockServer, GiveGrant, MakeRule, Previewed, SetDriftPolicy

_REASON = "a preview"


@click.command("explain")
@click.argument("name", metavar="NAME")
@target_options
@click.option("--team", metavar="TEAM", required=True, help="Whose view it is about.")
@click.option(
    "--compat",
    type=click.Choice([client.value for client in Compat]),
    help="Read at an address for this client; else what the team's lists are for.",
)
@json_option
def explain_command(
    name: str, config: Path | None, server: str | None, team: str, compat: str | None, as_json: bool
) -> None:
    """Why TEAM sees each version of NAME, or does not: by which rule, grant and approval."""
    profile = None if compat is None else Compat(compat)
    explained = governing_desk(target(config, server)).explain(team, name, profile)
    if as_json:
        emit_json(explained)
        return
    click.echo(explained.reason)
    if explained.ownership is not None:
        click.echo(f"answered by {explained.source or 'nobody'}: {explained.ownership}")
    if explained.resembles is not None:
        click.echo(f"looks like {explained.resembles}: held for review")
    if explained.versions:
        shown = table("", "version", "visible", "because", "until", "reason")
        for each in explained.versions:
            visible = "yes" if each.visible else "no"
            reason = each.reason if each.left_out is None else f"{each.reason}; {each.left_out}"
            shown.add_row(escape(each.version), visible, each.because, seconds(each.until), escape(reason))
        console().print(shown)
        for each in explained.versions:
            if each.overlays:
                click.echo(f"{each.version} is shown with {' '.join(each.overlays)}")
            for why in each.not_overlaid:
                click.echo(f"{each.version} is not shown otherwise at {why}")


@click.group("preview")
def preview_group() -> None:
    """What a decision would change, before it is made. Nothing is stored."""


@preview_group.command("grant")
@click.argument("team", metavar="TEAM")
@click.argument("pattern", metavar="PATTERN")
@target_options
@json_option
def preview_grant_command(team: str, pattern: str, config: Path | None, server: str | None, as_json: bool) -> None:
    """Giving TEAM a grant of PATTERN."""
    _show(governing_desk(target(config, server)), GiveGrant(team=team, pattern=pattern, reason=_REASON), as_json)


@preview_group.command("rule")
@click.argument("pattern", metavar="PATTERN")
@target_options
@team_options
@conditions
@json_option
def preview_rule_command(
    pattern: str,
    config: Path | None,
    server: str | None,
    teams: tuple[str, ...],
    all_teams: bool,
    max_severity: str | None,
    patches_only: bool,
    as_json: bool,
) -> None:
    """Approving what PATTERN covers by a rule."""
    decision = MakeRule(
        name=f"preview of {pattern}"[:100],
        pattern=pattern,
        teams=chosen_teams(teams, all_teams),
        reason=_REASON,
        max_severity=None if max_severity is None else Tolerance(max_severity),
        patches_only=patches_only,
    )
    _show(governing_desk(target(config, server)), decision, as_json)


@preview_group.command("drift")
@click.argument("pattern", metavar="PATTERN")
@click.argument("on_change", type=click.Choice([each.value for each in OnChange]))
@target_options
@json_option
def preview_drift_command(pattern: str, on_change: str, config: Path | None, server: str | None, as_json: bool) -> None:
    """Holding, withdrawing or following what changes of PATTERN."""
    decision = SetDriftPolicy(pattern=pattern, on_change=OnChange(on_change), reason=_REASON)
    _show(governing_desk(target(config, server)), decision, as_json)


@preview_group.command("approve")
@click.argument("what", metavar="ID|NAME")
@click.argument("versions", metavar="[VERSION]…", nargs=-1)
@target_options
@team_options
@json_option
def preview_approve_command(
    what: str,
    versions: tuple[str, ...],
    config: Path | None,
    server: str | None,
    teams: tuple[str, ...],
    all_teams: bool,
    as_json: bool,
) -> None:
    """Approving a request, or NAME without one."""
    desk = governing_desk(target(config, server))
    _show(desk, approving(desk, what, versions, teams, all_teams, _REASON, None), as_json)


@preview_group.command("revoke")
@click.argument("what", metavar="ID")
@target_options
@json_option
def preview_revoke_command(what: str, config: Path | None, server: str | None, as_json: bool) -> None:
    """Revoking an approval or a grant."""
    desk = governing_desk(target(config, server))
    _show(desk, revoking(desk, what, _REASON), as_json)


@preview_group.command("block")
@click.argument("name", metavar="NAME")
@click.argument("version", metavar="[VERSION]", required=False)
@target_options
@json_option
def preview_block_command(
    name: str, version: str | None, config: Path | None, server: str | None, as_json: bool
) -> None:
    """Blocking NAME, or one version of it."""
    decision = BlockServer(name=name, version=version, reason=_REASON)
    _show(governing_desk(target(config, server)), decision, as_json)


def _show(desk: GoverningDesk, decision: Previewed, as_json: bool) -> None:
    previewed = desk.preview(decision)
    if as_json:
        emit_json(previewed)
        return
    if not previewed.changes and not previewed.left_out:
        click.echo("no team would see anything else")
    if previewed.changes:
        shown = table("What would change", "team", "server", "gained", "lost", "other bytes", "latest")
        for each in previewed.changes:
            latest = f"{each.latest_before or '-'} → {each.latest_after or '-'}"
            lists = (each.gained, each.lost, each.changed)
            words = (each.name, *(" ".join(versions) or "-" for versions in lists), latest)
            shown.add_row(each.team, *map(escape, words))
        console().print(shown)
    if previewed.left_out:
        click.echo(f"{previewed.left_out} more of teams and names that you may not see", err=True)
    if not previewed.complete:
        click.echo(f"only the first {previewed.names} names were looked at; there are more", err=True)
