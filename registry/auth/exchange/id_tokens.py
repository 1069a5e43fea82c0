"""Tokens of other issuers: what is read before they are believed, and what must hold. Pure.

Nothing but the key's name is taken from a token before its signature was checked, with a key that its issuer
publishes and for the one algorithm that key is for.
"""

import re
from collections.abc import Collection
from typing import Any, Final

import jwt
import msgspec

from registry.auth.exchange.login import LoginRefused

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
"""All that is understood: signatures with a private key, none with a secret that is shared."""

LONGEST: Final = 16 * 1024

_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_LONGEST_NAME: Final = 255
# Clocks of two parties differ; what has expired has expired.
_AHEAD_S: Final = 30
_MALFORMED: Final = "this is not a signed token as an issuer makes them"

Claims = dict[str, object]


class IdToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it came, and the name of the key that it says signed it."""

    text: str
    key_id: str

    def __repr__(self) -> str:
        # Whoever has the text has the identity.
        return f"IdToken(key_id={self.key_id!r})"


def read_token(text: str, algorithms: Collection[str]) -> IdToken:
    """Raises LoginRefused: no JWT, without the name of a key, or not by one of *algorithms*."""
    if len(text) > LONGEST or not _COMPACT.fullmatch(text):
        raise LoginRefused(_MALFORMED)
    try:
        header = jwt.PyJWS().get_unverified_header(text)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise LoginRefused(_MALFORMED) from error
    if header.get("alg") not in algorithms:
        raise LoginRefused(f"the token is signed in a way that is not accepted; expected {' or '.join(algorithms)}")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= _LONGEST_NAME or {"crit", "b64"} & header.keys():
        raise LoginRefused(_MALFORMED)
    return IdToken(text=text, key_id=key_id)


def verified(
    token: IdToken,
    key: jwt.PyJWK,
    *,
    algorithms: Collection[str],
    issuer: str,
    audiences: Collection[str],
    now_us: int,
) -> Claims:
    """
    The claims of *token*.

    Args:
        audiences: What it may be for: exactly one of these, and nothing beside it. A token that is for others, too, is
            one that they could use here.

    Raises LoginRefused: another signature, issuer or audience; expired, or not valid yet.
    """
    if key.algorithm_name not in algorithms:
        raise LoginRefused("the token is signed with a key that is for something else")
    # One that is weaker than its algorithm wants is no key.
    jws = jwt.PyJWS(algorithms=list(algorithms), options={"enforce_minimum_key_length": True})
    try:
        payload: bytes = jws.decode(token.text, key, algorithms=[key.algorithm_name])
        claims = msgspec.json.decode(payload, type=Claims)
    except (jwt.PyJWTError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LoginRefused(f"the token is not signed by {issuer}") from error
    if claims.get("iss") != issuer:
        raise LoginRefused(f"invalid issuer: expected {issuer}")
    _require_for(claims.get("aud"), audiences)
    _require_now(claims, now_us / 1_000_000)
    return claims


def subject_of(claims: Claims) -> str:
    """Who it is. Raises LoginRefused where that is not said in printable words."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_NAME or not subject.isprintable():
        raise LoginRefused("the token does not say whose it is")
    return subject


def _require_for(audience: object, audiences: Collection[str]) -> None:
    said = audience if isinstance(audience, list) else [audience]
    if len(said) != 1 or not isinstance(said[0], str) or said[0] not in audiences:
        shown = ", ".join(each[:200] for each in said[:3] if isinstance(each, str) and each.isprintable())
        raise LoginRefused(f"invalid audience: expected {' or '.join(sorted(audiences))}, got [{shown}]")


def _require_now(claims: Claims, now_s: float) -> None:
    expires, issued, begins = (_instant(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None:
        raise LoginRefused("the token does not say from when to when it is valid")
    if expires <= now_s:
        raise LoginRefused("the token has expired")
    if max(issued, begins or issued) > now_s + _AHEAD_S:
        raise LoginRefused("the token is not valid yet")


def _instant(claims: Claims, name: str) -> float | None:
    value: Any = claims.get(name)  # Any: JSON
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LoginRefused("the token says in an odd way when it is valid")
    return float(value) if abs(value) < 1e15 else float("inf")
