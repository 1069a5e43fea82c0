"""What a publisher has: a key for a domain, and the proofs that mcp-publisher makes with it (reference §6.2, §7)."""

import base64
from typing import Final, Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from schemas.rfc3339 import format_instant

P384_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973


class ProofKey(Protocol):
    """A key for a domain."""

    @property
    def record(self) -> str:
        """What is published."""

    def sign(self, text: str) -> bytes: ...


class Ed25519Key:
    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()

    @property
    def record(self) -> str:
        return f"v=MCPv1; k=ed25519; p={base64.b64encode(self._private.public_key().public_bytes_raw()).decode()}"

    def sign(self, text: str) -> bytes:
        return self._private.sign(text.encode())


class P384Key:
    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP384R1())

    @property
    def record(self) -> str:
        point = self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
        )
        return f"v=MCPv1; k=ecdsap384; p={base64.b64encode(point).decode()}"

    def sign(self, text: str) -> bytes:
        """R and S, 48 bytes each."""
        r, s = self.numbers(text)
        return r.to_bytes(48, "big") + s.to_bytes(48, "big")

    def sign_short(self, text: str) -> bytes:
        """As the stock client writes it when R begins with a zero byte: without padding, 95 bytes."""
        while True:
            r, s = self.numbers(text)
            if r.bit_length() <= 376 and s.bit_length() > 376:
                return r.to_bytes(47, "big") + s.to_bytes(48, "big")

    def numbers(self, text: str) -> tuple[int, int]:
        return decode_dss_signature(self._private.sign(text.encode(), ec.ECDSA(hashes.SHA384())))


def proof(key: ProofKey, domain: str, at_us: int) -> dict[str, str]:
    """The body of a login at that instant."""
    timestamp = format_instant(at_us)
    return {"domain": domain, "timestamp": timestamp, "signed_timestamp": key.sign(timestamp).hex()}
