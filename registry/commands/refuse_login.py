"""Record that somebody tried to log in and did not."""

import msgspec

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.store.interface import Transaction


def refuse_login(_: Transaction, *, method: str, claimed: str | None, reason: str, actor: Actor) -> Done[None]:
    """
    Nothing but the event.

    Args:
        claimed: Who it would have been, as far as that is known and no secret.
        reason: In words, without secrets.
        actor: Whoever it was, from where; see `unproved`.
    """
    return Done(
        value=None,
        event=actor.event("login.refused", method, {"claimed": claimed, "reason": reason}),
    )


def unproved(actor: Actor) -> Actor:
    """*actor*, of whom nothing was proved but where the request came from."""
    return msgspec.structs.replace(actor, subject="anonymous", roles=())
