"""Webhooks as people read them; apart, because `status` shows them and needs nothing that sends."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from registry.cli.output import ago, table
from registry.outbox.report import WebhookReport


def webhook_table(reports: Sequence[WebhookReport], now: str) -> Table:
    """How each is doing."""
    shown = table("Webhooks", "name", "told at", "of", "#waiting", "#delivered", "last", "#given up", "state")
    for each in reports:
        shown.add_row(
            each.name,
            each.url,
            " ".join(each.events) or "nothing",
            f"{each.waiting:,}{'+' if each.waiting_more else ''}",
            f"{each.delivered:,}",
            ago(each.delivered_at, now),
            f"{each.dead:,}",
            each.state if each.trouble is None else f"[red]{escape(each.trouble)}[/red]",
        )
    return shown
