"""Issue a token. Its text is drawn and shown by who asks; here only what may be on record is known."""

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.errors import Conflict, Invalid
from registry.policy.delegation import Mandate
from registry.policy.label import parse_label
from registry.policy.subject import of_others, parse_subject
from registry.policy.token import token_name
from registry.store.interface import Transaction
from registry.store.tokens import Token


def issue_token(
    transaction: Transaction,
    public_id: str,
    digest: bytes,
    *,
    owner: str,
    label: str,
    mandate: Mandate,
    expires_us: int | None,
    actor: Actor,
) -> Done[Token]:
    """
    The token, in force from the commit on. Whether *actor* may hand *mandate* out was decided before.

    Args:
        expires_us: The instant at which it ends; None for never.

    Raises:
        Invalid: no subject, or somebody else's that an issuer or a login vouches for; a label that is too long, not
            printable, or holds a token; a team that does not exist.
        Conflict: another token has these public characters.
    """
    if of_others(parse_subject(owner)) and owner != actor.subject:
        # Who decides, and who published, is told apart by these names.
        raise Invalid(f"an issuer or a login vouches for {owner}, so only its holder gets a token of that name")
    parse_label(label)
    for team in mandate.teams:
        if not transaction.team_exists(team):
            raise Invalid(f"there is no team {team[:40]!r}; a token names teams that exist")
    if transaction.token(public_id) is not None:
        raise Conflict("the characters that were drawn name another token already; ask once more")
    token = Token(
        id=public_id,
        digest=digest,
        owner=owner,
        label=label,
        mandate=mandate,
        created_us=transaction.instant_us,
        created_by=actor.subject,
        expires_us=expires_us,
    )
    transaction.put_token(token)
    event = actor.event(
        "token.issued",
        token_name(public_id),
        {
            "owner": owner,
            "label": label,
            "roles": " ".join(mandate.roles),
            "teams": " ".join(mandate.teams),
            "namespaces": " ".join(mandate.namespaces),
            "expires_us": expires_us,
        },
    )
    return Done(value=token, event=event)
