"""The keys of an issuer, as it publishes them: kept, renewed when one is not known, and good for a while without it.

An issuer that cannot be reached stops nobody whose key is known already; after a day it does, because a key that was
withdrawn would never be noticed. One request waits for a renewal; those whose key is known go on meanwhile.
"""

import asyncio
import contextlib
from typing import Any, Final

import jwt
import msgspec

from registry.auth.exchange.id_tokens import ALGORITHMS
from registry.auth.exchange.login import LoginRefused
from registry.clock import Clock
from registry.egress.client import EgressClient, EgressPolicy, FetchLimits
from registry.errors import RegistryError, UpstreamNonsense
from registry.logs import BoundLog

FRESH_S: Final = 600
"""So old a set is renewed at the next occasion."""
TOLERATED_S: Final = 24 * 3600
"""So old a set that could not be renewed is not used any more."""
PAUSE_S: Final = 60
"""The issuer is asked so often at most, whatever keys are named..."""
EMPTY_PAUSE_S: Final = 5
"""...and so often while there is no set to go on with."""

_NS: Final = 1_000_000_000
_LIMITS: Final = FetchLimits(connect_s=3, read_s=3, total_s=5, max_decoded_bytes=256 * 1024, max_ratio=200)
_MOST_KEYS: Final = 100


class IssuerKeys:
    """
    Args:
        jwks_url: Where the keys are; None: where the issuer's own configuration says.
        log: Told when they cannot be had, for issuers whose tokens nobody hears of otherwise.
    """

    def __init__(
        self,
        issuer: str,
        *,
        jwks_url: str | None,
        client: EgressClient,
        clock: Clock,
        allow_private: bool,
        log: BoundLog | None = None,
    ) -> None:
        self._issuer = issuer
        self._jwks_url = jwks_url
        self._client = client
        self._clock = clock
        self._policy = EgressPolicy(allow_private=allow_private)
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_ns: int | None = None
        self._asked_ns: int | None = None
        self._trouble: RegistryError | None = None
        self._log = log
        self._one_at_a_time = asyncio.Lock()

    async def key(self, key_id: str) -> jwt.PyJWK:
        """Raises LoginRefused: the issuer has no such key, or there is no set that may still be used."""
        if self._due(key_id) and not (self._one_at_a_time.locked() and self.at_hand(key_id) is not None):
            async with self._one_at_a_time:
                if self._due(key_id):
                    await self._renew()
        if not self.usable:
            raise LoginRefused(f"the keys of {self._issuer} cannot be had; try again later") from self._trouble
        found = self.at_hand(key_id)
        if found is None:
            raise LoginRefused(f"the token is signed with a key that {self._issuer} does not publish")
        return found

    @property
    def usable(self) -> bool:
        """Whether there is a set of keys that may still be used."""
        age_s = self._since_s(self._fetched_ns)
        return age_s is not None and age_s < TOLERATED_S

    def at_hand(self, key_id: str) -> jwt.PyJWK | None:
        """That key of the set there is, as far as it may still be used. The same object until the set is renewed."""
        return self._keys.get(key_id) if self.usable else None

    def _due(self, key_id: str) -> bool:
        age_s, asked_s = self._since_s(self._fetched_ns), self._since_s(self._asked_ns)
        if age_s is None or age_s >= TOLERATED_S:
            return asked_s is None or asked_s >= EMPTY_PAUSE_S
        return (age_s >= FRESH_S or key_id not in self._keys) and (asked_s is None or asked_s >= PAUSE_S)

    async def _renew(self) -> None:
        began_ns = self._asked_ns = self._clock.monotonic_ns()
        try:
            keys = parse_key_set(await self._fetched(self._jwks_url or await self._discovered()))
        except RegistryError as error:
            # Whoever waited for this does not ask again, and wait once more.
            self._asked_ns = self._clock.monotonic_ns()
            self._trouble = error
            if self._log is not None:
                self._log.warning(f"the keys of {self._issuer} cannot be had: {error}", issuer=self._issuer)
            return
        self._keys, self._fetched_ns, self._trouble = keys, began_ns, None

    async def _discovered(self) -> str:
        """OpenID Connect Discovery 1.0 §4: the issuer in it is exactly the one that was asked."""
        described = _object(await self._fetched(self._issuer.rstrip("/") + "/.well-known/openid-configuration"))
        jwks_uri = described.get("jwks_uri")
        if described.get("issuer") != self._issuer:
            raise UpstreamNonsense(f"{self._issuer} calls itself something else; write the issuer as it does")
        if not isinstance(jwks_uri, str):
            raise UpstreamNonsense(f"{self._issuer} does not say where its keys are")
        if self._issuer.startswith("https://") and not jwks_uri.startswith("https://"):
            raise UpstreamNonsense(f"{self._issuer} has its keys where anybody on the way could change them")
        return jwks_uri

    async def _fetched(self, url: str) -> bytes:
        fetched = await self._client.get(
            url, headers={"Accept": "application/json"}, policy=self._policy, limits=_LIMITS
        )
        return fetched.body

    def _since_s(self, instant_ns: int | None) -> float | None:
        return None if instant_ns is None else (self._clock.monotonic_ns() - instant_ns) / _NS


def parse_key_set(body: bytes) -> dict[str, jwt.PyJWK]:
    """
    The keys in a JSON Web Key Set by their names. What is not for signatures, has no name, or is of an unknown kind is
    passed over; a name that stands twice is nobody's.

    Raises UpstreamNonsense: no such set, or more keys than anybody has.
    """
    listed = _object(body).get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise UpstreamNonsense("the issuer's keys are no set of keys")
    named = [each for each in listed if isinstance(each, dict) and isinstance(each.get("kid"), str)]
    names = [each["kid"] for each in named]
    keys: dict[str, jwt.PyJWK] = {}
    for each in named:
        if _for_signatures(each) and names.count(each["kid"]) == 1:
            with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError):
                keys[each["kid"]] = jwt.PyJWK.from_dict(each)
    return keys


# Any: JSON.
def _for_signatures(key: dict[str, Any]) -> bool:
    known = key.get("kty") in ("RSA", "EC", "OKP") and key.get("alg", ALGORITHMS[0]) in ALGORITHMS
    return known and key.get("use", "sig") == "sig"


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamNonsense("the issuer did not answer in JSON") from error
    if not isinstance(found, dict):
        raise UpstreamNonsense("the issuer did not answer with a JSON object")
    return found
