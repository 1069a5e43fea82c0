"""`mcp-registry token`: tokens of ours, for people and for machines that send them as `Authorization: Bearer …`."""

from contextlib import ExitStack
from pathlib import Path

import click
from rich.markup import escape

from registry.auth.listing import IssuedToken, TokenReport
from registry.catalog.pattern import EVERY_NAME
from registry.cli.lifetime import NEVER, lifetime_s
from registry.cli.output import console, emit_json, seconds, table
from registry.cli.publisher_file import publisher_file, usual_path
from registry.cli.subject_desk import subject_desk
from registry.cli.target import operating_user, target, target_options
from registry.cli.token_desk import token_desk
from registry.errors import Invalid
from registry.policy.delegation import mandate
from registry.policy.principal import Role
from registry.policy.subject import of_others
from registry.policy.token import named_token, token_name


@click.group("token")
def token_group() -> None:
    """Tokens: who bears one acts as its owner, with its roles."""


@token_group.command("create")
@target_options
@click.option("--owner", metavar="SUBJECT", help="Who its bearer acts as; the local user unless stated.")
@click.option("--label", default="", help="What it is for, in words.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="May be repeated. No role implies another.",
)
@click.option("--team", "teams", metavar="TEAM", multiple=True, help="May be repeated; the first is the home team.")
@click.option(
    "--namespace",
    "namespaces",
    metavar="PATTERN",
    multiple=True,
    help="What publisher and admin are for, such as com.acme/* or com.acme.*; may be repeated.",
)
@click.option(
    "--expires",
    "lifetime_s",
    metavar="DURATION",
    default="90d",
    show_default=True,
    callback=lifetime_s,
    help="Such as 90d or 12h, or never.",
)
@click.option(
    "--publisher-file",
    "file",
    metavar="[PATH]",
    is_flag=False,
    flag_value="",
    help="Write the file that mcp-publisher reads its login from, instead of printing the token.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def create_command(
    config: Path | None,
    server: str | None,
    owner: str | None,
    label: str,
    roles: tuple[str, ...],
    teams: tuple[str, ...],
    namespaces: tuple[str, ...],
    lifetime_s: int | None,
    file: str | None,
    as_json: bool,
) -> None:
    """Issue a token, and print it once: nothing shows it again.

    The first administrator is made on the host: mcp-registry token create --config FILE --role admin
    """
    if not namespaces and Role.PUBLISHER in roles:
        raise click.UsageError("--role publisher needs --namespace, such as com.acme/*; '*' stands for every name")
    if not namespaces and Role.ADMIN in roles:
        namespaces = (EVERY_NAME,)
        _note("the role admin without --namespace is for every name: stored as *")
    if Role.READER in roles and not teams:
        _note("without --team it reads nothing: a reader reads the view of its home team")
    desk = token_desk(target(config, server))
    wanted = mandate(map(Role, roles), teams, namespaces)
    path = None if file is None else Path(file) if file else usual_path()
    with ExitStack() as stack:
        put = None if path is None else stack.enter_context(publisher_file(path))
        issued = desk.issue(owner if owner is not None else operating_user(), label, wanted, lifetime_s)
        if put is not None:
            try:
                put(issued.token, desk.registry)
            except OSError as error:
                raise Invalid(
                    f"{path} could not be written ({error.strerror}); revoke {issued.id}, nobody has it"
                ) from error
    _note(f"{issued.id} of {issued.owner}: {', '.join(issued.roles)}; expires {_expiry(issued)}")
    if path is not None:
        _note(f"{path} is written: mcp-publisher publishes to {desk.registry} with it")
        if Role.READER not in roles or not teams:
            _note("mcp-publisher status reads before it writes: for that the token needs --role reader and --team, too")
    if as_json:
        emit_json(issued if path is None else _without_token(issued))
    elif path is None:
        click.echo(issued.token)


@token_group.command("list")
@target_options
@click.option("--subject", metavar="SUBJECT", help="Only those of this owner.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(config: Path | None, server: str | None, subject: str | None, as_json: bool) -> None:
    """List tokens, newest first, also those that are expired or revoked."""
    reports = token_desk(target(config, server)).listed(subject)
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("there are no tokens")
        return
    shown = table("Tokens", "token", "state", "owner", "roles", "teams", "namespaces", "expires", "label")
    for each in reports:
        words = (each.owner, *(" ".join(part) or "-" for part in (each.roles, each.teams, each.namespaces)))
        shown.add_row(each.id, each.state, *map(escape, words), _expiry(each), escape(each.label) or "-")
    console().print(shown)


@token_group.command("revoke")
@click.argument("tokens", metavar="ID…", nargs=-1)
@target_options
@click.option(
    "--subject",
    metavar="SUBJECT",
    help="All tokens of this owner; and of one that an issuer or a login vouches for (acme:00u1), whatever these say.",
)
@click.option("--reason", default="", help="Why the subject is revoked, in words.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoke_command(
    tokens: tuple[str, ...], config: Path | None, server: str | None, subject: str | None, reason: str, as_json: bool
) -> None:
    """Revoke tokens, by the first 13 characters of each (mcpr_ab12cd34) or all of a subject.

    A subject of an issuer or a login stays refused, whatever tokens it comes with, until it is reinstated.

    It is in force, in every worker of a running server, when the command ends. Exits with 1 if there was none of a
    given id; the others are revoked all the same.
    """
    if bool(tokens) == (subject is not None):
        raise click.UsageError("give the ids of tokens, or --subject for all of an owner")
    named = [named_token(each) for each in tokens]
    chosen = target(config, server)
    desk = token_desk(chosen)
    reports = [] if subject is None else desk.revoke_of(subject)
    absent: list[str] = []
    for each in named:
        report = desk.revoke(each)
        if report is None:
            absent.append(token_name(each))
        else:
            reports.append(report)
    if as_json:
        emit_json(reports)
    else:
        for report in reports:
            click.echo(f"{report.id} of {report.owner}: revoked")
        if subject is not None and not reports:
            click.echo(f"{subject} has no token that is not revoked")
    if subject is not None and of_others(subject):
        revoked = subject_desk(chosen).revoke(subject, reason)
        _note(f"{revoked.subject}: refused until it is reinstated, whatever its issuer or login says")
    for missing in absent:
        click.echo(f"mcp-registry: there is no token {missing}", err=True)
    if absent:
        raise SystemExit(1)


@token_group.command("reinstate")
@click.argument("subject", metavar="SUBJECT")
@target_options
@click.option("--reason", default="", help="Why, in words.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def reinstate_command(subject: str, config: Path | None, server: str | None, reason: str, as_json: bool) -> None:
    """Take the revocation of a subject of an issuer or a login back.

    Whatever of its tokens has not expired is good again; tokens of this registry that were revoked stay so. Exits with
    1 if it is not revoked.
    """
    report = subject_desk(target(config, server)).reinstate(subject, reason)
    if report is None:
        click.echo(f"mcp-registry: {subject} is not revoked", err=True)
        raise SystemExit(1)
    if as_json:
        emit_json(report)
    else:
        click.echo(f"{report.subject}: reinstated")


@token_group.command("revoked")
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def revoked_command(config: Path | None, server: str | None, as_json: bool) -> None:
    """List the subjects of issuers and logins that are revoked."""
    reports = subject_desk(target(config, server)).revoked()
    if as_json:
        emit_json(reports)
        return
    if not reports:
        click.echo("no subject is revoked")
        return
    shown = table("Revoked subjects", "subject", "since", "by", "reason")
    for each in reports:
        shown.add_row(
            escape(each.subject), seconds(each.revoked_at), escape(each.revoked_by), escape(each.reason) or "-"
        )
    console().print(shown)


def _expiry(report: TokenReport) -> str:
    return NEVER if report.expires_at is None else seconds(report.expires_at)


def _without_token(issued: IssuedToken) -> TokenReport:
    return TokenReport(**{field: getattr(issued, field) for field in TokenReport.__struct_fields__})


def _note(text: str) -> None:
    click.echo(text, err=True)
