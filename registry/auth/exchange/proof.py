"""The proof of a domain (reference §6.2): a published key, and a signature over the instant of the login. Pure.

A signature says nothing about domain or registry, so it is good for one login, of whatever domain: `Claim.spends` names
it. The same signature can be written in two ways where the curve is P-384; both have the same name.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP384R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from registry.auth.exchange.login import LoginRefused
from registry.commands.grant_login import SpentOnce
from schemas.rfc3339 import parse_instant

WINDOW_US: Final = 15_000_000

# Longer than the window: a host's clock that is set back a little makes no old proof new.
_REMEMBERED_US: Final = 600_000_000
_RECORD: Final = re.compile(r"v=MCPv1;\s*k=([^;\s]{1,40});\s*p=([A-Za-z0-9+/]{1,200}={0,2})", re.ASCII)
_MOST_KEYS: Final = 10
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){1,256}", re.ASCII)
_ED25519_KEY_BYTES: Final = 32
_P384_KEY_BYTES: Final = 49
_P384_HALF_BYTES: Final = 48
_P384_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
_SIGNATURE_BYTES: Final = {"ed25519": 64, "ecdsap384": 2 * _P384_HALF_BYTES}


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it is published: `algorithm`, and `key` as base64."""

    algorithm: str
    key: str

    @property
    def shown(self) -> str:
        """Enough to recognize it by."""
        return f"{self.algorithm}:{self.key[:8]}"


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody logs in at `instant_us`: the text they signed, and the signature."""

    instant_us: int
    signed: bytes
    signature: bytes

    @property
    def spends(self) -> SpentOnce:
        """What nobody may log in with again."""
        canonical = self.signature
        if len(canonical) == _SIGNATURE_BYTES["ecdsap384"]:
            r, s = canonical[:_P384_HALF_BYTES], int.from_bytes(canonical[_P384_HALF_BYTES:], "big")
            canonical = r + min(s, abs(_P384_ORDER - s)).to_bytes(_P384_HALF_BYTES, "big")
        digest = hashlib.sha256(self.signed + b"\0" + canonical).digest()
        return SpentOnce(digest=digest, expires_us=self.instant_us + WINDOW_US + _REMEMBERED_US)


def published(texts: Iterable[str]) -> list[Record]:
    """The keys in *texts*: the first of each, wherever in it."""
    found = (_RECORD.search(text) for text in texts)
    return [Record(algorithm=match[1], key=match[2]) for match in found if match]


def read_claim(timestamp: str, signature: str, *, now_us: int) -> Claim:
    """
    Raises LoginRefused: no instant, none within 15 s of now, or a signature that is not written in hexadecimal.
    """
    try:
        instant_us = parse_instant(timestamp)
    except ValueError as error:
        raise LoginRefused("invalid timestamp: expected RFC 3339, such as 2025-08-07T13:15:04Z") from error
    if abs(now_us - instant_us) > WINDOW_US:
        raise LoginRefused("timestamp outside valid window (±15 seconds)")
    if not _HEX.fullmatch(signature):
        raise LoginRefused("invalid signature: expected hexadecimal characters")
    return Claim(instant_us=instant_us, signed=timestamp.encode(), signature=bytes.fromhex(signature))


def require_signed(claim: Claim, records: Sequence[Record]) -> None:
    """
    *claim* carries the signature of one of *records*, of which there is at least one.

    Takes a millisecond for each record: not for the event loop.

    Raises LoginRefused: with what is wrong with the keys if none can be used, else with the keys that were tried; or
    more keys than anybody needs.
    """
    if len(records) > _MOST_KEYS:
        raise LoginRefused(f"{len(records)} public keys are published there; {_MOST_KEYS} are the most")
    faults: list[LoginRefused] = []
    tried: list[Record] = []
    for record in records:
        try:
            key = _public_key(record)
        except LoginRefused as fault:
            faults.append(fault)
            continue
        if _signed_by(key, claim):
            return
        tried.append(record)
    if not tried:
        raise faults[0]
    raise LoginRefused(_not_signed(claim, tried))


def _public_key(record: Record) -> Ed25519PublicKey | EllipticCurvePublicKey:
    if record.algorithm not in _SIGNATURE_BYTES:
        raise LoginRefused(f"unsupported public key algorithm: {record.algorithm}")
    try:
        raw = base64.b64decode(record.key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LoginRefused("invalid public key: expected standard base64") from error
    if record.algorithm == "ed25519":
        if len(raw) != _ED25519_KEY_BYTES:
            raise LoginRefused("invalid Ed25519 public key size")
        return Ed25519PublicKey.from_public_bytes(raw)
    if len(raw) != _P384_KEY_BYTES:
        raise LoginRefused("invalid ECDSA P-384 public key size")
    try:
        if raw[0] not in (2, 3):
            raise ValueError("not compressed")
        return EllipticCurvePublicKey.from_encoded_point(SECP384R1(), raw)
    except ValueError as error:
        raise LoginRefused("invalid ECDSA P-384 public key: expected a compressed point") from error


def _signed_by(key: Ed25519PublicKey | EllipticCurvePublicKey, claim: Claim) -> bool:
    signature = claim.signature
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, claim.signed)
            return True
        if len(signature) != _SIGNATURE_BYTES["ecdsap384"]:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:_P384_HALF_BYTES], signature[_P384_HALF_BYTES:]))
        key.verify(encode_dss_signature(r, s), claim.signed, ECDSA(hashes.SHA384()))
    except InvalidSignature:
        return False
    return True


def _not_signed(claim: Claim, tried: Sequence[Record]) -> str:
    if len(tried) == 1:
        message = f"signature verification failed (tried published key {tried[0].shown})"
    else:
        keys = ", ".join(record.shown for record in tried)
        message = f"signature verification failed against all {len(tried)} published keys (tried: {keys})"
    sizes = sorted({_SIGNATURE_BYTES[record.algorithm] for record in tried})
    if len(claim.signature) not in sizes:
        expected = " or ".join(map(str, sizes))
        # reference §7: the stock client does not pad, so about one of its logins in 128 is a byte short.
        return f"{message}; the signature has {len(claim.signature)} bytes instead of {expected}; log in again"
    return f"{message}; log in with the private key that belongs to a published one"
