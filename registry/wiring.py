"""From settings to the things they describe: what the server and the command line both have to make."""

from collections.abc import Mapping
from pathlib import Path

from registry import RELEASE
from registry.audit.checkpoint import CheckpointKey
from registry.auth.exchange.issuer_keys import IssuerKeys
from registry.auth.issuers import Issuer, IssuerTokens
from registry.auth.registry_tokens import Method, RegistryTokens
from registry.auth.signing_keys import make_own_key, resolved_keys
from registry.catalog.overlay import PRIVATE, Source
from registry.catalog.pattern import parse_pattern
from registry.clock import Clock
from registry.egress.client import EgressClient, Network, trust
from registry.egress.names import NameServers
from registry.logs import BoundLog
from registry.outbox.sender import Sender
from registry.policy.claims import ClaimRule
from registry.publishing import Publisher
from registry.settings import Settings
from registry.settings.auth import AuthSettings
from registry.settings.key_file import make_key_file, resolve_seed
from registry.settings.oidc import IssuerSettings, MappingSettings
from registry.settings.secret import SecretRef
from registry.store.interface import Store
from registry.verify.ownership import ownership
from sync.configured import ConfiguredUpstream


def private_source(settings: Settings) -> Source:
    """The source of what is published here. It goes before every upstream, whose precedences start at 0."""
    return Source(id=PRIVATE, precedence=-1, claims=settings.publish.claims)


def configured_upstreams(settings: Settings, environ: Mapping[str, str]) -> list[ConfiguredUpstream]:
    """
    The upstreams with their secrets, in order of precedence.

    Raises:
        ConfigFault: a secret that is referred to is missing or readable by others.
    """
    return [
        ConfiguredUpstream(settings=upstream, token=None if upstream.token is None else upstream.token.resolve(environ))
        for upstream in sorted(settings.upstreams, key=lambda upstream: upstream.precedence)
    ]


def publisher(
    settings: Settings, store: Store, *, client: EgressClient, clock: Clock, environ: Mapping[str, str]
) -> Publisher:
    """
    What publishes into *store*, with the rules of *settings*. Belongs to one event loop.

    Args:
        client: For asking whose a package is. To be opened and closed by the caller.
        environ: Where the secrets for that are looked up.

    Raises:
        ConfigFault: a secret that is referred to is missing or readable by others.
    """
    return Publisher(
        store,
        clock=clock,
        settings=settings.publish,
        ownership=ownership(settings, client, clock, environ),
        severities=settings.validation.severities(),
    )


def egress_client(settings: Settings, clock: Clock, *, network: Network | None = None) -> EgressClient:
    """
    The client for everything that is asked of others.

    Args:
        network: What opens sockets; tests pass one of their own.

    Raises:
        ConfigFault: the certificates that the configuration names cannot be used.
    """
    servers = settings.egress.nameservers
    return EgressClient(
        clock=clock,
        user_agent=f"mcp-registry/{RELEASE}",
        resolver=NameServers(servers) if servers else None,
        tls=trust(settings.egress.ca_file),
        network=network,
    )


def sender(settings: Settings, client: EgressClient, clock: Clock) -> Sender:
    """What sends messages to webhooks. *client*: to be opened and closed by the caller."""
    return Sender(client, clock, public_url=settings.server.public_url)


def ensure_signing_key(settings: Settings, log: BoundLog) -> None:
    """
    Make the key that signs tokens, if somebody can log in and no key is configured. The store's folder must be there.
    """
    if settings.auth.any_login and not settings.auth.signing_keys:
        made = make_own_key(settings.store.path)
        if made is not None:
            log.info(f"made the key that signs registry tokens: {made}; keep it with the store", file=str(made))


def registry_tokens(settings: Settings, clock: Clock, environ: Mapping[str, str]) -> RegistryTokens | None:
    """
    What issues and verifies the tokens that logins answer with; None where nobody can log in.

    Raises:
        ConfigFault: a key is missing, readable by others, or no key.
    """
    if not (settings.auth.any_login or settings.auth.signing_keys):
        return None
    # Keys that are configured must be there, needed or not.
    keys = resolved_keys(settings.auth.signing_keys, settings.store.path, environ)
    if not settings.auth.any_login:
        return None
    return RegistryTokens(keys, public_url=settings.server.public_url, clock=clock)


def issuer_tokens(settings: Settings, *, client: EgressClient, clock: Clock, log: BoundLog) -> IssuerTokens | None:
    """What knows the tokens of the issuers in `[[oidc]]`; None without any. *client* fetches their keys."""
    if not settings.issuers:
        return None
    issuers = [
        Issuer(
            name=_subjects_begin_with(each, settings.auth),
            url=each.issuer,
            audience=each.audience or settings.server.public_url,
            algorithms=each.algorithms,
            rules=tuple(map(_claim_rule, each.mappings)),
            keys=IssuerKeys(
                each.issuer,
                jwks_url=each.jwks_url,
                client=client,
                clock=clock,
                allow_private=each.allow_private,
                log=log,
            ),
        )
        for each in settings.issuers
    ]
    return IssuerTokens(issuers, clock)


def _subjects_begin_with(issuer: IssuerSettings, auth: AuthSettings) -> str:
    """Who publishes by a login and decides with a token of the same issuer is one person: nobody approves their own."""
    if auth.oidc is not None and auth.oidc.issuer == issuer.issuer:
        return Method.OIDC
    if auth.github_oidc is not None and auth.github_oidc.issuer == issuer.issuer:
        return Method.GITHUB_OIDC
    return issuer.name


def _claim_rule(mapping: MappingSettings) -> ClaimRule:
    return ClaimRule(
        claims=mapping.claims,
        teams=mapping.teams,
        roles=mapping.roles,
        namespaces=tuple(map(parse_pattern, mapping.namespaces)),
    )


def own_checkpoint_key_file(settings: Settings) -> Path:
    """Where the key is that signs checkpoints of the record, unless one is configured."""
    return settings.store.path.with_name(f"{settings.store.path.name}.audit-key")


def make_checkpoint_key(settings: Settings) -> Path | None:
    """Make the key beside the store if none is configured and none is there; its path if it was made now."""
    path = own_checkpoint_key_file(settings)
    return path if settings.audit.signing_key is None and make_key_file(path) else None


def checkpoint_key(settings: Settings, environ: Mapping[str, str]) -> CheckpointKey:
    """
    What signs checkpoints of the record.

    Raises:
        ConfigFault: the key is missing, readable by others, or none.
    """
    reference = settings.audit.signing_key or SecretRef(file=own_checkpoint_key_file(settings))
    return CheckpointKey(resolve_seed(reference, environ))
