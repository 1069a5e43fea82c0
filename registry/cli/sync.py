"""`mcp-registry sync`: have upstreams mirrored now, and watch it."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from registry.cli.in_force import bring_in_force
from registry.cli.output import console, duration, emit_json, table
from registry.cli.target import Local, Remote, target, target_options
from registry.cli.watch import Observed, Watcher, watching
from registry.errors import NotFound
from registry.logs import Lines, logger
from registry.reports import RunReport, Status, run_report
from registry.store.interface import Store
from registry.store.records import Run, RunKind, RunState
from registry.wiring import configured_upstreams, egress_client
from sync.schedule import Jobs

_LOOK_EVERY_S: Final = 0.5


@click.command("sync")
@target_options
@click.option("--upstream", metavar="NAME", help="Only this one; otherwise all, in order of precedence.")
@click.option("--full", is_flag=True, help="Walk everything, and find what disappeared silently.")
@click.option(
    "--accept-run",
    metavar="RUN",
    help="Walk everything, and let disappear what the refused run RUN would have withdrawn.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sync_command(
    config: Path | None, server: str | None, upstream: str | None, full: bool, accept_run: str | None, as_json: bool
) -> None:
    """Mirror upstreams now. Where a server is running on the store, that server does it.

    Exits with 1 if a run did not complete.
    """
    if accept_run is not None and upstream is None:
        raise click.UsageError("--accept-run goes with --upstream NAME")
    kind = RunKind.FULL if full or accept_run else RunKind.INCREMENTAL
    chosen = target(config, server)
    with watching() as watcher:
        if isinstance(chosen, Remote):
            reports = _sync_there(chosen, upstream, kind, accept_run, watcher)
        else:
            runs = _sync_here(chosen, upstream, kind, accept_run, watcher)
            reports = [run_report(run) for run in runs]
    if as_json:
        emit_json(reports)
    else:
        _show(reports)
    if any(each.state != RunState.COMPLETED for each in reports):
        raise SystemExit(1)


def _sync_here(chosen: Local, upstream: str | None, kind: RunKind, accepts: str | None, watcher: Watcher) -> list[Run]:
    upstreams = configured_upstreams(chosen.settings, os.environ)
    names = [upstream] if upstream is not None else [each.name for each in upstreams]
    if not names:
        raise NotFound("no upstream is configured; add [[upstream]] to the configuration")
    quiet = logger(Lines(open(os.devnull, "wb")), chosen.clock, for_people=False)  # noqa: SIM115 - closed with us

    async def work(store: Store) -> list[Run]:
        await bring_in_force(store, chosen)
        async with egress_client(chosen.settings, chosen.clock) as client:
            jobs = Jobs(
                store=store,
                clock=chosen.clock,
                upstreams=upstreams,
                client=client,
                retention=chosen.settings.retention,
                log=quiet,
                observer=Observed(watcher),
            )
            try:
                return [
                    await jobs.run_now(name, kind=kind, trigger="command", actor=chosen.actor, accepts=accepts)
                    for name in names
                ]
            finally:
                await jobs.stop()

    return chosen.run(work, prepare=True)


def _sync_there(
    chosen: Remote, upstream: str | None, kind: RunKind, accepts: str | None, watcher: Watcher
) -> list[RunReport]:
    status = chosen.get("/v1/status", Status)
    names = [upstream] if upstream else [each.name for each in status.upstreams if each.configured]
    ended = []
    for name in names:
        run = chosen.post("/v1/sync-runs", {"upstream": name, "kind": kind, "accept_run": accepts}, RunReport)
        while not run.ended:
            asyncio.run(asyncio.sleep(_LOOK_EVERY_S))
            run = chosen.get(f"/v1/sync-runs/{run.run}", RunReport)
            watcher.moved(run)
        watcher.finished(run)
        ended.append(run)
    return ended


def _show(reports: Iterable[RunReport]) -> None:
    shown = table(
        "Sync", "upstream", "kind", "state", "#new", "#changed", "#withdrawn", "#quarantined", "#unchanged", "#took"
    )
    reasons = []
    for each in reports:
        counts = (each.new, each.changed, each.withdrawn, each.quarantined, each.unchanged)
        took = "-" if each.duration_s is None else duration(each.duration_s)
        shown.add_row(each.upstream, each.kind, each.state, *(f"{count:,}" for count in counts), took)
        if each.reason is not None:
            reasons.append(f"{each.upstream}: {each.reason}")
    console().print(shown)
    for reason in reasons:
        click.echo(reason, err=True)
