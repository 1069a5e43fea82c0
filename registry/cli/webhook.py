"""`mcp-registry webhook`: who is told of what happens, how that goes, and whether it works."""

import os
from pathlib import Path
from urllib.parse import quote

import click

from registry.cli.output import console, emit_json
from registry.cli.target import Local, Remote, target, target_options
from registry.cli.webhook_table import webhook_table
from registry.clock import SystemClock
from registry.errors import NotFound
from registry.outbox.report import WebhookList, WebhookReport, webhook_reports
from registry.outbox.trial import TrialReport, tried
from registry.outbox.webhook import resolved_webhooks
from registry.store.interface import Store
from registry.wiring import egress_client, sender
from schemas.rfc3339 import format_instant


@click.group("webhook")
def webhook_group() -> None:
    """See how telling others of what happens goes, and try it."""


@webhook_group.command("list")
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(config: Path | None, server: str | None, as_json: bool) -> None:
    """Show for each webhook what waits, what was delivered or given up, and why the last try failed."""
    chosen = target(config, server)
    if isinstance(chosen, Remote):
        reports = chosen.get("/v1/webhooks", WebhookList).items
    else:
        webhooks = chosen.settings.webhooks

        async def read(store: Store) -> list[WebhookReport]:
            return webhook_reports(store.snapshot(), webhooks)

        reports = chosen.run(read)
    if as_json:
        emit_json(reports)
    elif not reports:
        click.echo("no webhook is configured")
    else:
        console().print(webhook_table(reports, format_instant(SystemClock().now_us())))


@webhook_group.command("test")
@click.argument("name")
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def test_command(name: str, config: Path | None, server: str | None, as_json: bool) -> None:
    """Send NAME a message that says nothing, and tell whether it was taken.

    Exits with 1 if it was not.
    """
    chosen = target(config, server)
    if isinstance(chosen, Remote):
        report = chosen.post(f"/v1/webhooks/{quote(name, safe='')}/test", {}, TrialReport)
    else:
        report = _tried_here(chosen, name)
    if as_json:
        emit_json(report)
    elif report.delivered:
        click.echo(f"{name} took {report.message}")
    else:
        click.echo(f"{name} did not take {report.message}: {report.trouble}", err=True)
    if not report.delivered:
        raise SystemExit(1)


def _tried_here(chosen: Local, name: str) -> TrialReport:
    webhook = next((each for each in resolved_webhooks(chosen.settings, os.environ) if each.name == name), None)
    if webhook is None:
        raise NotFound(f"no webhook {name[:40]!r} is configured")

    async def send(store: Store) -> TrialReport:
        async with egress_client(chosen.settings, chosen.clock) as client:
            messages = sender(chosen.settings, client, chosen.clock)
            return await tried(store, chosen.clock, messages, webhook, actor=chosen.actor)

    return chosen.run(send)
