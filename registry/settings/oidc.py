"""`[[oidc]]`: issuers whose tokens say who calls, at every door, and what that gives."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from registry.policy.principal import Role
from registry.settings.auth import Conditions, Issuer, NamePattern, ShortText
from registry.settings.values import Flag, Url

IssuerName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}\Z",
        description="a name: 1 to 40 of a-z, 0-9 and -, not starting with -",
    ),
]
ViewName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}(?:~[a-z0-9][a-z0-9-]{0,39})?\Z",
        description='a team, such as "backend", or an environment of it, "backend~prod"',
    ),
]


class Algorithm(StrEnum):
    """Signatures with a private key; none with a secret that is shared."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    ES384 = "ES384"
    EDDSA = "EdDSA"


class MappingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[oidc.mapping]]`: what tokens give whose claims meet all of `claims`."""

    claims: Conditions
    """All keys must match; of an array, one element. An empty table is every token of the issuer."""
    teams: tuple[ViewName, ...] = ()
    roles: tuple[Role, ...] = ()
    namespaces: tuple[NamePattern, ...] = ()


class IssuerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[oidc]]`. `name` is what subjects of this issuer begin with here: `acme:00u1`."""

    name: IssuerName
    issuer: Issuer
    audience: ShortText | None = None
    """None: this registry's `public_url`."""
    algorithms: Annotated[tuple[Algorithm, ...], Meta(min_length=1, description="an array of algorithms")] = (
        Algorithm.RS256,
    )
    jwks_url: Url | None = None
    """None: where the issuer's own configuration says."""
    mappings: tuple[MappingSettings, ...] = field(default=(), name="mapping")
    allow_private: Flag = False
