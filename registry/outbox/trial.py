"""A message that tells nothing, sent at once, to see whether a receiver takes what it is sent."""

import msgspec

from registry.clock import Clock
from registry.commands.actor import Actor
from registry.commands.perform import perform
from registry.commands.webhooks import note_test
from registry.errors import Invalid, UpstreamFault
from registry.outbox.message import test_message
from registry.outbox.sender import Sender
from registry.outbox.webhook import Webhook
from registry.store.interface import Store


class TrialReport(msgspec.Struct, frozen=True, kw_only=True):
    """`message`: the id it was sent under. `trouble`: why it was not taken; null if it was."""

    webhook: str
    message: str
    delivered: bool
    trouble: str | None


async def tried(store: Store, clock: Clock, sender: Sender, webhook: Webhook, *, actor: Actor) -> TrialReport:
    """
    Send a test message, whatever waits and whatever the webhook is told of, and record that it was sent.

    Raises:
        StoreFault: it was sent, and cannot be recorded.
    """
    sent = test_message(webhook.name, actor=actor.subject, now_us=clock.now_us(), public_url=sender.public_url)
    trouble = None
    try:
        await sender.send(webhook, sent)
    except (UpstreamFault, Invalid) as fault:
        trouble = str(fault)
    await perform(
        store,
        lambda transaction: note_test(transaction, webhook.name, message=sent.id, trouble=trouble, actor=actor),
    )
    return TrialReport(webhook=webhook.name, message=sent.id, delivered=trouble is None, trouble=trouble)
