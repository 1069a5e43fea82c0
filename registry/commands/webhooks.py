"""How far webhooks are in the record: what is delivered to them is what the record holds, and no copy of it."""

from collections.abc import Collection

import msgspec

from registry.commands.actor import START, SYNC, Actor
from registry.commands.apply_changes import require_fence
from registry.commands.perform import Done
from registry.store.interface import Transaction
from registry.store.webhooks import WebhookState


def configure_webhooks(transaction: Transaction, names: Collection[str]) -> Done[None]:
    """
    Make exactly these the configured ones. A new one is told of what happens from here on; one that is gone is
    forgotten, and would be new if it came back.
    """
    known = {state.name for state in transaction.webhooks()}
    added, removed = sorted(set(names) - known), sorted(known - set(names))
    if not added and not removed:
        return Done(value=None)
    here = transaction.audit_head().sequence
    for name in added:
        transaction.put_webhook(WebhookState(name=name, since_us=transaction.now_us, position=here))
    for name in removed:
        transaction.forget_webhook(name)
    detail: dict[str, str | int | None] = {"added": " ".join(added), "removed": " ".join(removed)}
    return Done(value=None, event=START.event("webhooks.configured", "webhooks", detail))


def pass_events(
    transaction: Transaction, name: str, *, position: int, delivered: bool, now_us: int, fence: tuple[str, int]
) -> Done[None]:
    """
    The webhook is done with the record up to *position*: its last event was *delivered*, or none was of interest. On
    record is what was delivered, and not that it was.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    state = transaction.webhook(name)
    if state is None:
        return Done(value=None)
    state = msgspec.structs.replace(state, position=position)
    if delivered:
        state = msgspec.structs.replace(
            state,
            tries=0,
            next_us=None,
            trouble=None,
            trouble_us=None,
            delivered=state.delivered + 1,
            delivered_us=now_us,
        )
    transaction.put_webhook(state)
    return Done(value=None)


def note_failure(
    transaction: Transaction,
    name: str,
    *,
    sequence: int,
    reason: str,
    now_us: int,
    next_us: int | None,
    fence: tuple[str, int],
) -> Done[None]:
    """
    Event *sequence* of the record was not taken.

    Args:
        next_us: When it is tried again; None: never, it is given up, and the next one has its turn.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    state = transaction.webhook(name)
    if state is None:
        return Done(value=None)
    failed = msgspec.structs.replace(
        state,
        trouble=reason,
        trouble_us=now_us if state.trouble_us is None else state.trouble_us,
        tries=state.tries + 1,
        next_us=next_us,
        position=sequence - 1,
    )
    if next_us is not None:
        transaction.put_webhook(failed)
        return Done(value=None)
    transaction.put_webhook(
        msgspec.structs.replace(failed, tries=0, position=sequence, dead=state.dead + 1, dead_us=now_us)
    )
    detail: dict[str, str | int | None] = {"event": sequence, "tries": failed.tries}
    return Done(value=None, event=SYNC.event("webhook.given_up", name, detail, reason=reason))


def note_test(transaction: Transaction, name: str, *, message: str, trouble: str | None, actor: Actor) -> Done[None]:
    """A test message was sent. *trouble*: why it was not taken, if it was not."""
    detail: dict[str, str | int | None] = {"message": message, "delivered": int(trouble is None)}
    return Done(value=None, event=actor.event("webhook.tested", name, detail, reason=trouble))
