"""`mcp-registry capability`: addresses of a team's view for clients that can send no token."""

import getpass
import re
from pathlib import Path
from typing import Final

import click
from rich.markup import escape

from registry.auth.capability_listing import CapabilityReport
from registry.catalog.compat import Compat
from registry.catalog.team import parse_team
from registry.cli.capability_desk import NewCapability, capability_desk
from registry.cli.lifetime import NEVER, lifetime_s, overlap_s
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.target import target, target_options
from registry.errors import Invalid

_ID: Final = re.compile(r"cap_[0-9a-z]{26}", re.ASCII)


def _named(_: click.Context, __: click.Parameter, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Ids. What is none is not repeated: it may be an address that was pasted."""
    if any(_ID.fullmatch(each) is None for each in ([given] if isinstance(given, str) else given)):
        raise Invalid("that names no capability; expected its id, cap_ and 26 characters, as list shows it")
    return given


@click.group("capability")
def capability_group() -> None:
    """Capability addresses: whoever has one reads a team's view with it, and does nothing else."""


@capability_group.command("create")
@target_options
@click.option("--team", required=True, metavar="TEAM[~ENV]", help="Whose view it reads.")
@click.option("--label", default="", help="What it is for, in words.")
@click.option("--owner", metavar="SUBJECT", help="Who answers for it; the local user unless stated.")
@click.option(
    "--network",
    "networks",
    metavar="CIDR",
    multiple=True,
    help="From where it may be used, such as 10.0.0.0/8; may be repeated. From anywhere unless stated.",
)
@click.option(
    "--compat",
    type=click.Choice([client.value for client in Compat]),
    help="Leave out of lists what this client cannot decode: one such entry empties the page.",
)
@click.option(
    "--expires",
    "lifetime",
    metavar="DURATION",
    default="365d",
    show_default=True,
    callback=lifetime_s,
    help="Such as 90d or 12h, or never.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create_command(
    config: Path | None,
    server: str | None,
    team: str,
    label: str,
    owner: str | None,
    networks: tuple[str, ...],
    compat: str | None,
    lifetime: int | None,
    as_json: bool,
) -> None:
    """Issue an address, and print it once, as a client is configured with it: nothing shows it again."""
    desk = capability_desk(target(config, server))
    issued = desk.issue(
        NewCapability(
            team=parse_team(team),
            owner=getpass.getuser() if owner is None else owner,
            label=label,
            networks=networks,
            expires_in_s=lifetime,
            compat=None if compat is None else Compat(compat),
        )
    )
    _note(f"{issued.id} reads the view of {issued.team}{_from(issued)}; expires {_expiry(issued)}")
    if as_json:
        emit_json(issued)
    else:
        click.echo(issued.url)


@capability_group.command("list")
@target_options
@click.option("--team", metavar="TEAM[~ENV]", help="Only those of this team.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(config: Path | None, server: str | None, team: str | None, as_json: bool) -> None:
    """List capability addresses without their secrets, newest first, also those that are expired or revoked."""
    reports = capability_desk(target(config, server)).listed(team)
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("there are no capability addresses")
        return
    shown = table("Capability addresses", "id", "state", "team", "owner", "networks", "expires", "label")
    for each in reports:
        words = (each.owner, " ".join(each.networks) or "-")
        shown.add_row(each.id, each.state, each.team, *map(escape, words), _expiry(each), escape(each.label) or "-")
    console().print(shown)


@capability_group.command("rotate")
@click.argument("capability", metavar="ID", callback=_named)
@target_options
@click.option(
    "--overlap",
    metavar="DURATION",
    default="7d",
    show_default=True,
    callback=overlap_s,
    help="How long the old address stays good, such as 7d or 12h; 0 for not at all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rotate_command(config: Path | None, server: str | None, capability: str, overlap: int, as_json: bool) -> None:
    """Issue an address in the place of another, which ends after the overlap, and print it once.

    Team, owner, label, networks and lifetime stay.
    """
    issued = capability_desk(target(config, server)).rotate(capability, overlap)
    assert issued.replaces is not None
    _note(f"{issued.id} takes the place of {capability}, which ends {_expiry(issued.replaces)}")
    if as_json:
        emit_json(issued)
    else:
        click.echo(issued.url)


@capability_group.command("revoke")
@click.argument("capabilities", metavar="ID…", nargs=-1, required=True, callback=_named)
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoke_command(config: Path | None, server: str | None, capabilities: tuple[str, ...], as_json: bool) -> None:
    """Revoke capability addresses.

    It is in force, in every worker of a running server, when the command ends. Exits with 1 if there was none of a
    given id; the others are revoked all the same.
    """
    desk = capability_desk(target(config, server))
    outcomes = {each: desk.revoke(each) for each in capabilities}
    reports = [report for report in outcomes.values() if report is not None]
    if as_json:
        emit_json(reports)
    else:
        for report in reports:
            click.echo(f"{report.id} of {report.team}: revoked")
    absent = [each for each, report in outcomes.items() if report is None]
    for missing in absent:
        click.echo(f"mcp-registry: there is no capability {missing}", err=True)
    if absent:
        raise SystemExit(1)


def _expiry(report: CapabilityReport) -> str:
    return NEVER if report.expires_at is None else seconds(report.expires_at)


def _from(report: CapabilityReport) -> str:
    return f" from {', '.join(report.networks)}" if report.networks else ""


def _note(text: str) -> None:
    click.echo(text, err=True)
