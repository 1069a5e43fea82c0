"""Take or renew a lease: the right of one process to do what must be done once."""

from registry.commands.actor import SYNC
from registry.commands.perform import Done
from registry.store.interface import Transaction
from registry.store.records import AuditEvent, Lease


def keep_lease(transaction: Transaction, name: str, *, holder: str, now_us: int, ttl_us: int) -> Done[Lease | None]:
    """The lease if *holder* has it now, else None. A change of holder is recorded; a renewal is not."""
    before = transaction.lease(name)
    lease = transaction.take_lease(name, holder=holder, now_us=now_us, ttl_us=ttl_us)
    if lease is None or (before is not None and before.fence == lease.fence):
        return Done(value=lease)
    event = AuditEvent(
        action="lease.taken",
        actor=SYNC.subject,
        roles=SYNC.roles,
        object=name,
        detail={"holder": holder, "fence": lease.fence, "before": None if before is None else before.holder},
    )
    return Done(value=lease, event=event)


def release_lease(transaction: Transaction, name: str, *, holder: str) -> Done[None]:
    """Let somebody else have it at once. Harmless if *holder* does not have it. Not recorded: taking it is."""
    transaction.release_lease(name, holder=holder)
    return Done(value=None)
