"""Take or renew a lease: the right of one process to do what must be done once."""

from registry.commands.actor import SYNC
from registry.store.interface import Transaction
from registry.store.records import AuditEvent, Lease


def keep_lease(transaction: Transaction, name: str, *, holder: str, now_us: int, ttl_us: int) -> Lease | None:
    """The lease if *holder* has it now, else None. A change of holder is recorded; a renewal is not."""
    before = transaction.lease(name)
    lease = transaction.take_lease(name, holder=holder, now_us=now_us, ttl_us=ttl_us)
    if lease is not None and (before is None or before.fence != lease.fence):
        transaction.append_audit(
            AuditEvent(
                action="lease.taken",
                actor=SYNC.subject,
                roles=SYNC.roles,
                object=name,
                detail={"holder": holder, "fence": lease.fence, "before": None if before is None else before.holder},
            )
        )
    return lease


def release_lease(transaction: Transaction, name: str, *, holder: str) -> None:
    """Let somebody else have it at once. Harmless if *holder* does not have it."""
    transaction.release_lease(name, holder=holder)
