"""`mcp-registry request`, `requests`, `approve`, `reject`, `revoke`, `block`, `unblock`, `blocks`."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape

from registry.catalog.approval import State
from registry.cli.choosing import chosen_teams, expires_option, expiry, json_option, named, reason_option, team_options
from registry.cli.governing_desk import GoverningDesk, governing_desk
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.target import target, target_options
from registry.governing.decisions import (
    ApproveRequest,
    ApproveServer,
    Ask,
    BlockServer,
    RejectRequest,
    RevokeApproval,
    RevokeGrant,
    UnblockServer,
)
from registry.governing.reports import ApprovalReport, BlockReport, GrantReport, Unblocked

APPROVAL, GRANT = "apr_", "grt_"


@click.command("request")
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
    _said(governing_desk(target(config, server)).decide(decision, ApprovalReport), as_json)


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
            _versions(each) if each.name else "-",
            _teams(each),
            each.requested_by,
            each.decided_by or "-",
            seconds(each.expires_at),
            each.reason or each.request,
        )
        shown.add_row(each.id, each.state, *map(escape, words))
    console().print(shown)


@click.command("approve")
@click.argument("what", metavar="ID|NAME")
@click.argument("versions", metavar="[VERSION]…", nargs=-1)
@target_options
@team_options
@reason_option
@expires_option
@json_option
def approve_command(
    what: str,
    versions: tuple[str, ...],
    config: Path | None,
    server: str | None,
    teams: tuple[str, ...],
    all_teams: bool,
    reason: str,
    expires_at: str | None,
    as_json: bool,
) -> None:
    """Approve a request, by its id or the beginning of it; or NAME, or some of its versions, without one.

    Without a request say for whom: --team TEAM, or --all-teams.
    """
    desk = governing_desk(target(config, server))
    decision = approving(desk, what, versions, teams, all_teams, reason, expires_at)
    _said(desk.decide(decision, ApprovalReport), as_json)


@click.command("reject")
@click.argument("approval", metavar="ID")
@target_options
@reason_option
@json_option
def reject_command(approval: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """Say no to a request, by its id or the beginning of it. Who asked is shown the reason."""
    desk = governing_desk(target(config, server))
    decision = RejectRequest(approval=_approval(desk, approval, State.REQUESTED), reason=reason)
    _said(desk.decide(decision, ApprovalReport), as_json)


@click.command("revoke")
@click.argument("what", metavar="ID")
@target_options
@reason_option
@json_option
def revoke_command(what: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """End an approval (apr_…) or a grant (grt_…), by its id or the beginning of it."""
    desk = governing_desk(target(config, server))
    decision = revoking(desk, what, reason)
    if isinstance(decision, RevokeApproval):
        _said(desk.decide(decision, ApprovalReport), as_json)
        return
    revoked = desk.decide(decision, GrantReport)
    if as_json:
        emit_json(revoked)
    else:
        click.echo(f"{revoked.id}: {revoked.team} may not read {revoked.pattern} by it any more")


@click.command("block")
@click.argument("name", metavar="NAME")
@click.argument("version", metavar="[VERSION]", required=False)
@target_options
@reason_option
@json_option
def block_command(
    name: str, version: str | None, config: Path | None, server: str | None, reason: str, as_json: bool
) -> None:
    """Show NAME, or one version of it, to nobody, whatever is approved and whatever comes."""
    decision = BlockServer(name=name, version=version, reason=reason)
    blocked = governing_desk(target(config, server)).decide(decision, BlockReport)
    if as_json:
        emit_json(blocked)
    else:
        click.echo(f"{_named(blocked.name, blocked.version)}: blocked for all teams")


@click.command("unblock")
@click.argument("name", metavar="NAME")
@click.argument("version", metavar="[VERSION]", required=False)
@target_options
@reason_option
@json_option
def unblock_command(
    name: str, version: str | None, config: Path | None, server: str | None, reason: str, as_json: bool
) -> None:
    """End a block. What is approved is seen again."""
    decision = UnblockServer(name=name, version=version, reason=reason)
    unblocked = governing_desk(target(config, server)).decide(decision, Unblocked)
    if as_json:
        emit_json(unblocked)
    else:
        click.echo(f"{_named(unblocked.name, unblocked.version)}: not blocked any more")


@click.command("blocks")
@target_options
@json_option
def blocks_command(config: Path | None, server: str | None, as_json: bool) -> None:
    """List what is blocked."""
    reports = governing_desk(target(config, server)).blocks()
    if as_json:
        emit_json(reports)
        return
    shown = table("Blocks", "server", "version", "since", "by", "reason")
    for each in reports:
        words = (each.name, each.version or "all", seconds(each.blocked_at), each.blocked_by, each.reason)
        shown.add_row(*map(escape, words))
    console().print(shown)


def approving(
    desk: GoverningDesk,
    what: str,
    versions: Sequence[str],
    teams: tuple[str, ...],
    all_teams: bool,
    reason: str,
    expires_at: str | None,
) -> ApproveRequest | ApproveServer:
    """The decision that `approve` names. Raises UsageError, NotFound, Invalid."""
    if what.startswith(APPROVAL):
        if versions or teams or all_teams:
            raise click.UsageError("a request says itself which versions it is about, and for whom")
        whole = _approval(desk, what, State.REQUESTED)
        return ApproveRequest(approval=whole, reason=reason, expires_at=expires_at)
    audience = chosen_teams(teams, all_teams)
    return ApproveServer(
        name=what, versions=tuple(versions) or None, teams=audience, reason=reason, expires_at=expires_at
    )


def revoking(desk: GoverningDesk, what: str, reason: str) -> RevokeApproval | RevokeGrant:
    """The decision that `revoke` names. Raises UsageError, NotFound, Invalid."""
    if what.startswith(GRANT):
        whole = named(what, GRANT, lambda: (each.id for each in desk.grants(None, ended=False)))
        return RevokeGrant(grant=whole, reason=reason)
    if what.startswith(APPROVAL):
        return RevokeApproval(approval=_approval(desk, what, State.APPROVED), reason=reason)
    raise click.UsageError("give the id of an approval (apr_…) or of a grant (grt_…)")


def _approval(desk: GoverningDesk, text: str, state: State) -> str:
    return named(text, APPROVAL, lambda: (each.id for each in desk.approvals(state, None)))


def _said(report: ApprovalReport, as_json: bool) -> None:
    if as_json:
        emit_json(report)
        return
    about = f"{report.name} {_versions(report)}" if report.name else "what a rule approved"
    waits = f"; {report.first_by} agreed, one more must" if report.first_by and report.state == State.REQUESTED else ""
    click.echo(f"{report.id}: {report.state}, {about}, for {_teams(report)}{waits}")


def _versions(report: ApprovalReport) -> str:
    return " ".join(dict.fromkeys(each.version for each in report.versions))


def _teams(report: ApprovalReport) -> str:
    return "all teams" if report.teams is None else " ".join(report.teams)


def _named(name: str, version: str | None) -> str:
    return name if version is None else f"{name}@{version}"
