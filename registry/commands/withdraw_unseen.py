"""Withdraw some of what a full walk did not meet: those entries are tombstones from now on.

Whether so many may go at all was decided before (sync/sweep.py). A batch at a time, so that no transaction is long.
"""

import msgspec

from registry.commands.actor import SYNC
from registry.commands.apply_changes import require_fence
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.store.interface import Transaction
from registry.store.records import AuditEvent, Run


def withdraw_unseen(transaction: Transaction, run: Run, *, limit: int, fence: tuple[str, int]) -> Done[Run]:
    """
    The run with up to *limit* more entries withdrawn; unchanged if there was nothing left to withdraw.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    count, names = transaction.withdraw_unseen(run.upstream, seen_in=run.sequence, limit=limit)
    if not count:
        return Done(value=run)
    project_views(transaction, names)
    run = msgspec.structs.replace(run, withdrawn=run.withdrawn + count)
    transaction.put_run(run)
    event = AuditEvent(
        action="entries.withdrawn",
        actor=SYNC.subject,
        roles=SYNC.roles,
        object=run.upstream,
        detail={"run": run.id, "withdrawn": count, "names": len(names)},
    )
    return Done(value=run, event=event)
