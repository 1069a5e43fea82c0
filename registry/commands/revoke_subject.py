"""Refuse whatever an issuer or a login says of a subject, and take that back: in force everywhere from the commit on.

Tokens of others cannot be taken back, and new ones are had for the asking; so the subject itself is refused, until an
administrator reinstates it. Our own tokens are revoked one by one (`revoke_token.py`) and stay what they are here.
"""

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.errors import Invalid, NotFound
from registry.policy.subject import of_others
from registry.policy.token import without_secrets
from registry.store.interface import Transaction
from registry.store.subjects import RevokedSubject

_LONGEST = 300
_LONGEST_REASON = 500


def revoke_subject(transaction: Transaction, subject: str, *, reason: str, actor: Actor) -> Done[RevokedSubject]:
    """
    The subject, revoked. One that was revoked before stays as it is, and nothing is recorded.

    Raises Invalid for what no issuer or login vouches for, and for a reason that is too long or not printable.
    """
    if not of_others(subject) or len(subject) > _LONGEST or not subject.isprintable():
        raise Invalid(
            "not a subject of an issuer or a login; expected its name, a colon and who it is, such as acme:00u1"
        )
    _require_readable(reason)
    known = transaction.revoked_subject(subject)
    if known is not None:
        return Done(value=known)
    revoked = RevokedSubject(
        subject=subject, revoked_us=transaction.instant_us, revoked_by=actor.subject, reason=reason
    )
    transaction.put_revoked_subject(revoked)
    return Done(value=revoked, event=actor.event("subject.revoked", subject, {}, reason=reason or None))


def reinstate_subject(transaction: Transaction, subject: str, *, reason: str, actor: Actor) -> Done[RevokedSubject]:
    """
    What was known of the revocation of *subject*: whatever has not expired is good again.

    Raises:
        NotFound: it is not revoked.
        Invalid: as `revoke_subject` for a reason.
    """
    _require_readable(reason)
    known = transaction.revoked_subject(subject)
    if known is None:
        raise NotFound(f"{subject[:40]!r} is not revoked")
    transaction.reinstate_subject(subject)
    return Done(
        value=known,
        event=actor.event("subject.reinstated", subject, {"revoked_by": known.revoked_by}, reason=reason or None),
    )


def _require_readable(reason: str) -> None:
    if len(reason) > _LONGEST_REASON or not reason.isprintable() or without_secrets(reason) != reason:
        raise Invalid(f"the reason must be printable, of at most {_LONGEST_REASON} characters, and hold no token")
