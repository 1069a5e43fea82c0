"""`/auth/oidc`: the organisation's issuer says who it is, the configuration what that gives (reference §6.3)."""

from collections.abc import Mapping
from typing import Final

from registry.auth.exchange.id_tokens import ALGORITHMS, read_token, subject_of, verified
from registry.auth.exchange.issuer_keys import IssuerKeys
from registry.auth.exchange.login import Granted, LoginRefused, permissions
from registry.auth.registry_tokens import Action, Method
from registry.clock import Clock
from registry.egress.client import EgressClient
from registry.policy.claims import meets
from registry.settings.auth import LoginRole, OidcLogin

_ACTIONS: Final = {LoginRole.PUBLISHER: Action.PUBLISH, LoginRole.ADMIN: Action.EDIT}


class OidcExchange:
    """See login.Login."""

    method: Final = Method.OIDC
    members: Final = ("oidc_token",)
    failure: Final = "Token exchange failed"

    def __init__(self, settings: OidcLogin, client: EgressClient, clock: Clock, *, public_url: str) -> None:
        self._settings = settings
        self._audience = settings.client_id or public_url
        self._clock = clock
        self._keys = IssuerKeys(
            settings.issuer, jwks_url=None, client=client, clock=clock, allow_private=settings.allow_private
        )

    def claimed(self, given: Mapping[str, str]) -> str | None:
        return None

    async def exchange(self, given: Mapping[str, str]) -> Granted:
        settings = self._settings
        token = read_token(given["oidc_token"], ALGORITHMS)
        claims = verified(
            token,
            await self._keys.key(token.key_id),
            algorithms=ALGORITHMS,
            issuer=settings.issuer,
            audiences=[self._audience],
            now_us=self._clock.now_us(),
        )
        for name, condition in settings.claims.items():
            if not meets(claims, name, condition):
                raise LoginRefused(f"the token's claim {name!r} is not what this registry asks for")
        actions = [_ACTIONS[role] for role in dict.fromkeys(settings.roles)]
        granted = permissions(actions, dict.fromkeys(settings.namespaces))
        return Granted(method=self.method, subject=subject_of(claims), permissions=granted)
