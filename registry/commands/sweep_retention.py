"""Delete a little of what has outlived its retention: old runs, quarantine, superseded documents, tokens that ended."""

from registry.commands.actor import SYNC
from registry.commands.apply_changes import require_fence
from registry.commands.perform import Done
from registry.store.interface import Transaction
from registry.store.records import AuditEvent, Retention


def sweep_retention(transaction: Transaction, retention: Retention, *, limit: int, fence: tuple[str, int]) -> Done[int]:
    """
    How many rows went, up to *limit* of each kind; 0 means nothing is left that may go.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    swept = transaction.sweep(retention, limit=limit)
    if not swept:
        return Done(value=0)
    event = AuditEvent(
        action="retention.swept",
        actor=SYNC.subject,
        roles=SYNC.roles,
        object="store",
        detail={"rows": swept},
    )
    return Done(value=swept, event=event)
