"""Which runs may begin now, given those under way.

Upstreams do not wait for each other, with one exception: names that several have go to whoever is mirrored first, so
before its first success an upstream waits until all that precede it have had their first attempt. One that makes no
progress is waited for no longer than half a minute.
"""

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from registry.clock import Clock
from registry.store.interface import Snapshot
from registry.store.records import Run, RunKind, RunState, SourceState
from sync.configured import ConfiguredUpstream
from sync.due import due
from sync.observer import Observer

_MOST_SCHEDULED: Final = 4
_MOST: Final = 8
"""Of these the last few are for runs that somebody asked for."""
_PATIENCE_NS: Final = 30_000_000_000


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A run that may begin."""

    upstream: str
    kind: RunKind
    trigger: str


class Progress:
    """An observer that remembers when each upstream's run last moved, and tells another one."""

    def __init__(self, clock: Clock, observer: Observer) -> None:
        self._clock = clock
        self._observer = observer
        self._moved_ns: dict[str, int] = {}

    def stalled(self, upstream: str) -> bool:
        """Whether its run has made no progress for longer than others wait; false before its first one."""
        moved_ns = self._moved_ns.get(upstream)
        return moved_ns is not None and self._clock.monotonic_ns() - moved_ns > _PATIENCE_NS

    def run_started(self, run: Run) -> None:
        self._moved_ns[run.upstream] = self._clock.monotonic_ns()
        self._observer.run_started(run)

    def run_moved(self, run: Run) -> None:
        self._moved_ns[run.upstream] = self._clock.monotonic_ns()
        self._observer.run_moved(run)

    def run_finished(self, run: Run) -> None:
        self._observer.run_finished(run)


def turns(
    snapshot: Snapshot,
    upstreams: Mapping[str, ConfiguredUpstream],
    *,
    now_us: int,
    busy: Collection[str],
    resting: Collection[str],
    progress: Progress,
) -> list[Turn]:
    """
    What may begin, in this order.

    Args:
        upstreams: By name, the best precedence first.
        busy: Upstreams with a run under way.
        resting: Upstreams that get none at present.
    """
    taken = {*busy, *resting}
    chosen: dict[str, Turn] = {}
    for run in snapshot.runs_in(RunState.REQUESTED):
        if run.upstream not in taken and run.upstream not in chosen:
            chosen[run.upstream] = Turn(upstream=run.upstream, kind=run.kind, trigger=run.trigger)
    asked_for = len(chosen)
    states = {state.source: state for state in snapshot.source_states()}
    waiting = _waiting(upstreams, states, resting, progress)
    # Those that never were synced first; within each, by precedence.
    for name in sorted(upstreams, key=lambda name: states[name].synced_us is not None):
        if name in taken or name in chosen or name in waiting:
            continue
        last = next(iter(snapshot.runs(upstream=name, limit=1)), None)
        kind = due(now_us=now_us, state=states[name], last=last, settings=upstreams[name].settings)
        if kind is not None:
            chosen[name] = Turn(upstream=name, kind=kind, trigger="schedule")
    for run in snapshot.runs_in(RunState.RUNNING):
        if run.upstream not in upstreams and run.upstream not in taken:
            chosen.setdefault(run.upstream, Turn(upstream=run.upstream, kind=run.kind, trigger=run.trigger))
    free = max(_MOST_SCHEDULED - len(busy), 0)
    return list(chosen.values())[: min(max(asked_for, free), max(_MOST - len(busy), 0))]


def _waiting(
    upstreams: Mapping[str, ConfiguredUpstream],
    states: Mapping[str, SourceState],
    resting: Collection[str],
    progress: Progress,
) -> set[str]:
    """Those whose first walk must not begin yet."""
    waiting: set[str] = set()
    preceded = False
    for name in upstreams:
        if preceded and states[name].synced_us is None:
            waiting.add(name)
        if states[name].attempted_us is None and name not in resting and not progress.stalled(name):
            preceded = True
    return waiting
