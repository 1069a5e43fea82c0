"""End a sync run: its outcome, what it means for the source, and the record of it.

The watermark moves here and nowhere else, and only when a run is complete, so that a run which fails midway is
repeated from where the last complete one ended. Whatever the outcome, what is mirrored stays served.
"""

import msgspec

from registry.commands.actor import SYNC
from registry.commands.apply_changes import require_fence
from registry.commands.perform import Done
from registry.store.interface import Transaction
from registry.store.records import AuditEvent, Run, RunKind, RunState, SourceState


def finish_run(
    transaction: Transaction,
    run: Run,
    *,
    state: RunState,
    now_us: int,
    fence: tuple[str, int],
    reason: str | None = None,
    watermark_us: int | None = None,
    not_before_us: int | None = None,
) -> Done[Run]:
    """
    The run in its final *state*.

    Args:
        reason: Why it did not complete, in words for an operator.
        watermark_us: What the next incremental run asks for; None keeps what there is. Of a run that did not
            complete it is ignored.
        not_before_us: When the upstream wants to be asked again, where it said so; the schedule keeps to it.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    # A complete run needs no position any more; a failed walk keeps its own to be gone on with.
    cursor = run.cursor if state is RunState.FAILED and run.kind is RunKind.FULL else None
    run = msgspec.structs.replace(
        run, state=state, finished_us=now_us, reason=reason, cursor=cursor, not_before_us=not_before_us
    )
    source = {source.source: source for source in transaction.source_states()}[run.upstream]
    transaction.put_run(run)
    transaction.put_source_state(_afterwards(source, run, now_us, watermark_us))
    event = AuditEvent(
        action=f"sync.{state.value}",
        actor=SYNC.subject,
        roles=SYNC.roles,
        object=run.upstream,
        detail={
            "run": run.id,
            "requested_by": run.actor,
            "kind": run.kind.value,
            "new": run.new,
            "changed": run.changed,
            "withdrawn": run.withdrawn,
            "quarantined": run.quarantined,
            "unchanged": run.unchanged,
            "reason": reason,
        },
    )
    return Done(value=run, event=event)


def _afterwards(source: SourceState, run: Run, now_us: int, watermark_us: int | None) -> SourceState:
    if run.state is not RunState.COMPLETED:
        since_us = now_us if source.trouble_us is None else source.trouble_us
        return msgspec.structs.replace(source, attempted_us=now_us, trouble=run.reason, trouble_us=since_us)
    full = run.kind is RunKind.FULL
    return msgspec.structs.replace(
        source,
        watermark_us=source.watermark_us if watermark_us is None else watermark_us,
        full_us=now_us if full else source.full_us,
        full_count=run.seen if full else source.full_count,
        synced_us=now_us,
        attempted_us=now_us,
        trouble=None,
        trouble_us=None,
    )
