"""Record that somebody logged in; what may be used once is spent in the same transaction."""

from typing import Final

import msgspec

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.commands.refuse_login import refuse_login, unproved
from registry.store.interface import Transaction

PROOF_SPENT: Final = "the proof was used before"


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
) -> Done[str | None]:
    """
    Why the login does not stand, recorded as refused: what it *spends* was spent before, or its subject is revoked.
    None if it stands.

    Args:
        actor: Who it is, as the token will say: `dns:acme.example`.
        resources: The patterns of names that the token is for.
    """
    reason = None
    if spends is not None and not transaction.spend_proof(spends.digest, expires_us=spends.expires_us, now_us=now_us):
        reason = PROOF_SPENT
    elif transaction.revoked_subject(actor.subject) is not None:
        reason = f"{actor.subject} is revoked here; ask whoever runs this registry"
    if reason is not None:
        refused = refuse_login(transaction, method=method, claimed=actor.subject, reason=reason, actor=unproved(actor))
        return Done(value=reason, event=refused.event)
    return Done(
        value=None,
        event=actor.event("login.granted", method, {"namespaces": ", ".join(resources)}),
    )
