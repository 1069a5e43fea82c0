"""That the store was copied, or replaced by a copy: done outside a transaction, recorded in one."""

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.store.interface import Transaction
from registry.store.records import AuditEvent


def record_backup(transaction: Transaction, file: str, size_bytes: int, *, actor: Actor) -> Done[None]:
    """A verified copy was written to *file*."""
    event = AuditEvent(
        action="store.backed_up",
        actor=actor.subject,
        roles=actor.roles,
        object=file,
        detail={"size_bytes": size_bytes},
    )
    return Done(value=None, event=event)


def record_restore(transaction: Transaction, file: str, *, actor: Actor) -> Done[None]:
    """What the store holds from here on was put there from *file*."""
    event = AuditEvent(action="store.restored", actor=actor.subject, roles=actor.roles, object=file, detail={})
    return Done(value=None, event=event)
