"""Record that somebody tried to log in and did not."""

from registry.commands.perform import Done
from registry.store.interface import Transaction
from registry.store.records import AuditEvent


def refuse_login(_: Transaction, *, method: str, claimed: str | None, reason: str) -> Done[None]:
    """
    Nothing but the event.

    Args:
        claimed: Who it would have been, as far as that is known and no secret.
        reason: In words, without secrets.
    """
    return Done(
        value=None,
        event=AuditEvent(
            action="login.refused",
            actor="anonymous",
            roles=(),
            object=method,
            detail={"claimed": claimed, "reason": reason},
        ),
    )
