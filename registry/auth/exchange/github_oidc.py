"""`/auth/github-oidc`: a workflow of GitHub Actions publishes in its repository owner's namespace (reference §6.3).

The audience is this instance. The one that all registries used to share is refused unless the configuration says
otherwise: a token for another registry would be good here (CVE-2026-44428).
"""

from collections.abc import Mapping
from typing import Final

from registry.auth.exchange.github import names_of
from registry.auth.exchange.id_tokens import read_token, subject_of, verified
from registry.auth.exchange.issuer_keys import IssuerKeys
from registry.auth.exchange.login import Granted, LoginRefused, permissions
from registry.auth.registry_tokens import Action, Method
from registry.clock import Clock
from registry.egress.client import EgressClient
from registry.settings.auth import GithubOidcLogin

_ALGORITHMS: Final = ("RS256",)
_LEGACY_AUDIENCE: Final = "mcp-registry"


class GithubOidcExchange:
    """See login.Login."""

    method: Final = Method.GITHUB_OIDC
    members: Final = ("oidc_token",)
    failure: Final = "Token exchange failed"

    def __init__(self, settings: GithubOidcLogin, client: EgressClient, clock: Clock, *, public_url: str) -> None:
        self._issuer = settings.issuer
        self._prefix = settings.namespace_prefix
        self._audiences = {public_url} | ({_LEGACY_AUDIENCE} if settings.allow_legacy_audience else set())
        self._clock = clock
        self._keys = IssuerKeys(
            settings.issuer,
            jwks_url=settings.jwks_url or settings.issuer.rstrip("/") + "/.well-known/jwks",
            client=client,
            clock=clock,
            allow_private=settings.allow_private,
        )

    def claimed(self, given: Mapping[str, str]) -> str | None:
        return None

    async def exchange(self, given: Mapping[str, str]) -> Granted:
        token = read_token(given["oidc_token"], _ALGORITHMS)
        claims = verified(
            token,
            await self._keys.key(token.key_id),
            algorithms=_ALGORITHMS,
            issuer=self._issuer,
            audiences=self._audiences,
            now_us=self._clock.now_us(),
        )
        pattern = names_of(claims.get("repository_owner"), self._prefix)
        if pattern is None:
            raise LoginRefused("the token names no repository owner that could be a namespace")
        granted = permissions([Action.PUBLISH], [pattern])
        return Granted(method=self.method, subject=subject_of(claims), permissions=granted)
