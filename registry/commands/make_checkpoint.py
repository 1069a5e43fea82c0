"""Confirm with a signature where the record ends. No event: it is about the record, and would never come to an end."""

from registry.audit.checkpoint import Checkpoint, CheckpointKey
from registry.commands.apply_changes import require_fence
from registry.commands.perform import Done
from registry.store.interface import Transaction


def make_checkpoint(
    transaction: Transaction, key: CheckpointKey, *, fence: tuple[str, int] | None = None
) -> Done[Checkpoint | None]:
    """
    The checkpoint, as it is kept; None if nothing was recorded since the last one.

    Args:
        fence: Name and number of the lease under which it is made.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    if fence is not None:
        require_fence(transaction, *fence)
    head, last = transaction.audit_head(), transaction.last_checkpoint()
    before = 0 if last is None else last.sequence
    if head.sequence == before:
        return Done(value=None)
    checkpoint = key.checkpoint(head, at_us=transaction.instant_us, before=before)
    transaction.put_checkpoint(checkpoint)
    return Done(value=checkpoint)
