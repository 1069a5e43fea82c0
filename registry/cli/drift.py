"""`mcp-registry drift`: what happens to what is approved when its source changes it."""

from pathlib import Path

import click
from rich.markup import escape

from registry.catalog.standing import OnChange
from registry.cli.choosing import json_option, note_file, reason_option
from registry.cli.governing_desk import governing_desk
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.target import target, target_options
from registry.governing.decisions import EndDriftPolicy, SetDriftPolicy
from registry.governing.reports import DriftPolicyReport


@click.group("drift")
def drift_group() -> None:
    """Policies: what is served when a source changes a document under an approval."""


@drift_group.command("set")
@click.argument("pattern", metavar="PATTERN")
@click.argument("on_change", type=click.Choice([each.value for each in OnChange]))
@target_options
@reason_option
@json_option
def set_command(
    pattern: str, on_change: str, config: Path | None, server: str | None, reason: str, as_json: bool
) -> None:
    """Serve what was approved of PATTERN (hold), nothing (withdraw), or approve what it became (follow).

    Without a policy it is held. A request for the change appears either way. Of several patterns the longest holds;
    follow is not for every name.
    """
    chosen = target(config, server)
    decision = SetDriftPolicy(pattern=pattern, on_change=OnChange(on_change), reason=reason)
    made = governing_desk(chosen).decide(decision, DriftPolicyReport)
    note_file(chosen)
    if as_json:
        emit_json(made)
    else:
        click.echo(f"{made.pattern}: {made.on_change}")


@drift_group.command("list")
@target_options
@json_option
def list_command(config: Path | None, server: str | None, as_json: bool) -> None:
    """List the policies, by pattern."""
    reports = governing_desk(target(config, server)).drift_policies()
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("there are none: what is approved is held")
        return
    shown = table("Policies", "pattern", "on change", "since", "by", "reason")
    for each in reports:
        shown.add_row(each.pattern, each.on_change, seconds(each.made_at), *map(escape, (each.made_by, each.reason)))
    console().print(shown)


@drift_group.command("end")
@click.argument("pattern", metavar="PATTERN")
@target_options
@reason_option
@json_option
def end_command(pattern: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """End the policy for PATTERN. What was followed by it stays approved."""
    chosen = target(config, server)
    ended = governing_desk(chosen).decide(EndDriftPolicy(pattern=pattern, reason=reason), DriftPolicyReport)
    note_file(chosen)
    if as_json:
        emit_json(ended)
    else:
        click.echo(f"{ended.pattern}: {ended.on_change} no more")
