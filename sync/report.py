"""What a run did, as people and programs read it."""

import msgspec

from registry.store.records import Run, RunState


class RunReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One row of the summary. `duration_s` is None until the run has ended; `reason` says why it did not complete."""

    run: str
    upstream: str
    kind: str
    state: str
    trigger: str
    pages: int
    new: int
    changed: int
    withdrawn: int
    quarantined: int
    unchanged: int
    duration_s: float | None
    reason: str | None


ENDED = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.ABANDONED, RunState.REFUSED})
"""The states in which a run does not move by itself any more."""


def report(run: Run) -> RunReport:
    """The summary of *run* as it stands."""
    ended = run.started_us is not None and run.finished_us is not None
    return RunReport(
        run=run.id,
        upstream=run.upstream,
        kind=run.kind.value,
        state=run.state.value,
        trigger=run.trigger,
        pages=run.pages,
        new=run.new,
        changed=run.changed,
        withdrawn=run.withdrawn,
        quarantined=run.quarantined,
        unchanged=run.unchanged,
        duration_s=_seconds(run) if ended else None,
        reason=run.reason,
    )


def _seconds(run: Run) -> float:
    # The host's clock may have stepped back meanwhile.
    return max(0.0, ((run.finished_us or 0) - (run.started_us or 0)) / 1_000_000)
