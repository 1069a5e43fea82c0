"""Signed checkpoints: what the chain was at an instant, said with a key that the store does not hold.

A copy of a checkpoint that is kept elsewhere, in a dump or by an auditor, cannot be talked out of by whoever can write
the store. Ed25519 over, in this order: "mcp-registry checkpoint 1", sequence, instant and count (8 bytes each,
big-endian), the seal.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.audit.chain import Broken, Head, SealedEvent

_DOMAIN: Final = b"mcp-registry checkpoint 1"
KEY_BYTES: Final = 32


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """
    That the chain ended with this event at that instant.

    Attributes:
        count: How many events were sealed since the checkpoint before: so that none can be left out unnoticed.
        key: The public key that verifies the signature.
    """

    sequence: int
    at_us: int
    count: int
    seal: bytes
    key: bytes
    signature: bytes

    @property
    def key_id(self) -> str:
        return key_id(self.key)

    @property
    def genuine(self) -> bool:
        """Whether the key it names signed it. Whose key that is, is another question."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, _signed(self))
        except (InvalidSignature, ValueError):
            return False
        return True


class CheckpointKey:
    """
    What signs checkpoints.

    Raises ValueError for a *seed* that is not 32 bytes.
    """

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: Final = self._private.public_key().public_bytes_raw()

    @property
    def id(self) -> str:
        return key_id(self.public)

    def checkpoint(self, head: Head, *, at_us: int, before: int) -> Checkpoint:
        """Of a chain that ends with *head* at that instant. *before*: the sequence of the last checkpoint, or 0."""
        unsigned = Checkpoint(
            sequence=head.sequence,
            at_us=at_us,
            count=head.sequence - before,
            seal=head.seal,
            key=self.public,
            signature=b"",
        )
        return msgspec.structs.replace(unsigned, signature=self._private.sign(_signed(unsigned)))

    def __repr__(self) -> str:
        return f"CheckpointKey({self.id!r})"


def key_id(public: bytes) -> str:
    """The name of a key, from its public half: whoever has the key gives it the same one."""
    return sha256(public).hexdigest()[:16]


def vouches(
    checkpoint: Checkpoint, event: SealedEvent, *, before: int | None, trusted: Collection[bytes] | None = None
) -> Broken | None:
    """
    Why *checkpoint* does not confirm *event* as the end of its chain; None if it does.

    Args:
        before: The sequence of the checkpoint before it, 0 if it is the first, None if that is not known.
        trusted: The only public keys that are believed; None: the one it names.
    """
    where = checkpoint.sequence
    if trusted is not None and checkpoint.key not in trusted:
        return Broken(
            sequence=where, why=f"the checkpoint at {where} is signed with a key nobody trusts, {checkpoint.key_id}"
        )
    if not checkpoint.genuine:
        return Broken(sequence=where, why=f"the signature of the checkpoint at {where} is not right")
    if event.sequence != where or before == where:
        return Broken(sequence=where, why=f"the checkpoint at {where} stands behind event {event.sequence} or twice")
    if before is not None and (missing := where - checkpoint.count) != before:
        why = f"the checkpoint at {missing}, before the one at {where}, is missing"
        return Broken(sequence=missing, why=why)
    if event.seal != checkpoint.seal:
        return Broken(
            sequence=where,
            why=f"event {where} is not the one that the checkpoint confirms: what precedes it was sealed anew",
        )
    return None


def _signed(checkpoint: Checkpoint) -> bytes:
    numbers = (checkpoint.sequence, checkpoint.at_us, checkpoint.count)
    return _DOMAIN + b"".join(number.to_bytes(8, "big", signed=True) for number in numbers) + checkpoint.seal
