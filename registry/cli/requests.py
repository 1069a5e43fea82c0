"""`mcp-registry request`, which asks unless told otherwise, and `requests`: what is asked for, and said about it."""

from pathlib import Path

import click
from rich.markup import escape

from registry.catalog.approval import State
from registry.cli.approvals import approval_named, in_a_line, said, teams_of, versions_of
from registry.cli.choosing import expires_option, expiry, json_option, reason_option
from registry.cli.governing_desk import governing_desk
from registry.cli.output import console, emit_json, plain, seconds, table
from registry.cli.target import target, target_options
from registry.governing.decisions import Ask, Say
from registry.governing.reports import ApprovalReport, CommentReport


class _Asking(click.Group):
    """What is no command of the group is what is asked for: `request com.acme/payroll` files a request."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["file", *args]
        return super().parse_args(ctx, args)


@click.group("request", cls=_Asking)
def request_group() -> None:
    """Ask for a server to be approved, and see what became of it.

    mcp-registry request NAME [VERSION]… is short for request file.
    """


@request_group.command("file")
@click.argument("name", metavar="NAME")
@click.argument("versions", metavar="[VERSION]…", nargs=-1)
@target_options
@click.option("--team", "teams", metavar="TEAM", multiple=True, required=True, help="Who needs it; may be repeated.")
@reason_option
@expires_option
@json_option
def request_command(
    name: str,
    versions: tuple[str, ...],
    config: Path | None,
    server: str | None,
    teams: tuple[str, ...],
    reason: str,
    expires_at: str | None,
    as_json: bool,
) -> None:
    """Ask for NAME, or some of its versions, to be approved: those that exist now."""
    decision = Ask(name=name, versions=versions or None, teams=teams, reason=reason, expires_at=expires_at)
    said(governing_desk(target(config, server)).decide(decision, ApprovalReport), as_json)


@request_group.command("show")
@click.argument("approval", metavar="ID")
@target_options
@json_option
def show_command(approval: str, config: Path | None, server: str | None, as_json: bool) -> None:
    """Show a request or an approval, by its id or the beginning of it: bytes, what changed, and what was said."""
    desk = governing_desk(target(config, server))
    report = desk.approval(approval_named(desk, approval, None))
    if as_json:
        emit_json(report)
        return
    click.echo(in_a_line(report))
    for each in report.versions:
        click.echo(f"  {each.name} {each.version} {each.digest}")
    click.echo(f"asked {seconds(report.requested_at)} by {plain(report.requested_by)}: {plain(report.request)}")
    if report.draft is not None:
        click.echo(f"changed under {report.draft.beside}: {', '.join(report.draft.classes)}")
        for place in report.draft.places:
            click.echo(f"  {place}")
        if report.draft.more:
            click.echo(f"  and {report.draft.more} more")
    for comment in report.comments:
        click.echo(f"{seconds(comment.said_at)} {plain(comment.said_by)}: {plain(comment.text)}")
    if report.decided_at is not None:
        who, why = plain(report.decided_by or ""), plain(report.reason or "")
        click.echo(f"{report.state} {seconds(report.decided_at)} by {who}: {why}")
    if report.expires_at is not None:
        click.echo(f"ends {seconds(report.expires_at)}")


@request_group.command("comment")
@click.argument("approval", metavar="ID")
@click.argument("text", metavar="TEXT")
@target_options
@json_option
def comment_command(approval: str, text: str, config: Path | None, server: str | None, as_json: bool) -> None:
    """Say TEXT about a request, by its whole id; who asked and who decides see it."""
    comment = governing_desk(target(config, server)).decide(Say(approval=approval, text=text), CommentReport)
    if as_json:
        emit_json(comment)
    else:
        click.echo(f"{comment.id}: said about {approval}")


@click.command("requests")
@target_options
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in State), "any"]),
    default=State.REQUESTED.value,
    show_default=True,
    help="Those in this state.",
)
@click.option("--name", metavar="NAME", help="Only about this server.")
@click.option(
    "--expiring",
    "ends",
    metavar="DURATION",
    callback=expiry,
    help="Only those in force that end by themselves within it, such as 30d.",
)
@json_option
def requests_command(
    config: Path | None, server: str | None, state: str, name: str | None, ends: str | None, as_json: bool
) -> None:
    """List what waits for a decision, or was decided, newest first."""
    wanted = None if state == "any" or ends is not None else State(state)
    reports = governing_desk(target(config, server)).approvals(wanted, name, ends)
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("nothing waits for a decision" if wanted is State.REQUESTED else "there are none")
        return
    shown = table(
        "Approvals", "approval", "state", "server", "versions", "teams", "asked by", "decided by", "ends", "why"
    )
    for each in reports:
        words = (
            each.name or "(by a rule)",
            versions_of(each) if each.name else "-",
            teams_of(each),
            each.requested_by,
            each.decided_by or "-",
            seconds(each.expires_at),
            each.reason or each.request,
        )
        shown.add_row(each.id, each.state, *map(escape, words))
    console().print(shown)
