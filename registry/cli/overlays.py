"""`mcp-registry overlay`: what teams are shown of documents otherwise than their source has it."""

from pathlib import Path

import click
from rich.markup import escape

from registry.catalog.changes import Changes, Icon, PackageRewrite, RemoteRewrite
from registry.cli.choosing import chosen_teams, json_option, named, note_file, reason_option, team_options
from registry.cli.governing_desk import governing_desk
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.target import target, target_options
from registry.governing.decisions import RemoveOverlay, SetOverlay
from registry.governing.reports import OverlayReport

_PAIRS = "FROM TO"


@click.group("overlay")
def overlay_group() -> None:
    """Overlays: packages from your mirrors, remotes through your gateway, titles, icons and categories of your own.

    What was approved, and its digest, stay those of the document as its source sent it.
    """


@overlay_group.command("set")
@click.argument("name", metavar="NAME")
@click.argument("pattern", metavar="PATTERN")
@target_options
@team_options
@reason_option
@click.option("--title", metavar="TEXT", help="The title that is shown.")
@click.option("--icon", "icons", metavar="URL", multiple=True, help="An icon, over https; may be repeated.")
@click.option("--category", "categories", metavar="WORD", multiple=True, help="May be repeated.")
@click.option(
    "--index",
    "indexes",
    metavar="TYPE URL",
    nargs=2,
    multiple=True,
    help="Where packages of a registry type come from: npm https://npm.acme.example.",
)
@click.option(
    "--packages",
    metavar=_PAIRS,
    nargs=2,
    multiple=True,
    help="The beginning of package addresses, and what stands there instead: docker.io mirror.acme.example/hub.",
)
@click.option("--gateway", metavar="URL", help="Where all remotes are reached; {name} and {team} are filled in.")
@click.option(
    "--remotes",
    metavar=_PAIRS,
    nargs=2,
    multiple=True,
    help="The beginning of remote addresses, and what stands there instead.",
)
@json_option
def set_overlay_command(
    name: str,
    pattern: str,
    config: Path | None,
    server: str | None,
    teams: tuple[str, ...],
    all_teams: bool,
    reason: str,
    title: str | None,
    icons: tuple[str, ...],
    categories: tuple[str, ...],
    indexes: tuple[tuple[str, str], ...],
    packages: tuple[tuple[str, str], ...],
    gateway: str | None,
    remotes: tuple[tuple[str, str], ...],
    as_json: bool,
) -> None:
    """Show what PATTERN covers otherwise. What is called NAME and in force is replaced."""
    chosen = target(config, server)
    of_gateway = () if gateway is None else (RemoteRewrite(to=gateway),)
    changes = Changes(
        title=title,
        icons=tuple(Icon(src=each) for each in icons) or None,
        categories=categories,
        packages=(
            *(PackageRewrite(prefix=prefix, to=to) for prefix, to in packages),
            *(PackageRewrite(registry_type=kind, to=to) for kind, to in indexes),
        ),
        remotes=(*(RemoteRewrite(prefix=prefix, to=to) for prefix, to in remotes), *of_gateway),
    )
    decision = SetOverlay(
        name=name, pattern=pattern, teams=chosen_teams(teams, all_teams), changes=changes, reason=reason
    )
    made = governing_desk(chosen).decide(decision, OverlayReport)
    note_file(chosen)
    if as_json:
        emit_json(made)
    else:
        click.echo(f"{made.id}: {made.pattern} is shown with it")


@overlay_group.command("list")
@target_options
@click.option("--all", "ended", is_flag=True, help="Also those that are over.")
@json_option
def list_overlays_command(config: Path | None, server: str | None, ended: bool, as_json: bool) -> None:
    """List overlays, oldest first."""
    reports = governing_desk(target(config, server)).overlays(ended=ended)
    if as_json:
        emit_json(reports)
        return
    shown = table("Overlays", "overlay", "state", "name", "pattern", "teams", "changes", "made", "by", "reason")
    for each in reports:
        teams = "all" if each.teams is None else " ".join(each.teams)
        words = (each.name, each.pattern, teams, _words(each.changes), seconds(each.made_at), each.made_by, each.reason)
        shown.add_row(each.id, each.state, *map(escape, words))
    console().print(shown)


@overlay_group.command("remove")
@click.argument("overlay", metavar="ID")
@target_options
@reason_option
@json_option
def remove_overlay_command(overlay: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """Show what an overlay covers as its source has it again."""
    chosen = target(config, server)
    desk = governing_desk(chosen)
    whole = named(overlay, "ovl_", lambda: (each.id for each in desk.overlays(ended=False)))
    ended = desk.decide(RemoveOverlay(overlay=whole, reason=reason), OverlayReport)
    note_file(chosen)
    if as_json:
        emit_json(ended)
    else:
        click.echo(f"{ended.id}: over")


def _words(changes: Changes) -> str:
    said = [] if changes.title is None else [f"title {changes.title}"]
    if changes.icons is not None:
        said.append(f"{len(changes.icons)} icons")
    if changes.categories:
        said.append(f"categories {' '.join(changes.categories)}")
    for package in changes.packages:
        which = " ".join(each for each in (package.registry_type, package.prefix) if each is not None)
        said.append(f"{which} → {package.to}")
    said += [f"{remote.prefix or 'remotes'} → {remote.to}" for remote in changes.remotes]
    return "; ".join(said)
