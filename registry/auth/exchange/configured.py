"""The logins that the configuration turns on."""

from collections.abc import Sequence

from registry.auth.exchange.anonymous import AnonymousExchange
from registry.auth.exchange.dns import DnsExchange
from registry.auth.exchange.github_at import GithubAtExchange
from registry.auth.exchange.github_oidc import GithubOidcExchange
from registry.auth.exchange.http import HttpExchange
from registry.auth.exchange.login import Login
from registry.auth.exchange.oidc import OidcExchange
from registry.clock import Clock
from registry.egress.client import EgressClient
from registry.egress.names import NameServers
from registry.settings.auth import AuthSettings


def configured_logins(
    settings: AuthSettings, *, public_url: str, client: EgressClient, nameservers: Sequence[str], clock: Clock
) -> list[Login]:
    """
    What is on, ready to be asked.

    Args:
        public_url: This instance's own address, which tokens of others must be meant for.
        nameservers: Asked for TXT records; empty: those of the host.

    Raises:
        ConfigFault: there are no name servers to ask.
    """
    logins: list[Login] = []
    if settings.dns is not None:
        logins.append(DnsExchange(NameServers(nameservers), clock, shared_hosts=settings.shared_hosts))
    if settings.http is not None:
        allow_private = settings.http.allow_private
        logins.append(HttpExchange(client, clock, shared_hosts=settings.shared_hosts, allow_private=allow_private))
    if settings.github_at is not None:
        logins.append(GithubAtExchange(settings.github_at, client))
    if settings.github_oidc is not None:
        logins.append(GithubOidcExchange(settings.github_oidc, client, clock, public_url=public_url))
    if settings.oidc is not None:
        logins.append(OidcExchange(settings.oidc, client, clock, public_url=public_url))
    if settings.none is not None:
        logins.append(AnonymousExchange())
    return logins
