"""Record that somebody logged in; what may be used once is spent in the same transaction."""

import msgspec

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.commands.refuse_login import refuse_login, unproved
from registry.store.interface import Transaction


class SpentOnce(msgspec.Struct, frozen=True, kw_only=True):
    """A proof that is good for one login. `expires_us`: from then on it would not be accepted anyway."""

    digest: bytes
    expires_us: int


def grant_login(
    transaction: Transaction,
    *,
    method: str,
    actor: Actor,
    resources: tuple[str, ...],
    spends: SpentOnce | None,
    now_us: int,
) -> Done[bool]:
    """
    Whether the login stands; False, and recorded as refused, if what it *spends* was spent before.

    Args:
        actor: Who it is, as the token will say: `dns:acme.example`.
        resources: The patterns of names that the token is for.
    """
    if spends is not None and not transaction.spend_proof(spends.digest, expires_us=spends.expires_us, now_us=now_us):
        refused = refuse_login(
            transaction, method=method, claimed=actor.subject, reason="the proof was used before", actor=unproved(actor)
        )
        return Done(value=False, event=refused.event)
    return Done(
        value=True,
        event=actor.event("login.granted", method, {"namespaces": ", ".join(resources)}),
    )
