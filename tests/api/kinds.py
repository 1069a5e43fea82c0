"""Who asks in the authorization matrix: kinds of callers, and places of names.

Another kind of credential adds its kinds to KINDS, with the caller they act as.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

import msgspec

from registry.auth.registry_tokens import Action, Method, Permission
from registry.policy.claims import WRITE
from registry.policy.principal import Origin, Role
from registry.settings.file import load_settings
from registry.wiring import registry_tokens
from tests.api.publishing import CLAIMED, Client
from tests.doubles.clock import FileClock
from tests.doubles.issued import bearer, issue, revoke
from tests.doubles.issuer import Issuer, IssuerKey
from tests.running import RunningRegistry

_OWN: Final = ("com.partner", "com.partner.*")
_EVERY: Final = ("*",)
_YEARS_S: Final = 10 * 365 * 86_400
ISSUER_KEY: Final = IssuerKey("matrix", curve=True)
"""Of the issuer that registries of the matrix trust."""
TEAM: Final = "everyone"
"""Whom everything that is decided is for."""


class Place(StrEnum):
    """Whose a name is, as seen by callers with patterns of their own. The value: its namespace."""

    OWN = "com.partner"
    FOREIGN = "com.other"
    CLAIMED = CLAIMED
    MIRRORED = "io.github.octavia"


class Caller(StrEnum):
    """
    As whom a caller is treated.

    EVERYTHING_ELSE: all roles but publisher and admin, for every name and the team. Approvers of names have no team;
    the one of the team has no names.
    """

    NOBODY = "nobody"
    BAD = "bad"
    AMBIGUOUS = "two credentials"
    BY_ADDRESS = "by a capability address"
    PUBLISHER = "publisher"
    PUBLISHER_OF_ALL = "publisher of all"
    PUBLIC_PUBLISHER_OF_ALL = "publisher of all who proved a public identity"
    ADMIN = "admin"
    READING_ADMIN = "admin who reads"
    ADMIN_OF_ALL = "admin of all"
    READER = "reader"
    APPROVER = "approver"
    APPROVER_OF_ALL = "approver of all"
    APPROVER_OF_TEAM = "approver of the team"
    APPROVER_OF_NOTHING = "approver of nothing"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    EVERYTHING_ELSE = "everything else, of all"


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """
    A kind of caller.

    Attributes:
        credential: Header lines, made once for a registry.
        below: What its paths begin with, made once for a registry.
        fleeting: It ends within minutes, so it is made for every request.
        open: Whether the registry it asks is read without a credential.
    """

    acts_as: Caller
    credential: Callable[[RunningRegistry], tuple[str, ...]]
    below: Callable[[RunningRegistry], str] = lambda _: ""
    origin: Origin = Origin.TOKEN
    fleeting: bool = False
    open: bool = True


def _token(
    *roles: Role, namespaces: tuple[str, ...] = (), teams: tuple[str, ...] = (TEAM,)
) -> Callable[[RunningRegistry], tuple[str, ...]]:
    def made(registry: RunningRegistry) -> tuple[str, ...]:
        owner = f"{'+'.join(roles)}@matrix"
        return (bearer(issue(registry, *roles, owner=owner, namespaces=namespaces, teams=teams, expires_in_s=None)),)

    return made


def _address(registry: RunningRegistry) -> str:
    """The path of a new capability address."""
    token = issue(registry, Role.ADMIN, owner="addresses", namespaces=_EVERY, expires_in_s=None)
    admin = Client(registry, token, prefix="")
    made = admin.request("POST", "/v1/capabilities", {"team": TEAM}, "Content-Type: application/json")
    assert made.status == 201, made.body
    url: str = made.json()["url"]
    return urlsplit(url).path.rstrip("/")


def _expired(registry: RunningRegistry) -> tuple[str, ...]:
    token = issue(registry, *Role, namespaces=_EVERY, expires_in_s=1)
    registry.clock.advance(2)
    return (bearer(token),)


def _revoked(registry: RunningRegistry) -> tuple[str, ...]:
    token = issue(registry, *Role, namespaces=_EVERY, expires_in_s=None)
    revoke(registry, token)
    return (bearer(token),)


def _two(registry: RunningRegistry) -> tuple[str, ...]:
    good = _token(*Role, namespaces=_EVERY)(registry)
    return (*good, *good)


def _login(method: Method) -> Callable[[RunningRegistry], tuple[str, ...]]:
    """What *method* answers with, signed by the registry's own key, for every name there is."""

    def made(registry: RunningRegistry) -> tuple[str, ...]:
        tokens = registry_tokens(load_settings(registry.config, {}), FileClock(registry.clock.path), {})
        assert tokens is not None
        everything = [Permission(action=Action.PUBLISH, resource=pattern) for pattern in _EVERY]
        return (bearer(tokens.issue(method, "matrix", everything)[0]),)

    return made


def _vouched_for(group: str) -> Callable[[RunningRegistry], tuple[str, ...]]:
    """A token of the issuer that the registry trusts, whose mappings are those of `trusting`."""

    def made(registry: RunningRegistry) -> tuple[str, ...]:
        (issuer,) = load_settings(registry.config, {}).issuers
        now_s = FileClock(registry.clock.path).now_us() // 1_000_000
        claims = {
            "iss": issuer.issuer,
            "aud": registry.url,
            "sub": "matrix",
            "iat": now_s,
            "exp": now_s + _YEARS_S,
            "groups": [group],
            "scope": f"openid {WRITE}",
        }
        return (bearer(ISSUER_KEY.token(claims, algorithm="ES256")),)

    return made


def trusting(issuer: Issuer) -> str:
    """Configuration under which members of the group `all` do everything but publish and administer, for every name."""
    first, second = (", ".join(f'"{role}"' for role in part) for part in (_ELSE[:2], _ELSE[2:]))
    return f"""
[[oidc]]
name = "acme"
issuer = "{issuer.url}"
algorithms = ["ES256"]
allow_private = true
[[oidc.mapping]]
claims = {{ groups = "all" }}
teams = ["{TEAM}"]
roles = [{first}]
namespaces = ["*"]
[[oidc.mapping]]
claims = {{ groups = ["some", "all"] }}
teams = ["{TEAM}"]
roles = [{second}]
namespaces = ["*"]
"""


_ELSE: Final = [role for role in Role if role not in (Role.PUBLISHER, Role.ADMIN)]

KINDS: Final[Mapping[str, Kind]] = {
    "no credential": Kind(acts_as=Caller.NOBODY, credential=lambda _: (), origin=Origin.ANONYMOUS, open=False),
    "anonymous": Kind(acts_as=Caller.NOBODY, credential=lambda _: (), origin=Origin.ANONYMOUS),
    "garbage": Kind(acts_as=Caller.BAD, credential=lambda _: (bearer("garbage"),)),
    "expired": Kind(acts_as=Caller.BAD, credential=_expired),
    "revoked": Kind(acts_as=Caller.BAD, credential=_revoked),
    "two headers": Kind(acts_as=Caller.AMBIGUOUS, credential=_two),
    "publisher": Kind(acts_as=Caller.PUBLISHER, credential=_token(Role.PUBLISHER, namespaces=_OWN)),
    "publisher of all": Kind(acts_as=Caller.PUBLISHER_OF_ALL, credential=_token(Role.PUBLISHER, namespaces=_EVERY)),
    "login of the organisation": Kind(
        acts_as=Caller.PUBLISHER_OF_ALL,
        credential=_login(Method.OIDC),
        origin=Origin.ORGANISATION,
        fleeting=True,
    ),
    **{
        f"login by {method}": Kind(
            acts_as=Caller.PUBLIC_PUBLISHER_OF_ALL,
            credential=_login(method),
            origin=Origin.PUBLIC_IDENTITY,
            fleeting=True,
        )
        for method in Method
        if method is not Method.OIDC
    },
    "admin": Kind(acts_as=Caller.ADMIN, credential=_token(Role.ADMIN, namespaces=_OWN)),
    "admin who reads": Kind(acts_as=Caller.READING_ADMIN, credential=_token(Role.ADMIN, Role.READER, namespaces=_OWN)),
    "admin of all": Kind(acts_as=Caller.ADMIN_OF_ALL, credential=_token(Role.ADMIN, namespaces=_EVERY)),
    "reader": Kind(acts_as=Caller.READER, credential=_token(Role.READER, namespaces=_OWN)),
    "approver": Kind(acts_as=Caller.APPROVER, credential=_token(Role.APPROVER, namespaces=_OWN, teams=())),
    "approver of all": Kind(
        acts_as=Caller.APPROVER_OF_ALL, credential=_token(Role.APPROVER, namespaces=_EVERY, teams=())
    ),
    "approver of the team": Kind(acts_as=Caller.APPROVER_OF_TEAM, credential=_token(Role.APPROVER)),
    # An empty list is not everything.
    "approver of nothing": Kind(acts_as=Caller.APPROVER_OF_NOTHING, credential=_token(Role.APPROVER, teams=())),
    "auditor": Kind(acts_as=Caller.AUDITOR, credential=_token(Role.AUDITOR, namespaces=_OWN)),
    "operator": Kind(acts_as=Caller.OPERATOR, credential=_token(Role.OPERATOR, namespaces=_OWN)),
    # By its issuer's word, which two of its mappings share out between them.
    "everything else, of all": Kind(
        acts_as=Caller.EVERYTHING_ELSE, credential=_vouched_for("all"), origin=Origin.ISSUER
    ),
    # An address is no credential elsewhere, and below it there is nothing that changes anything.
    "capability": Kind(acts_as=Caller.BY_ADDRESS, credential=lambda _: (), below=_address, origin=Origin.CAPABILITY),
}
