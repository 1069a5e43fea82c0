"""`mcp-registry publish`: a manifest into the registry."""

from pathlib import Path
from typing import NoReturn

import click
import msgspec

from registry.cli.output import emit_json
from registry.cli.publishing_desk import item, publishing_desk
from registry.cli.target import target, target_options
from registry.cli.validation.as_json import as_json as report_as_json
from registry.cli.validation.as_text import as_text
from registry.cli.validation.finding import Report, visible
from registry.cli.validation.judging import checked, issues_in
from registry.cli.validation.sources import read, shown
from registry.errors import CallerFault, InvalidManifest
from registry.publishing import Manifest
from schemas.validation import engine
from schemas.validation.body import body_failures
from schemas.validation.issue import Issue, Severity


@click.command("publish")
@click.argument("file", default="server.json", metavar="[FILE]")
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON: what the API answers, or what was found.")
def publish_command(file: str, config: Path | None, server: str | None, as_json: bool) -> None:
    """Publish the manifest FILE, ./server.json unless given; - is standard input.

    It is stored as it is, byte for byte. A version is published once, whatever becomes of it.

    Exits with 0 if it is published, with 1 if it is refused, and with 2 if it cannot be read or nothing says where.
    What is wrong with the manifest is told as `mcp-registry validate` tells it.
    """
    desk = publishing_desk(target(config, server))
    try:
        document = read(file)
    except OSError as error:
        click.echo(f"mcp-registry: {shown(file)} cannot be read: {(error.strerror or str(error)).lower()}", err=True)
        raise SystemExit(2) from error
    members = engine.read(document)
    if isinstance(members, Issue) or body_failures(members):
        _found(file, document, issues_in(document), as_json=as_json)
    manifest = Manifest(document=document, members=members)
    try:
        answer = desk.publish(manifest)
    except InvalidManifest as refused:
        _found(file, document, desk.verdict(document), as_json=as_json, refusal=str(refused))
    except CallerFault as refused:
        _refused(manifest, str(refused))
    if as_json:
        emit_json(msgspec.Raw(answer))
        return
    told = item(answer)
    latest = ", the latest version" if told.latest else ", not the latest version"
    click.echo(visible(f"{told.name}@{told.version}: published{latest}"))


def _found(file: str, document: bytes, issues: list[Issue], *, as_json: bool, refusal: str = "") -> NoReturn:
    """
    End with what is wrong with the manifest.

    Args:
        refusal: The words of whoever refused it.
    """
    report = Report(checked=[checked(file, document, issues)], unreadable=[], fail_on=Severity.ERROR)
    click.echo(report_as_json(report) if as_json else as_text(report))
    click.echo(visible(f"mcp-registry: {shown(file)} is not published{refusal and ': '}{refusal}"), err=True)
    raise SystemExit(1)


def _refused(manifest: Manifest, why: str) -> NoReturn:
    click.echo(visible(f"mcp-registry: cannot publish {manifest.name}@{manifest.version}: {why}"), err=True)
    raise SystemExit(1)
