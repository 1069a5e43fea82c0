"""Watching a sync run: a live bar on a terminal, log lines elsewhere; both on standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from registry.clock import Clock, SystemClock
from registry.logs import BoundLog, logger, standard_lines
from registry.reports import RunReport, run_report
from registry.store.records import Run
from schemas.rfc3339 import parse_instant

_LOG_EVERY_US: Final = 5_000_000


class Watcher(Protocol):
    """Shows how runs go, here or on a server."""

    def moved(self, run: RunReport) -> None:
        """It began, or is further than before."""

    def finished(self, run: RunReport) -> None: ...


class Observed:
    """A watcher as sync.observer.Observer: told of the runs of this process."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def run_started(self, run: Run) -> None:
        self._watcher.moved(run_report(run))

    def run_moved(self, run: Run) -> None:
        self._watcher.moved(run_report(run))

    def run_finished(self, run: Run) -> None:
        self._watcher.finished(run_report(run))


@contextmanager
def watching() -> Iterator[Watcher]:
    """The watcher that fits where standard error goes."""
    clock = SystemClock()
    if not sys.stderr.isatty():
        yield _LogLines(logger(standard_lines(), clock, for_people=False), clock)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[pages]:,} pages, {task.fields[entries]:,} entries, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, clock)


class _Bar:
    def __init__(self, bar: Progress, clock: Clock) -> None:
        self._bar = bar
        self._clock = clock
        self._tasks: dict[str, TaskID] = {}

    def moved(self, run: RunReport) -> None:
        if run.run not in self._tasks:
            self._tasks[run.run] = self._bar.add_task(run.upstream, total=None, pages=0, entries=0, rate=0.0)
        self._bar.update(
            self._tasks[run.run],
            # Without a full walk before there is nothing to measure by: the bar then only pulses.
            total=run.expected or None,
            completed=run.seen,
            pages=run.pages,
            entries=run.seen,
            rate=_rate(run, self._clock),
        )

    def finished(self, run: RunReport) -> None:
        self.moved(run)


class _LogLines:
    def __init__(self, log: BoundLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._said_us = 0
        self._begun: set[str] = set()

    def moved(self, run: RunReport) -> None:
        now_us = self._clock.now_us()
        if run.run not in self._begun:
            self._begun.add(run.run)
            self._said_us = now_us
            self._log.info(f"syncing {run.upstream}", upstream=run.upstream, run=run.run, kind=run.kind)
        if now_us - self._said_us < _LOG_EVERY_US:
            return
        self._said_us = now_us
        share = f", {min(1.0, run.seen / run.expected):.0%} of the last full run" if run.expected else ""
        self._log.info(
            f"{run.upstream}: {run.pages} pages, {run.seen} entries, {_rate(run, self._clock):.0f}/s{share}",
            upstream=run.upstream,
            pages=run.pages,
            entries=run.seen,
        )

    def finished(self, run: RunReport) -> None:
        self._log.info(f"{run.upstream}: {run.state}", upstream=run.upstream, run=run.run, reason=run.reason)


def _rate(run: RunReport, clock: Clock) -> float:
    """Entries a second since the run began."""
    if run.started_at is None:
        return 0.0
    elapsed_s = (clock.now_us() - parse_instant(run.started_at)) / 1_000_000
    return run.seen / elapsed_s if elapsed_s > 0 else 0.0
