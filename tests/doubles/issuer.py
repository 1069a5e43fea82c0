"""An OpenID issuer on loopback: its configuration, its keys, and the tokens it signs."""

import json
import threading
import warnings
from types import TracebackType
from typing import Any, Final, Self

import jwt
import jwt.warnings
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.doubles.web import Asked, Reply, WebServer, json_reply

LIFETIME_S: Final = 600
_PATIENCE_S: Final = 10.0


class IssuerKey:
    """A key pair of an issuer. Making an RSA key takes a moment: tests share them."""

    def __init__(self, key_id: str, *, curve: bool = False, bits: int = 2048) -> None:
        self.key_id = key_id
        self.private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if curve:
            self.private = ec.generate_private_key(ec.SECP256R1())
            published = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
            published = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        self.published: dict[str, Any] = {**published, "kid": key_id, "use": "sig"}  # Any: JSON

    def token(self, claims: dict[str, object], *, algorithm: str = "RS256", **header: object) -> str:
        """*claims*, signed. *header* wins over what it would say by itself; None leaves it out."""
        said: dict[str, Any] = {"kid": self.key_id, **header}  # Any: PyJWT's own type
        headers = {name: value for name, value in said.items() if value is not None}
        with warnings.catch_warnings():
            # Short keys are among what tests sign with.
            warnings.simplefilter("ignore", jwt.warnings.InsecureKeyLengthWarning)
            return jwt.PyJWS().encode(json.dumps(claims).encode(), self.private, algorithm=algorithm, headers=headers)


class Issuer:
    """
    Args:
        keys: Those it publishes at first; a test may change `keys` at any time.

    Attributes:
        away: While true it answers 503 to everything.
        described: What its configuration says; a test may change that, too.
        answering: While it is cleared, answers wait.
    """

    def __init__(self, *keys: IssuerKey) -> None:
        self.keys = list(keys)
        self.away = False
        self.answering = threading.Event()
        self.answering.set()
        self._web = WebServer(self._answer)
        self.url = self._web.url
        self.described: dict[str, object] = {"issuer": self.url, "jwks_uri": f"{self.url}/.well-known/jwks"}

    def __enter__(self) -> Self:
        self._web.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.__exit__(kind, error, trace)

    @property
    def fetches(self) -> int:
        """How often its keys were asked for."""
        return sum(asked.target == "/.well-known/jwks" for asked in self._web.asked)

    def claims(self, audience: object, at_us: int, **more: object) -> dict[str, object]:
        """Those of a token it would issue at that instant."""
        now_s = at_us // 1_000_000
        return {
            "iss": self.url,
            "aud": audience,
            "sub": "somebody",
            "iat": now_s,
            "nbf": now_s,
            "exp": now_s + LIFETIME_S,
            **more,
        }

    def _answer(self, asked: Asked) -> Reply:
        self.answering.wait(_PATIENCE_S)
        if self.away:
            return Reply(status=503)
        match asked.target:
            case "/.well-known/jwks":
                return json_reply({"keys": [key.published for key in self.keys]})
            case "/.well-known/openid-configuration":
                return json_reply(self.described)
        return Reply(status=404)
