"""`mcp-registry status` and `quarantine`: how the mirror, the jobs and the store are doing."""

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import click
from rich.markup import escape

from registry.cli.output import ago, console, duration, emit_json, seconds, size, table
from registry.cli.target import Remote, target, target_options
from registry.cli.webhook_table import webhook_table
from registry.findings import FindingsSummary
from registry.reports import QuarantineReport, Status, UpstreamReport, quarantine_report, status
from registry.store.interface import Store

_SHOWN_RUNS: Final = 10


@click.command("status")
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status_command(config: Path | None, server: str | None, as_json: bool) -> None:
    """Show how fresh the mirror is, what the latest runs did, and how large the store is.

    Exits with 1 while something is wrong: an upstream that fails, a webhook that does, or writes.
    """
    chosen = target(config, server)
    if isinstance(chosen, Remote):
        report = chosen.get("/v1/status", Status)
    else:
        clock, severities, webhooks = chosen.clock, chosen.settings.validation.severities(), chosen.settings.webhooks

        async def read(store: Store) -> Status:
            return status(store.snapshot(), clock, severities, webhooks, fault=store.fault)

        report = chosen.run(read)
    if as_json:
        emit_json(report)
    else:
        _show(report)
    failing = any(each.trouble for each in report.upstreams if each.configured)
    if report.fault is not None or failing or any(each.trouble for each in report.webhooks):
        raise SystemExit(1)


@click.command("quarantine")
@target_options
@click.option("--upstream", metavar="NAME", help="Only what this upstream sent.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def quarantine_command(
    config: Path | None, server: str | None, upstream: str | None, limit: int, as_json: bool
) -> None:
    """List what upstreams sent that cannot be served, and why."""
    chosen = target(config, server)
    if isinstance(chosen, Remote):
        asked = "/v1/quarantine?" + urlencode({"limit": limit} | ({"upstream": upstream} if upstream else {}))
        report = chosen.get(asked, QuarantineReport)
    else:

        async def read(store: Store) -> QuarantineReport:
            return quarantine_report(store.snapshot(), upstream=upstream, limit=limit)

        report = chosen.run(read)
    if as_json:
        emit_json(report)
        return
    if not report.items:
        click.echo("nothing is in quarantine")
        return
    shown = table("Quarantine", "upstream", "name", "version", "#bytes", "last seen", "reason")
    for each in report.items:
        shown.add_row(
            each.upstream,
            each.name or "-",
            each.version or "-",
            str(each.size_bytes),
            seconds(each.last_seen_at),
            each.reason,
        )
    console().print(shown)


def _show(report: Status) -> None:
    out = console()
    shown = table(
        "Upstreams", "name", "kind", "#entries", "last completed", "last full", "#quarantine", "#refused", "state"
    )
    for each in report.upstreams:
        shown.add_row(
            each.name,
            each.kind,
            f"{each.entries:,}",
            ago(each.completed_at, report.now),
            ago(each.full_at, report.now),
            str(each.quarantined),
            str(each.refused),
            _condition(each),
        )
    out.print(shown)
    runs = table("Latest runs", "run", "upstream", "kind", "state", "started", "took", "#new", "#changed", "#withdrawn")
    latest = sorted((run for each in report.upstreams for run in each.runs), key=lambda run: run.run, reverse=True)
    for run in latest[:_SHOWN_RUNS]:
        runs.add_row(
            run.run,
            run.upstream,
            run.kind,
            run.state,
            seconds(run.started_at),
            "-" if run.duration_s is None else duration(run.duration_s),
            f"{run.new:,}",
            f"{run.changed:,}",
            f"{run.withdrawn:,}",
        )
    if latest:
        out.print()
        out.print(runs)
    grows = ", ".join(f"{count:,} {what}" for what, count in report.store.rows.items() if count)
    out.print()
    jobs = report.jobs or "nobody, start `mcp-registry serve`"
    out.print(
        f"[bold]Store[/bold]     {size(report.store.file_bytes)} file, {size(report.store.log_bytes)} log: {grows}"
    )
    out.print(f"[bold]Jobs[/bold]      run by {escape(jobs)}")
    out.print(f"[bold]Findings[/bold]  {_findings(report.findings)}")
    if report.webhooks:
        out.print()
        out.print(webhook_table(report.webhooks, report.now))
    if report.fault is not None:
        out.print(f"[bold red]Writes fail:[/bold red] {escape(report.fault)}")


def _findings(found: FindingsSummary) -> str:
    counts = ((found.errors, "errors"), (found.warnings, "warnings"), (found.infos, "remarks"))
    said = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "none"
    return f"{said}; {found.pending:,} documents are still to be looked at" if found.pending else said


def _condition(each: UpstreamReport) -> str:
    if not each.configured:
        return "no longer configured"
    if each.trouble is None:
        return "ok" if each.completed_at is not None else "not mirrored yet"
    return f"[red]{escape(each.trouble)}[/red]"
