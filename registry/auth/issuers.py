"""Tokens of the issuers in `[[oidc]]`: whose they are, judged at every use.

Nothing of a token is believed before its signature but which issuer's keys to ask for; the issuer, the audience and the
algorithm must be those of the configuration (`exchange/id_tokens.py`). Fetching keys waits for others and judging does
not: `prepare` has the key at hand, `verify` uses what is there. What is remembered of a good token saves its signature;
it is believed until the token expires or the issuer's keys are renewed.
"""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Final, NamedTuple

import jwt
import msgspec

from registry.auth.authenticate import NotJudged, bad_token
from registry.auth.exchange.id_tokens import LONGEST, IdToken, read_token, subject_of, verified
from registry.auth.exchange.issuer_keys import IssuerKeys
from registry.auth.exchange.login import LoginRefused
from registry.clock import Clock
from registry.policy.claims import ClaimRule, principal_of_claims
from registry.policy.principal import Principal

_MOST_KNOWN: Final = 4096


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """
    One issuer that is trusted.

    Attributes:
        name: What its subjects begin with here, before a colon.
        url: As it spells itself.
        audience: What its tokens are for, and nothing beside it.
    """

    name: str
    url: str
    audience: str
    algorithms: tuple[str, ...]
    rules: tuple[ClaimRule, ...]
    keys: IssuerKeys


class _Named(msgspec.Struct, frozen=True):
    iss: str


class _Good(NamedTuple):
    """A token that was good, the key that showed it, and until when it is."""

    issuer: Issuer
    key_id: str
    key: jwt.PyJWK
    expires_us: float
    principal: Principal


class IssuerTokens:
    """Those of *issuers*, which have different URLs."""

    def __init__(self, issuers: Iterable[Issuer], clock: Clock) -> None:
        self._issuers: Final = {issuer.url: issuer for issuer in issuers}
        self._clock: Final = clock
        self._good: dict[bytes, _Good] = {}

    @property
    def urls(self) -> Sequence[str]:
        """Of all issuers, as they spell themselves."""
        return tuple(self._issuers)

    async def prepare(self, text: str) -> None:
        """Have the key at hand that *text* is judged by, if it says that it is of one of these issuers."""
        good = self._good.get(_digest(text))
        issuer = good.issuer if good is not None else self._issuer(text)
        if issuer is None:
            return
        with suppress(LoginRefused):
            key_id = good.key_id if good is not None else read_token(text, issuer.algorithms).key_id
            await issuer.keys.key(key_id)

    def verify(self, text: str) -> Principal | None:
        """
        Who bears *text*; None if it does not say that it is of one of these issuers.

        Raises Unauthenticated for whatever is no good, without a reason that would help who guesses, and NotJudged
        while the issuer's keys cannot be had.
        """
        digest = _digest(text)
        good = self._good.get(digest)
        if good is not None and good.issuer.keys.at_hand(good.key_id) is good.key:
            if self._clock.now_us() >= good.expires_us:
                raise bad_token()
            return good.principal
        issuer = self._issuer(text)
        if issuer is None:
            return None
        try:
            good = self._judged(issuer, read_token(text, issuer.algorithms))
        except LoginRefused as error:
            raise bad_token() from error
        if len(self._good) >= _MOST_KNOWN:
            self._good.clear()
        self._good[digest] = good
        return good.principal

    def _judged(self, issuer: Issuer, token: IdToken) -> _Good:
        key = issuer.keys.at_hand(token.key_id)
        if key is None:
            if not issuer.keys.usable:
                raise NotJudged
            raise bad_token()
        claims = verified(
            token,
            key,
            algorithms=issuer.algorithms,
            issuer=issuer.url,
            audiences=[issuer.audience],
            now_us=self._clock.now_us(),
        )
        principal = principal_of_claims(f"{issuer.name}:{subject_of(claims)}", claims, issuer.rules)
        expires_s = claims["exp"]
        assert isinstance(expires_s, int | float)  # Or it would have been refused.
        return _Good(issuer, token.key_id, key, expires_s * 1_000_000, principal)

    def _issuer(self, text: str) -> Issuer | None:
        """The issuer that *text* says it is of. Not proven; whose keys to ask is all that follows from it."""
        if len(text) > LONGEST:
            return None
        _, _, rest = text.partition(".")
        payload = rest.partition(".")[0]
        try:
            named = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Named)
        except (binascii.Error, msgspec.MsgspecError, ValueError, RecursionError):
            return None
        return self._issuers.get(named.iss)


def _digest(text: str) -> bytes:
    # Not the text itself: whoever has that has the identity.
    return sha256(text.encode()).digest()
