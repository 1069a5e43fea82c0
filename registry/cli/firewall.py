"""`mcp-registry cool-offs`, `waive`, `look-alikes`, `release`, `offers`, `assign`: what is held back or refused."""

from pathlib import Path

import click
from rich.markup import escape

from registry.cli.choosing import json_option, reason_option
from registry.cli.governing_desk import governing_desk
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.target import target, target_options
from registry.governing.decisions import AssignName, ReleaseLookAlike, WaiveCoolOff
from registry.governing.firewall import LookAlikeReport, OfferReport, WaivedReport


@click.command("cool-offs")
@target_options
@json_option
def cool_offs_command(config: Path | None, server: str | None, as_json: bool) -> None:
    """List new versions that no view shows yet, and until when."""
    reports = governing_desk(target(config, server)).cool_offs()
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("no version is in its cool-off")
        return
    shown = table("Cool-off", "server", "version", "source", "until")
    for each in reports:
        shown.add_row(*map(escape, (each.name, each.version, each.source, seconds(each.until))))
    console().print(shown)


@click.command("waive")
@click.argument("name", metavar="NAME")
@click.argument("version", metavar="[VERSION]", required=False)
@target_options
@reason_option
@json_option
def waive_command(
    name: str, version: str | None, config: Path | None, server: str | None, reason: str, as_json: bool
) -> None:
    """Do not wait for the cool-off of VERSION, or of all versions of NAME that are in one."""
    decision = WaiveCoolOff(name=name, version=version, reason=reason)
    waived = governing_desk(target(config, server)).decide(decision, WaivedReport)
    if as_json:
        emit_json(waived)
    else:
        click.echo(f"{waived.name} {' '.join(waived.versions)}: nobody waits for the cool-off any more")


@click.command("look-alikes")
@target_options
@click.option("--all", "ended", is_flag=True, help="Also those that were released.")
@json_option
def look_alikes_command(config: Path | None, server: str | None, ended: bool, as_json: bool) -> None:
    """List names that are held because they look like an approved or a claimed one."""
    reports = governing_desk(target(config, server)).look_alikes(ended=ended)
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("no name is held for what it looks like")
        return
    shown = table("Look-alikes", "server", "state", "looks like", "how", "since", "released by", "reason")
    for each in reports:
        words = (
            each.resembles or "-",
            each.likeness,
            seconds(each.found_at),
            each.released_by or "-",
            each.reason or "-",
        )
        shown.add_row(escape(each.name), each.state, *map(escape, words))
    console().print(shown)


@click.command("release")
@click.argument("name", metavar="NAME")
@target_options
@reason_option
@json_option
def release_command(name: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """Do not hold NAME any more for what it looks like. What is approved of it is seen."""
    decision = ReleaseLookAlike(name=name, reason=reason)
    released = governing_desk(target(config, server)).decide(decision, LookAlikeReport)
    if as_json:
        emit_json(released)
    else:
        click.echo(f"{released.name}: not held any more for looking like {released.resembles or 'another'}")


@click.command("offers")
@target_options
@click.option("--all", "ended", is_flag=True, help="Also those that were decided about.")
@json_option
def offers_command(config: Path | None, server: str | None, ended: bool, as_json: bool) -> None:
    """List names that one source has and another one answers for: they are refused until somebody decides."""
    reports = governing_desk(target(config, server)).offers(ended=ended)
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("no name is offered by two sources")
        return
    shown = table("Offers", "server", "offered by", "state", "answered by", "why", "since", "decided by", "reason")
    for each in reports:
        words = (each.ownership, seconds(each.first_at), each.decided_by or "-", each.reason or "-")
        shown.add_row(escape(each.name), each.source, each.state, each.owner or "nobody", *map(escape, words))
    console().print(shown)


@click.command("assign")
@click.argument("name", metavar="NAME")
@click.argument("source", metavar="SOURCE")
@target_options
@reason_option
@json_option
def assign_command(name: str, source: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """Let SOURCE answer for NAME from now on, whoever had it first. To leave it where it is, name that source."""
    decision = AssignName(name=name, source=source, reason=reason)
    assigned = governing_desk(target(config, server)).decide(decision, OfferReport)
    if as_json:
        emit_json(assigned)
    else:
        click.echo(f"{assigned.name}: answered by {assigned.owner}")
