"""`mcp-registry sync`: have upstreams mirrored now, and watch it."""

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import click
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from registry import RELEASE
from registry.cli.output import console, duration, emit_json, table
from registry.cli.target import Local, Remote, target, target_options
from registry.clock import Clock, SystemClock
from registry.egress.client import EgressClient
from registry.errors import NotFound
from registry.logs import BoundLog, Lines, logger, standard_lines
from registry.store.interface import Store
from registry.store.records import Run, RunKind, RunState
from registry.wiring import configured_upstreams
from sync.configure import put_in_force
from sync.progress import progress
from sync.report import ENDED, RunReport, report
from sync.schedule import Jobs

_LOOK_EVERY_S: Final = 0.5
_LOG_EVERY_US: Final = 5_000_000


class Watcher(Protocol):
    """Shows how runs go; see sync.progress.Observer."""

    def run_started(self, run: Run) -> None: ...
    def run_moved(self, run: Run) -> None: ...
    def run_finished(self, run: Run) -> None: ...


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
            runs = _sync_there(chosen, upstream, kind, accept_run, watcher)
        else:
            runs = _sync_here(chosen, upstream, kind, accept_run, watcher)
    reports = [report(run) for run in runs]
    if as_json:
        emit_json(reports)
    else:
        _show(reports)
    if any(run.state is not RunState.COMPLETED for run in runs):
        raise SystemExit(1)


def _sync_here(chosen: Local, upstream: str | None, kind: RunKind, accepts: str | None, watcher: Watcher) -> list[Run]:
    upstreams = configured_upstreams(chosen.settings, os.environ)
    names = [upstream] if upstream is not None else [each.name for each in upstreams]
    if not names:
        raise NotFound("no upstream is configured; add [[upstream]] to the configuration")
    quiet = logger(Lines(open(os.devnull, "wb")), chosen.clock, for_people=False)  # noqa: SIM115 - closed with us

    async def work(store: Store) -> list[Run]:
        await put_in_force(store, upstreams)
        async with EgressClient(clock=chosen.clock, user_agent=f"mcp-registry/{RELEASE}") as client:
            jobs = Jobs(
                store=store,
                clock=chosen.clock,
                upstreams=upstreams,
                client=client,
                retention=chosen.settings.retention,
                log=quiet,
                observer=watcher,
            )
            try:
                return [
                    await jobs.run_now(name, kind=kind, trigger="command", actor=chosen.actor, accepts=accepts)
                    for name in names
                ]
            finally:
                await jobs.stop()

    return chosen.run(work)


def _sync_there(
    chosen: Remote, upstream: str | None, kind: RunKind, accepts: str | None, watcher: Watcher
) -> list[Run]:
    from registry.reports import Status

    status = chosen.get("/v1/status", Status)
    names = [upstream] if upstream else [each.state.source for each in status.upstreams if each.state.configured]
    ended = []
    for name in names:
        run = chosen.post("/v1/sync-runs", {"upstream": name, "kind": kind, "accept_run": accepts}, Run)
        while run.state not in ENDED:
            asyncio.run(asyncio.sleep(_LOOK_EVERY_S))
            run = chosen.get(f"/v1/sync-runs/{run.id}", Run)
            watcher.run_moved(run)
        watcher.run_finished(run)
        ended.append(run)
    return ended


@contextmanager
def watching() -> Iterator[Watcher]:
    """A live bar on a terminal, log lines elsewhere; both on standard error."""
    clock = SystemClock()
    if not sys.stderr.isatty():
        yield _LogLines(logger(standard_lines(), clock, for_people=False), clock)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[pages]} pages, {task.fields[entries]:,} entries, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=None, transient=True) as bar:
        yield _Bar(bar, clock)


class _Bar:
    def __init__(self, bar: Progress, clock: Clock) -> None:
        self._bar = bar
        self._clock = clock
        self._tasks: dict[str, TaskID] = {}

    def run_started(self, run: Run) -> None:
        self.run_moved(run)

    def run_moved(self, run: Run) -> None:
        now = progress(run, now_us=self._clock.now_us())
        if run.id not in self._tasks:
            self._tasks[run.id] = self._bar.add_task(run.upstream, total=None, pages=0, entries=0, rate=0.0)
        self._bar.update(
            self._tasks[run.id],
            # Without a full walk before there is nothing to measure by: the bar then only pulses.
            total=None if now.share is None else now.expected,
            completed=now.entries,
            pages=now.pages,
            entries=now.entries,
            rate=now.rate,
        )

    def run_finished(self, run: Run) -> None:
        self.run_moved(run)


class _LogLines:
    def __init__(self, log: BoundLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._said_us = 0

    def run_started(self, run: Run) -> None:
        self._log.info(f"syncing {run.upstream}", upstream=run.upstream, run=run.id, kind=run.kind.value)

    def run_moved(self, run: Run) -> None:
        now_us = self._clock.now_us()
        if now_us - self._said_us < _LOG_EVERY_US:
            return
        self._said_us = now_us
        now = progress(run, now_us=now_us)
        share = "" if now.share is None else f", {now.share:.0%} of the last full run"
        self._log.info(
            f"{run.upstream}: {now.pages} pages, {now.entries} entries, {now.rate:.0f}/s{share}",
            upstream=run.upstream,
            pages=now.pages,
            entries=now.entries,
        )

    def run_finished(self, run: Run) -> None:
        self._log.info(f"{run.upstream}: {run.state.value}", upstream=run.upstream, run=run.id, reason=run.reason)


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
