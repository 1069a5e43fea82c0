"""The tokens that a login answers with: JWTs of this instance, for this instance, for five minutes (reference §6.1).

Unlike upstream's they name issuer and audience, which are this instance's own address, and the key that signed them,
so that a token of another registry means nothing here and keys rotate. Nothing about a token is believed before its
signature; every claim must be there and have its type.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import jwt
import msgspec

from registry.auth.authenticate import bad_token
from registry.auth.signing_keys import SigningKey
from registry.catalog.pattern import parse_pattern
from registry.clock import Clock
from registry.errors import Invalid
from registry.ids import new_id
from registry.policy.principal import Origin, Principal, Role

LIFETIME_S: Final = 300

_ALGORITHM: Final = "EdDSA"
_LONGEST: Final = 24 * 1024
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


class Method(StrEnum):
    """How somebody logged in."""

    DNS = "dns"
    HTTP = "http"
    GITHUB_AT = "github-at"
    GITHUB_OIDC = "github-oidc"
    OIDC = "oidc"
    NONE = "none"


class Action(StrEnum):
    """What a permission is for."""

    PUBLISH = "publish"
    EDIT = "edit"


class Permission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One action on the names that a pattern covers."""

    action: Action
    resource: str


ROLES: Final = {Action.PUBLISH: Role.PUBLISHER, Action.EDIT: Role.ADMIN}
"""What a permission makes of its bearer."""


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    alg: str
    kid: str
    typ: str


class _Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    iss: str
    aud: str
    sub: str
    iat: int
    nbf: int
    exp: int
    jti: str
    auth_method: Method
    auth_method_sub: str
    permissions: list[Permission]


class RegistryTokens:
    """
    Args:
        keys: The first signs, all verify. At least one.
        public_url: This instance's own address: issuer and audience of its tokens.
    """

    def __init__(self, keys: Sequence[SigningKey], *, public_url: str, clock: Clock) -> None:
        if not keys:
            raise ValueError("tokens need a key to sign them")
        self._signing: Final = keys[0]
        self._verifying: Final = {key.key_id: key.public for key in keys}
        self._public_url: Final = public_url
        self._clock: Final = clock
        self._jws: Final = jwt.PyJWS(algorithms=[_ALGORITHM])

    def issue(self, method: Method, subject: str, permissions: Sequence[Permission]) -> tuple[str, int]:
        """A token, and the Unix time in seconds from which on it is not accepted any more."""
        now_us = self._clock.now_us()
        now_s = now_us // 1_000_000
        claims = _Claims(
            iss=self._public_url,
            aud=self._public_url,
            sub=f"{method}:{subject}",
            iat=now_s,
            nbf=now_s,
            exp=now_s + LIFETIME_S,
            jti=new_id("tok", now_us),
            auth_method=method,
            auth_method_sub=subject,
            permissions=list(permissions),
        )
        token = self._jws.encode(
            msgspec.json.encode(claims),
            self._signing.private,
            algorithm=_ALGORITHM,
            headers={"kid": self._signing.key_id},
        )
        return token, claims.exp

    def verify(self, text: str) -> Principal:
        """
        Whose token *text* is.

        Raises Unauthenticated for whatever is not a token of this instance that is valid at this moment. Why, is not
        said: it would only help who guesses.
        """
        try:
            return _principal(self._believed(text))
        except (jwt.PyJWTError, msgspec.MsgspecError, Invalid, ValueError, RecursionError) as error:
            raise bad_token() from error

    def _believed(self, text: str) -> _Claims:
        if len(text) > _LONGEST or not _COMPACT.fullmatch(text):
            raise ValueError("no compact JWT")
        header = msgspec.convert(self._jws.get_unverified_header(text), _Header)
        if header.alg != _ALGORITHM or header.typ != "JWT" or header.kid not in self._verifying:
            raise ValueError("not one of ours")
        payload: bytes = self._jws.decode(text, self._verifying[header.kid], algorithms=[_ALGORITHM])
        claims = msgspec.json.decode(payload, type=_Claims)
        if claims.iss != self._public_url or claims.aud != self._public_url:
            raise ValueError("of another instance, or for one")
        now_s = self._clock.now_us() // 1_000_000
        if not (claims.iat <= now_s and claims.nbf <= now_s < claims.exp <= claims.iat + LIFETIME_S):
            raise ValueError("not at this moment")
        return claims


def _principal(claims: _Claims) -> Principal:
    if claims.sub != f"{claims.auth_method}:{claims.auth_method_sub}":
        raise ValueError("two subjects")
    resources = {action: _resources(claims.permissions, action) for action in Action}
    granted = [patterns for patterns in resources.values() if patterns]
    # A principal has one list of names for all its roles: two different ones would widen the smaller.
    if any(patterns != granted[0] for patterns in granted):
        raise ValueError("permissions on different names")
    organisation = claims.auth_method is Method.OIDC
    if resources[Action.EDIT] and not organisation:
        raise ValueError("nobody else gives this")
    return Principal(
        subject=claims.sub,
        origin=Origin.ORGANISATION if organisation else Origin.PUBLIC_IDENTITY,
        roles=frozenset(ROLES[action] for action, patterns in resources.items() if patterns),
        namespaces=granted[0] if granted else (),
    )


def _resources(permissions: Sequence[Permission], action: Action) -> tuple[str, ...]:
    patterns = [each.resource for each in permissions if each.action is action]
    if any(parse_pattern(pattern) != pattern for pattern in patterns):
        raise ValueError("a namespace without its star")
    return tuple(patterns)
