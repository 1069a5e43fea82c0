"""Begin a sync run, or go on with one that did not end.

Runs of one upstream happen in the order of their sequence, because "not seen since run N" is how a full walk finds
what disappeared: so whatever is open, requested or left behind by a process that died, comes before anything new.
"""

from typing import Final

import msgspec

from registry.commands.actor import SYNC
from registry.commands.apply_changes import require_fence
from registry.commands.perform import Done
from registry.ids import new_id
from registry.store.interface import Transaction
from registry.store.records import AuditEvent, Run, RunKind, RunState

RESUMABLE_US: Final = 24 * 3600 * 1_000_000
"""How old a walk that failed may be and still be gone on with. Pages read earlier than that are read again."""


def begin_run(
    transaction: Transaction,
    upstream: str,
    *,
    kind: RunKind,
    trigger: str,
    now_us: int,
    fence: tuple[str, int],
    asks_since: bool = True,
) -> Done[Run]:
    """
    The run that is to be performed now, in state running; its kind may differ from *kind*.

    A full walk goes on at its cursor, also the latest one that failed within a day. Without a watermark an
    incremental run is a full one.

    Args:
        asks_since: False for an upstream that cannot be asked what changed: all its runs are full ones.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    state = {state.source: state for state in transaction.source_states()}[upstream]
    run = _open(transaction, upstream) or _failed_walk(transaction, upstream, kind, now_us)
    if run is None:
        sequence = transaction.next_sequence()
        run = Run(
            id=new_id("run", now_us),
            sequence=sequence,
            upstream=upstream,
            kind=kind,
            state=RunState.REQUESTED,
            trigger=trigger,
            actor=SYNC.subject,
            requested_us=now_us,
        )
    if run.cursor is None:
        run = anew(run)
    incremental = asks_since and run.kind is RunKind.INCREMENTAL and state.watermark_us is not None
    run = msgspec.structs.replace(
        run,
        kind=RunKind.INCREMENTAL if incremental else RunKind.FULL,
        state=RunState.RUNNING,
        started_us=now_us if run.started_us is None else run.started_us,
        finished_us=None,
        since_us=state.watermark_us if incremental else None,
        expected=0 if incremental else state.full_count,
        reason=None,
        not_before_us=None,
    )
    transaction.put_run(run)
    event = AuditEvent(
        action="sync.started",
        actor=SYNC.subject,
        roles=SYNC.roles,
        object=run.upstream,
        detail={"run": run.id, "kind": run.kind.value, "trigger": run.trigger, "requested_by": run.actor},
    )
    return Done(value=run, event=event)


def anew(run: Run) -> Run:
    """The run at the beginning of its walk. What it has changed so far stays counted."""
    return msgspec.structs.replace(run, cursor=None, pages=0, seen=0, unchanged=0, quarantined=0, newest_us=None)


def _open(transaction: Transaction, upstream: str) -> Run | None:
    runs = [*transaction.runs_in(RunState.RUNNING), *transaction.runs_in(RunState.REQUESTED)]
    return min((run for run in runs if run.upstream == upstream), key=lambda run: run.sequence, default=None)


def _failed_walk(transaction: Transaction, upstream: str, kind: RunKind, now_us: int) -> Run | None:
    newest = next(iter(transaction.runs(upstream=upstream, limit=1)), None)
    if kind is not RunKind.FULL or newest is None or newest.started_us is None:
        return None
    failed = newest.state is RunState.FAILED and newest.kind is RunKind.FULL and newest.cursor is not None
    return newest if failed and 0 <= now_us - newest.started_us < RESUMABLE_US else None
