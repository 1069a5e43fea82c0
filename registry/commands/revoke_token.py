"""Revoke a token, or all tokens of a subject: from the commit on they are good for nothing, in every worker."""

from collections.abc import Callable, Iterator

import msgspec

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.errors import NotFound
from registry.policy.delegation import Mandate
from registry.policy.token import token_name
from registry.store.interface import Transaction
from registry.store.tokens import Token

_AT_A_TIME = 100


def revoke_token(
    transaction: Transaction, public_id: str, *, within: Callable[[Mandate], bool], actor: Actor
) -> Done[Token]:
    """
    The token, revoked. One that was revoked before stays as it is, and nothing is recorded.

    Args:
        within: Whether a token with that mandate is for *actor* to revoke.

    Raises:
        NotFound: there is no such token, or it is not for *actor*; the two look alike.
    """
    token = transaction.token(public_id)
    if token is None or not within(token.mandate):
        raise NotFound(f"there is no token {token_name(public_id)}")
    if token.revoked_us is not None:
        return Done(value=token)
    revoked = _revoked(transaction, token, actor)
    event = actor.event("token.revoked", token_name(public_id), {"owner": token.owner})
    return Done(value=revoked, event=event)


def revoke_tokens_of(
    transaction: Transaction, owner: str, *, within: Callable[[Mandate], bool], actor: Actor
) -> Done[list[Token]]:
    """
    Those tokens of *owner* that were not revoked before, revoked; none is nothing wrong. Expired ones are among them:
    a clock that was set back must not bring them to life.

    Args:
        within: As for `revoke_token`; the others stay in force.
    """
    found = [token for token in _of(transaction, owner) if token.revoked_us is None and within(token.mandate)]
    if not found:
        return Done(value=[])
    revoked = [_revoked(transaction, token, actor) for token in found]
    event = actor.event(
        "token.revoked",
        owner,
        {"owner": owner, "count": len(revoked), "tokens": " ".join(token_name(each.id) for each in revoked)},
    )
    return Done(value=revoked, event=event)


def _revoked(transaction: Transaction, token: Token, actor: Actor) -> Token:
    revoked = msgspec.structs.replace(token, revoked_us=transaction.instant_us, revoked_by=actor.subject)
    transaction.put_token(revoked)
    return revoked


def _of(transaction: Transaction, owner: str) -> Iterator[Token]:
    before: tuple[int, str] | None = None
    while page := transaction.tokens(owner=owner, limit=_AT_A_TIME, before=before):
        yield from page
        before = page[-1].position
