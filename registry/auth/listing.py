"""Tokens as administrators see them, through the API and on the command line."""

from collections.abc import Callable
from typing import Final

import msgspec

from registry.policy.delegation import Mandate
from registry.policy.token import token_name
from registry.store.interface import Snapshot
from registry.store.subjects import RevokedSubject
from registry.store.tokens import Token
from schemas.rfc3339 import format_instant

Position = tuple[int, str]

_AT_A_TIME: Final = 200


class TokenReport(msgspec.Struct, frozen=True, kw_only=True):
    """A token without what is secret of it. `state`: active, expired or revoked; `expires_at` is null for never."""

    id: str
    state: str
    owner: str
    label: str
    roles: list[str]
    teams: list[str]
    namespaces: list[str]
    created_at: str
    created_by: str
    expires_at: str | None
    revoked_at: str | None
    revoked_by: str | None


class IssuedToken(TokenReport, frozen=True, kw_only=True):
    """The answer to who had it issued; nothing shows `token` again."""

    token: str


class TokenList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as `/v1` writes it. `metadata`: `count`, and `nextCursor` if there are more."""

    items: list[TokenReport]
    metadata: dict[str, int | str]


class SubjectReport(msgspec.Struct, frozen=True, kw_only=True):
    """A subject of an issuer or a login whose tokens are refused."""

    subject: str
    reason: str
    revoked_at: str
    revoked_by: str


def subject_report(revoked: RevokedSubject) -> SubjectReport:
    """*revoked*, as administrators see it."""
    return SubjectReport(
        subject=revoked.subject,
        reason=revoked.reason,
        revoked_at=format_instant(revoked.revoked_us),
        revoked_by=revoked.revoked_by,
    )


def token_report(token: Token, now_us: int) -> TokenReport:
    """*token* as it stands at that instant."""
    return TokenReport(
        id=token_name(token.id),
        state="active" if token.in_force(now_us) else "revoked" if token.revoked_us is not None else "expired",
        owner=token.owner,
        label=token.label,
        roles=[role.value for role in token.mandate.roles],
        teams=list(token.mandate.teams),
        namespaces=list(token.mandate.namespaces),
        created_at=format_instant(token.created_us),
        created_by=token.created_by,
        expires_at=_at(token.expires_us),
        revoked_at=_at(token.revoked_us),
        revoked_by=token.revoked_by,
    )


def issued_token(token: Token, text: str, now_us: int) -> IssuedToken:
    """*token* with its *text*, for the one who asked for it."""
    return IssuedToken(token=text, **msgspec.structs.asdict(token_report(token, now_us)))


def visible_tokens(
    snapshot: Snapshot, within: Callable[[Mandate], bool], *, owner: str | None, limit: int, before: Position | None
) -> tuple[list[Token], Position | None]:
    """
    Up to *limit* tokens, newest first, and the position to go on from; None if there are no more.

    Args:
        within: Whether a token with that mandate is for the viewer to see. May read all tokens: not for the event loop.
    """
    found: list[Token] = []
    while page := snapshot.tokens(owner=owner, limit=_AT_A_TIME, before=before):
        for token in page:
            if within(token.mandate):
                if len(found) == limit:
                    return found, found[-1].position
                found.append(token)
        before = page[-1].position
    return found, None


def _at(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
