"""`mcp-registry set-status`: whether what was published is still meant to be used."""

from pathlib import Path
from typing import Final

import click
import msgspec

from registry.catalog.entry import ServerName, Status
from registry.cli.output import emit_json
from registry.cli.publishing_desk import item, publishing_desk
from registry.cli.target import target, target_options
from registry.cli.validation.finding import visible
from registry.commands.set_status import Wanted
from registry.errors import CallerFault, Invalid

LONGEST_MESSAGE: Final = 500
"""Characters (reference §1.5)."""


def _name(_: click.Context, __: click.Parameter, text: str) -> ServerName:
    try:
        return ServerName.parse(text)
    except Invalid as error:
        raise click.BadParameter(str(error)) from error


def _message(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    if text is None or text == "":
        return None
    if len(text) > LONGEST_MESSAGE:
        raise click.BadParameter(f"it has {len(text)} characters, and {LONGEST_MESSAGE} are the most")
    if not text.isprintable():
        raise click.BadParameter("it holds characters that cannot be shown; one line of text is expected")
    return text


@click.command("set-status")
@click.argument("name", callback=_name)
@click.argument("versions", nargs=-1, metavar="[VERSION]")
@click.argument("status", type=click.Choice([status.value for status in Status]))
@target_options
@click.option("--message", metavar="M", callback=_message, help="Why, or what to use instead; not for active.")
@click.option("--all-versions", is_flag=True, help="Every version that is published of NAME.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before all versions are set.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: what the API answers.")
def set_status_command(
    name: ServerName,
    versions: tuple[str, ...],
    status: str,
    config: Path | None,
    server: str | None,
    message: str | None,
    all_versions: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Set the status of one published version of NAME, or of all.

    A deleted version is not listed any more and cannot be published again; it can become active again. Setting a status
    without a message takes away the one that is there.

    Exits with 0 if it is set, with 1 if it is refused or nothing would change, and with 2 for what cannot be meant.
    """
    if all_versions and versions:
        raise click.UsageError("give a version or --all-versions, not both")
    if not all_versions and len(versions) != 1:
        raise click.UsageError("which version? give one, or --all-versions")
    wanted = Wanted(status=Status(status), message=message)
    if wanted.status is Status.ACTIVE and message is not None:
        raise click.UsageError("--message is for deprecated and deleted")
    desk = publishing_desk(target(config, server))
    if all_versions and not yes and not click.confirm(f"set every version of {name} to {status}?", err=True):
        click.echo("nothing was changed", err=True)
        raise SystemExit(1)
    what = str(name) if all_versions else f"{name}@{versions[0]}"
    try:
        if all_versions:
            count = desk.set_all_statuses(name, wanted, tell=_written if as_json else _kept_quiet)
            said = f"{what}: {'1 version is' if count == 1 else f'{count} versions are'} {status}"
        else:
            answer = desk.set_status(name, versions[0], wanted)
            told = item(answer)
            said = f"{told.name}@{told.version}: {told.status}"
            if as_json:
                emit_json(msgspec.Raw(answer))
    except CallerFault as refused:
        click.echo(visible(f"mcp-registry: cannot set the status of {what}: {refused}"), err=True)
        raise SystemExit(1) from refused
    if not as_json:
        click.echo(visible(said if message is None else f"{said} ({message})"))


def _written(part: bytes) -> None:
    click.echo(part, nl=False)


def _kept_quiet(_: bytes) -> None:
    pass
