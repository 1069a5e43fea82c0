"""Give up a run that nobody can perform any more, such as one of an upstream that is not configured now."""

import msgspec

from registry.commands.actor import SYNC
from registry.commands.apply_changes import require_fence
from registry.commands.perform import Done
from registry.store.interface import Transaction
from registry.store.records import AuditEvent, Run, RunState


def abandon_run(transaction: Transaction, run: Run, *, reason: str, now_us: int, fence: tuple[str, int]) -> Done[Run]:
    """The run in state abandoned. Raises Conflict if the lease was taken over; nothing was written then."""
    require_fence(transaction, *fence)
    run = msgspec.structs.replace(run, state=RunState.ABANDONED, finished_us=now_us, reason=reason, cursor=None)
    transaction.put_run(run)
    event = AuditEvent(
        action="sync.abandoned",
        actor=SYNC.subject,
        roles=SYNC.roles,
        object=run.upstream,
        detail={"run": run.id, "reason": reason},
    )
    return Done(value=run, event=event)
