"""Revoke a capability address: from the commit on nothing is there, in every worker."""

from collections.abc import Callable

import msgspec

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.errors import NotFound
from registry.store.capabilities import Capability
from registry.store.interface import Transaction


def revoke_capability(
    transaction: Transaction, capability_id: str, *, within: Callable[[Capability], bool], actor: Actor
) -> Done[Capability]:
    """
    The capability, revoked. One that was revoked before stays as it is, and nothing is recorded.

    Args:
        within: Whether that capability is for *actor* to revoke.

    Raises:
        NotFound: there is no such capability, or it is not for *actor*; the two look alike.
    """
    capability = transaction.capability(capability_id)
    if capability is None or not within(capability):
        raise NotFound(f"there is no capability {capability_id[:40]}")
    if capability.revoked_us is not None:
        return Done(value=capability)
    revoked = msgspec.structs.replace(capability, revoked_us=transaction.instant_us, revoked_by=actor.subject)
    transaction.put_capability(revoked)
    event = actor.event("capability.revoked", capability_id, {"team": capability.team, "owner": capability.owner})
    return Done(value=revoked, event=event)
