"""`mcp-registry doctor`: what a client would run into at an address, found out by asking what the client asks."""

import asyncio
import os
from pathlib import Path
from typing import Final

import click

from registry import RELEASE
from registry.cli.clients import copilot, docker, publisher, toolhive, vscode
from registry.cli.clients.address import examine_base
from registry.cli.clients.conversation import Conversation
from registry.cli.clients.diagnosis import Diagnosis, State
from registry.cli.output import emit_json
from registry.clock import SystemClock
from registry.egress.client import EgressClient, trust
from registry.policy.token import without_secrets

_CLIENTS: Final = ("vscode", "copilot-cli", "jetbrains", "xcode", "toolhive", "docker", "mcp-publisher")
_SENDS_TOKENS: Final = ("toolhive", "mcp-publisher")
_MARKS: Final = {State.PASSED: "ok  ", State.WARNED: "warn", State.FAILED: "FAIL"}


@click.command("doctor")
@click.argument("url", metavar="URL")
@click.option("--client", required=True, type=click.Choice(_CLIENTS), help="Whose requests are asked.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Certificates (PEM) to trust beside the usual ones.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor_command(url: str, client: str, ca_file: Path | None, as_json: bool) -> None:
    """Ask a running registry what a client asks it, and say what would fail there and how it is mended.

    URL is what the client is configured with: the root, a team's address, or a capability address. Clients that send a
    credential (toolhive, mcp-publisher) send MCP_REGISTRY_TOKEN. Exits with 1 if something fails.
    """
    diagnosis = Diagnosis()
    base = examine_base(url, client, diagnosis)
    if base is not None:
        asyncio.run(_examine(base, client, ca_file, diagnosis))
    if as_json:
        shown = without_secrets(url)
        emit_json({"client": client, "url": shown, "well": diagnosis.well, "checks": diagnosis.checks})
    else:
        for check in diagnosis.checks:
            click.echo(f"{_MARKS[check.state]}  {client} {check.what}: {check.said}")
            if check.mend:
                click.echo(f"      {check.mend}")
    if not diagnosis.well:
        raise SystemExit(1)


async def _examine(base: str, client: str, ca_file: Path | None, diagnosis: Diagnosis) -> None:
    clock = SystemClock()
    token = os.environ.get("MCP_REGISTRY_TOKEN") if client in _SENDS_TOKENS else None
    async with EgressClient(clock=clock, user_agent=f"mcp-registry/{RELEASE}", tls=trust(ca_file)) as asked:
        match client:
            case "vscode":
                await vscode.examine(Conversation(base, asked, headers=vscode.HEADERS), diagnosis)
            case "copilot-cli":
                await copilot.command_line(Conversation(base, asked, headers=copilot.ACCEPT), diagnosis)
            case "jetbrains":
                await copilot.jetbrains(Conversation(base, asked, headers=copilot.LANGUAGE_SERVER), diagnosis)
            case "xcode":
                await copilot.xcode(Conversation(base, asked, headers=copilot.LANGUAGE_SERVER), diagnosis)
            case "toolhive":
                talk = Conversation(base, asked, headers=toolhive.HEADERS, token=token)
                await toolhive.examine(talk, diagnosis, clock)
            case "docker":
                await docker.examine(Conversation(base, asked), diagnosis)
            case _:
                await publisher.examine(Conversation(base, asked, token=token), diagnosis)
