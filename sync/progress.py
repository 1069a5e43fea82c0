"""How far a run is, for whoever watches it: the command line's bar, metrics, the log."""

from typing import Protocol

import msgspec

from registry.store.records import Run, RunKind


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """
    `rate`: entries a second. `share`: done, 0 to 1, by what the last full walk saw; None where nothing is known.
    """

    pages: int
    entries: int
    rate: float
    expected: int
    share: float | None


def progress(run: Run, *, now_us: int) -> Progress:
    """How far *run* is; works on a run that another process performs, too."""
    ended_us = now_us if run.finished_us is None else run.finished_us
    elapsed_s = 0.0 if run.started_us is None else (ended_us - run.started_us) / 1_000_000
    known = run.kind is RunKind.FULL and run.expected > 0
    return Progress(
        pages=run.pages,
        entries=run.seen,
        rate=run.seen / elapsed_s if elapsed_s > 0 else 0.0,
        expected=run.expected,
        share=min(run.seen / run.expected, 1.0) if known else None,
    )


class Observer(Protocol):
    """Is told how runs go. Called on the event loop, so it must be quick and must not raise."""

    def run_started(self, run: Run) -> None: ...
    def run_moved(self, run: Run) -> None:
        """A batch was committed."""

    def run_finished(self, run: Run) -> None:
        """Completed, failed or refused."""


class NobodyWatches:
    """An observer for where there is none."""

    def run_started(self, run: Run) -> None: ...
    def run_moved(self, run: Run) -> None: ...
    def run_finished(self, run: Run) -> None: ...
