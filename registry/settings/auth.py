"""`[auth]`: how somebody becomes a publisher, and `[egress]`: how this registry asks others.

A login exists when its table does, be it an empty one; without its table its route does not.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from registry.policy.claims import Condition
from registry.settings.secret import SecretRef
from registry.settings.values import (
    DNS_NAME,
    EXACT_URL,
    FilePath,
    Flag,
    NameServer,
    Url,
    bracketed_addresses_are_real,
)

Issuer = Annotated[
    str,
    Meta(
        pattern=EXACT_URL,
        description="an issuer's http or https URL, exactly as it spells itself",
        extra={"parse": bracketed_addresses_are_real},
    ),
]
"""Compared character by character, so a slash at its end stays."""

DnsName = Annotated[str, Meta(pattern=rf"^{DNS_NAME}\Z", description='a domain such as "github.io"')]
NamespacePrefix = Annotated[
    str,
    Meta(
        pattern=rf"^{DNS_NAME}\.\Z",
        description='the beginning of a namespace, with the dot at its end, such as "io.github."',
    ),
]
NamePattern = Annotated[
    str,
    Meta(
        pattern=r"^(?:\*|[a-zA-Z0-9.-]{1,150}/(?:\*|[a-zA-Z0-9._-]{1,40})|[a-zA-Z0-9.-]{1,150}\.\*)\Z",
        description='a pattern of names: "com.acme/*", "com.acme.*", "com.acme/payroll" or "*"',
    ),
]
ShortText = Annotated[
    str,
    Meta(pattern=r"^[\x21-\x7e]{1,255}\Z", description="1 to 255 printable ASCII characters without blanks"),
]
Conditions = Annotated[
    dict[str, Condition],
    Meta(description='a table of claims, such as { department = "platform", groups = ["a", "b"] }'),
]

SHARED_HOSTS = (
    "github.io",
    "gitlab.io",
    "bitbucket.io",
    "codeberg.page",
    "pages.dev",
    "workers.dev",
    "netlify.app",
    "vercel.app",
    "web.app",
    "firebaseapp.com",
    "herokuapp.com",
    "azurewebsites.net",
    "onrender.com",
    "fly.dev",
    "ngrok.io",
    "ngrok-free.app",
)
"""Below these anybody gets a host for the asking; who has one proves nothing that lasts."""


class LoginRole(StrEnum):
    """What a login of the organisation may give."""

    PUBLISHER = "publisher"
    ADMIN = "admin"


class DnsLogin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[auth.dns]`: a TXT record proves a domain."""


class HttpLogin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[auth.http]`: a file below `/.well-known` proves a domain."""

    allow_private: Flag = False


class GithubAtLogin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[auth.github_at]`: a GitHub access token proves an account."""

    api_url: Url = "https://api.github.com"
    client_id: ShortText | None = None
    """What `mcp-publisher login github` needs to open GitHub's page."""
    namespace_prefix: NamespacePrefix = "io.github."
    allow_private: Flag = False


class GithubOidcLogin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[auth.github_oidc]`: a workflow of GitHub Actions proves the owner of its repository."""

    issuer: Issuer = "https://token.actions.githubusercontent.com"
    jwks_url: Url | None = None
    """None: `/.well-known/jwks` below the issuer."""
    namespace_prefix: NamespacePrefix = "io.github."
    allow_legacy_audience: Flag = False
    allow_private: Flag = False


class OidcLogin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[auth.oidc]`: the organisation's own issuer says who somebody is; what that gives is said here."""

    issuer: Issuer
    client_id: ShortText | None = None
    """The audience of its tokens; None: this registry's `public_url`."""
    claims: Conditions = {}
    """All keys must match; of an array, one element."""
    namespaces: tuple[NamePattern, ...] = ()
    roles: tuple[LoginRole, ...] = ()
    allow_private: Flag = False


class NoneLogin(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[auth.none]`: anybody may publish below one namespace for trying things out."""

    allow_beyond_loopback: Flag = False


class AuthSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[auth]`: the logins, and the keys that sign what they answer with. A login that is None is off."""

    signing_keys: tuple[SecretRef, ...] = ()
    """The first signs, all verify. None configured: one is made beside the store."""
    shared_hosts: tuple[DnsName, ...] = SHARED_HOSTS
    """Domains that prove nothing for dns and http, nor does any below them."""
    dns: DnsLogin | None = None
    http: HttpLogin | None = None
    github_at: GithubAtLogin | None = None
    github_oidc: GithubOidcLogin | None = None
    oidc: OidcLogin | None = None
    none: NoneLogin | None = None

    @property
    def any_login(self) -> bool:
        """Whether somebody can log in at all."""
        return any((self.dns, self.http, self.github_at, self.github_oidc, self.oidc, self.none))


class EgressSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[egress]`: how others are asked."""

    nameservers: tuple[NameServer, ...] = ()
    """Asked instead of the host's, for texts and addresses alike."""
    ca_file: FilePath | None = None
    """Certificates (PEM) of authorities to trust beside the public ones."""
