"""`mcp-registry approve`, `reject`, `revoke`, `block`, `unblock`, `blocks`."""

from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape

from registry.catalog.approval import State
from registry.cli.choosing import chosen_teams, expires_option, json_option, named, reason_option, team_options
from registry.cli.governing_desk import GoverningDesk, governing_desk
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.target import target, target_options
from registry.governing.decisions import (
    ApproveRequest,
    ApproveServer,
    BlockServer,
    DecideMany,
    RejectRequest,
    RevokeApproval,
    RevokeGrant,
    UnblockServer,
    Verdict,
)
from registry.governing.reports import ApprovalReport, BlockReport, DecidedReport, GrantReport, Unblocked

APPROVAL, GRANT = "apr_", "grt_"


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

    Without a request say for whom: --team TEAM, or --all-teams. Several requests are approved at once, or none is:
    mcp-registry approve ID ID…
    """
    desk = governing_desk(target(config, server))
    if what.startswith(APPROVAL) and versions and not (teams or all_teams):
        _decide_many(desk, Verdict.APPROVE, (what, *versions), State.REQUESTED, reason, as_json, expires_at)
        return
    decision = approving(desk, what, versions, teams, all_teams, reason, expires_at)
    said(desk.decide(decision, ApprovalReport), as_json)


@click.command("reject")
@click.argument("approvals", metavar="ID…", nargs=-1, required=True)
@target_options
@reason_option
@json_option
def reject_command(
    approvals: tuple[str, ...], config: Path | None, server: str | None, reason: str, as_json: bool
) -> None:
    """Say no to a request, by its id or the beginning of it, or to several at once. Who asked is shown the reason."""
    desk = governing_desk(target(config, server))
    if len(approvals) > 1:
        _decide_many(desk, Verdict.REJECT, approvals, State.REQUESTED, reason, as_json)
        return
    decision = RejectRequest(approval=approval_named(desk, approvals[0], State.REQUESTED), reason=reason)
    said(desk.decide(decision, ApprovalReport), as_json)


@click.command("revoke")
@click.argument("what", metavar="ID…", nargs=-1, required=True)
@target_options
@reason_option
@json_option
def revoke_command(what: tuple[str, ...], config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """End an approval (apr_…) or a grant (grt_…), by its id or the beginning of it; several approvals at once."""
    desk = governing_desk(target(config, server))
    if len(what) > 1:
        _decide_many(desk, Verdict.REVOKE, what, State.APPROVED, reason, as_json)
        return
    decision = revoking(desk, what[0], reason)
    if isinstance(decision, RevokeApproval):
        said(desk.decide(decision, ApprovalReport), as_json)
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
        whole = approval_named(desk, what, State.REQUESTED)
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
        return RevokeApproval(approval=approval_named(desk, what, State.APPROVED), reason=reason)
    raise click.UsageError("give the id of an approval (apr_…) or of a grant (grt_…)")


def approval_named(desk: GoverningDesk, text: str, state: State | None) -> str:
    """The id that *text* is, or begins, of an approval in that state. Raises UsageError, NotFound, Invalid."""
    if not text.startswith(APPROVAL):
        raise click.UsageError(f"{text} is not the id of an approval or a request (apr_…)")
    return named(text, APPROVAL, lambda: (each.id for each in desk.approvals(state, None)))


def said(report: ApprovalReport, as_json: bool) -> None:
    """Tell what became of it."""
    if as_json:
        emit_json(report)
    else:
        click.echo(in_a_line(report))


def in_a_line(report: ApprovalReport) -> str:
    """What it is, about what, and for whom."""
    about = f"{report.name} {versions_of(report)}" if report.name else "what a rule approved"
    waits = f"; {report.first_by} agreed, one more must" if report.first_by and report.state == State.REQUESTED else ""
    return f"{report.id}: {report.state}, {about}, for {teams_of(report)}{waits}"


def versions_of(report: ApprovalReport) -> str:
    """Those it names."""
    return " ".join(dict.fromkeys(each.version for each in report.versions))


def teams_of(report: ApprovalReport) -> str:
    """Those it is for."""
    return "all teams" if report.teams is None else " ".join(report.teams)


def _decide_many(
    desk: GoverningDesk,
    verdict: Verdict,
    texts: Sequence[str],
    state: State,
    reason: str,
    as_json: bool,
    expires_at: str | None = None,
) -> None:
    ids = tuple(dict.fromkeys(approval_named(desk, text, state) for text in texts))
    decision = DecideMany(verdict=verdict, approvals=ids, reason=reason, expires_at=expires_at)
    decided = desk.decide(decision, DecidedReport)
    if as_json:
        emit_json(decided.items)
        return
    for each in decided.items:
        click.echo(in_a_line(each))


def _named(name: str, version: str | None) -> str:
    return name if version is None else f"{name}@{version}"
