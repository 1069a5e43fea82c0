"""`mcp-registry findings`: what the rules found in mirrored documents."""

from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import click
import msgspec
from rich.markup import escape

from registry.cli.output import console, emit_json, table
from registry.cli.target import Local, Remote, target, target_options
from registry.cli.validation.finding import visible
from registry.findings import (
    MOST_AT_ONCE,
    FindingItem,
    FindingsPage,
    FindingsSummary,
    Wanted,
    findings_page,
    findings_summary,
)
from registry.settings.problem import did_you_mean
from registry.store.interface import Store
from schemas.validation.issue import Severity

_Read = Callable[[str, int], FindingsPage]
_LONGEST_MESSAGE: Final = 200


class _Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints. `more`: whether there are more than were asked for."""

    items: list[FindingItem]
    more: bool
    summary: FindingsSummary


@click.command("findings")
@click.argument("name", required=False)
@target_options
@click.option("--severity", type=click.Choice([each.value for each in Severity]), help="Only what is as bad as that.")
@click.option("--rule", metavar="RULE", help="Only what breaks this rule.")
@click.option("--source", metavar="NAME", help="Only entries of this upstream.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def findings_command(
    name: str | None,
    config: Path | None,
    server: str | None,
    severity: str | None,
    rule: str | None,
    source: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List what is wrong with mirrored documents, of one server NAME or of all, and sum it up by rule.

    They are judged in the background after a sync, by a running `mcp-registry serve`. docs/VALIDATION.md explains
    every rule.
    """
    chosen = target(config, server)
    wanted = Wanted(severity=None if severity is None else Severity(severity), rule=rule, source=source, name=name)
    found = _asked(chosen, wanted, limit) if isinstance(chosen, Remote) else _read(chosen, wanted, limit)
    if as_json:
        emit_json(found)
    else:
        _show(found, wanted)


def _asked(server: Remote, wanted: Wanted, limit: int) -> _Findings:
    filters = {key: str(value) for key, value in msgspec.structs.asdict(wanted).items() if value is not None}

    def page(cursor: str, count: int) -> FindingsPage:
        parameters = filters | {"limit": str(count)} | ({"cursor": cursor} if cursor else {})
        return server.get(f"/v1/findings?{urlencode(parameters)}", FindingsPage)

    return _collected(page, limit, server.get("/v1/findings/summary", FindingsSummary))


def _read(store_of: Local, wanted: Wanted, limit: int) -> _Findings:
    severities = store_of.settings.validation.severities()

    async def read(store: Store) -> _Findings:
        snapshot = store.snapshot()

        def page(cursor: str, count: int) -> FindingsPage:
            return findings_page(snapshot, severities, wanted, cursor=cursor, limit=count)

        return _collected(page, limit, findings_summary(snapshot, severities))

    return store_of.run(read)


def _collected(page: _Read, limit: int, summary: FindingsSummary) -> _Findings:
    """Pages, until there are enough or no more."""
    items: list[FindingItem] = []
    cursor = ""
    while True:
        read = page(cursor, min(MOST_AT_ONCE, limit - len(items)))
        items += read.items
        cursor = str(read.metadata.get("nextCursor", ""))
        if not cursor or len(items) >= limit:
            return _Findings(items=items, more=bool(cursor), summary=summary)


def _show(found: _Findings, wanted: Wanted) -> None:
    out = console()
    summary = found.summary
    if found.items:
        shown = table("Findings", "severity", "rule", "source", "name", "version", "#places", "first")
        for each in found.items:
            shown.add_row(
                each.severity.value,
                each.rule,
                escape(each.source),
                escape(visible(each.name)),
                escape(visible(each.version)),
                str(each.count),
                escape(visible(_first(each))),
            )
        out.print(shown)
        if found.more:
            out.print(f"there are more than these {len(found.items)}: ask for more with --limit, or for less")
    else:
        known = [rule.rule for rule in summary.rules]
        hint = did_you_mean(wanted.rule, known) if wanted.rule is not None and wanted.rule not in known else ""
        out.print(escape(f"nothing was found{hint}"))
    if summary.rules:
        by_rule = table("By rule, in all documents", "severity", "rule", "#documents", "#places")
        for rule in sorted(summary.rules, key=lambda rule: (list(Severity).index(rule.severity), -rule.documents)):
            by_rule.add_row(rule.severity.value, rule.rule, f"{rule.documents:,}", f"{rule.issues:,}")
        out.print()
        out.print(by_rule)
    if summary.pending:
        out.print()
        out.print(f"{summary.pending:,} documents are still to be looked at; `mcp-registry serve` does that")


def _first(each: FindingItem) -> str:
    issue = each.issues[0]
    said = f"{issue.path}: {issue.message}" if issue.path else issue.message
    return said if len(said) <= _LONGEST_MESSAGE else said[: _LONGEST_MESSAGE - 1] + "…"
