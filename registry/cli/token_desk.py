"""What can be done with tokens, on the store itself and on a running server: the same verbs for both."""

from typing import Protocol

from registry.auth.listing import IssuedToken, TokenList, TokenReport, issued_token, token_report, visible_tokens
from registry.auth.tokens import draw
from registry.cli.desks import PAGE, answered, performed, whole, whole_there
from registry.cli.target import Local, Remote
from registry.commands.issue_token import issue_token
from registry.commands.perform import perform
from registry.commands.revoke_token import revoke_token, revoke_tokens_of
from registry.policy.delegation import Mandate
from registry.policy.token import token_name
from registry.store.interface import Store
from registry.store.tokens import Token


class TokenDesk(Protocol):
    """Where tokens are issued, listed and revoked."""

    @property
    def registry(self) -> str:
        """How clients reach the registry that takes the tokens."""

    def issue(self, owner: str, label: str, mandate: Mandate, expires_in_s: int | None) -> IssuedToken:
        """*expires_in_s*: None for never."""

    def listed(self, subject: str | None) -> list[TokenReport]:
        """Newest first."""

    def revoke(self, public_id: str) -> TokenReport | None:
        """The token, revoked; None if there is none."""

    def revoke_of(self, subject: str) -> list[TokenReport]:
        """Those that were not revoked before."""


def token_desk(chosen: Local | Remote) -> TokenDesk:
    """For what a command works on."""
    return _There(chosen) if isinstance(chosen, Remote) else _Here(chosen)


class _Here:
    """On the store. Whoever reaches it may do everything, and is recorded as such."""

    def __init__(self, chosen: Local) -> None:
        self._chosen = chosen

    @property
    def registry(self) -> str:
        return self._chosen.settings.server.public_url

    def issue(self, owner: str, label: str, mandate: Mandate, expires_in_s: int | None) -> IssuedToken:
        now_us, actor = self._chosen.clock.now_us(), self._chosen.actor
        expires_us = None if expires_in_s is None else now_us + expires_in_s * 1_000_000
        drawn = draw()

        async def issue(store: Store) -> Token:
            return await perform(
                store,
                lambda transaction: issue_token(
                    transaction,
                    drawn.id,
                    drawn.digest,
                    owner=owner,
                    label=label,
                    mandate=mandate,
                    expires_us=expires_us,
                    actor=actor,
                ),
            )

        # The first administrator is made before anything was ever served.
        return issued_token(self._chosen.run(issue, prepare=True), drawn.text, now_us)

    def listed(self, subject: str | None) -> list[TokenReport]:
        async def read(store: Store) -> list[Token]:
            snapshot = store.snapshot()
            return whole(lambda before: visible_tokens(snapshot, _all, owner=subject, limit=PAGE, before=before))

        return [self._report(token) for token in self._chosen.run(read)]

    def revoke(self, public_id: str) -> TokenReport | None:
        async def revoke(store: Store) -> Token | None:
            return await performed(
                store,
                lambda transaction: revoke_token(transaction, public_id, within=_all, actor=self._chosen.actor),
            )

        token = self._chosen.run(revoke)
        return None if token is None else self._report(token)

    def revoke_of(self, subject: str) -> list[TokenReport]:
        async def revoke(store: Store) -> list[Token]:
            return await perform(
                store,
                lambda transaction: revoke_tokens_of(transaction, subject, within=_all, actor=self._chosen.actor),
            )

        return [self._report(token) for token in self._chosen.run(revoke)]

    def _report(self, token: Token) -> TokenReport:
        return token_report(token, self._chosen.clock.now_us())


class _There:
    """On a running server, with the credential of the command's environment."""

    def __init__(self, chosen: Remote) -> None:
        self._chosen = chosen

    @property
    def registry(self) -> str:
        return self._chosen.url

    def issue(self, owner: str, label: str, mandate: Mandate, expires_in_s: int | None) -> IssuedToken:
        body = {
            "owner": owner,
            "label": label,
            "roles": mandate.roles,
            "teams": mandate.teams,
            "namespaces": mandate.namespaces,
            "expires_in_s": expires_in_s,
        }
        return self._chosen.post("/v1/tokens", body, IssuedToken)

    def listed(self, subject: str | None) -> list[TokenReport]:
        return whole_there(self._chosen, "/v1/tokens", {"subject": subject}, TokenList)

    def revoke(self, public_id: str) -> TokenReport | None:
        return answered(lambda: self._chosen.delete(f"/v1/tokens/{token_name(public_id)}", TokenReport))

    def revoke_of(self, subject: str) -> list[TokenReport]:
        return self._chosen.post("/v1/tokens/revoke", {"subject": subject}, TokenList).items


def _all(_: Mandate) -> bool:
    return True
