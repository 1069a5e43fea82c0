"""The hash chain: every event is sealed together with the seal of the one before it.

A seal is the SHA-256 of, in this order and nothing else:

    "mcp-registry audit 1"   20 bytes
    seal before              32 bytes, all zero before the first event
    sequence                 8 bytes, big-endian; the first event has 1, and none is left out
    instant                  8 bytes, big-endian, two's complement: microseconds since 1970 UTC
    payload                  one byte 0; or one byte 1, and the 32 bytes of the payload's digest
    record                   the event as it is kept, to the end

Everything before the record has its length from what precedes it, so no two events are sealed as the same bytes. The
digest of a payload is that of a random salt and the payload: once both are erased it says nothing about them, and the
chain does not need them.

This finds an edit, a deletion, a swap and an insertion. Whoever can write the store can also seal everything anew from
there on; what finds that is a checkpoint (checkpoint.py), of which a copy is kept elsewhere.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import msgspec

from registry.audit.event import AuditEvent, decode_event, encode_event

_DOMAIN: Final = b"mcp-registry audit 1"
_SEAL_BYTES: Final = 32


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """How far a chain goes: the number, instant and seal of its last event."""

    sequence: int
    at_us: int
    seal: bytes


BEGINNING: Final = Head(sequence=0, at_us=0, seal=bytes(_SEAL_BYTES))
"""Before the first event."""


class SealedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event in its place. `record`: its bytes, as sealed. `payload`: the digest of what was sealed apart."""

    sequence: int
    at_us: int
    record: bytes
    payload: bytes | None
    seal: bytes

    @property
    def event(self) -> AuditEvent:
        """Raises ValueError if the record holds none."""
        return decode_event(self.record)

    @property
    def head(self) -> Head:
        """Of a chain that ends with it."""
        return Head(sequence=self.sequence, at_us=self.at_us, seal=self.seal)


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """The first link that does not hold. `sequence`: the number of its event. `why`: in words."""

    sequence: int
    why: str


def sealed(head: Head, event: AuditEvent, *, at_us: int, payload: bytes | None = None) -> SealedEvent:
    """*event* as the one that follows *head*."""
    return sealed_record(head, encode_event(event), at_us=at_us, payload=payload)


def sealed_record(head: Head, record: bytes, *, at_us: int, payload: bytes | None = None) -> SealedEvent:
    """The same, of bytes that are kept already."""
    sequence = head.sequence + 1
    seal = _seal(head.seal, sequence, at_us, record, payload)
    return SealedEvent(sequence=sequence, at_us=at_us, record=record, payload=payload, seal=seal)


def payload_digest(salt: bytes, body: bytes) -> bytes:
    """What stands in the chain for a payload. *salt*: random, 16 bytes, kept and erased with it."""
    return sha256(salt + body).digest()


def follow(head: Head, event: SealedEvent) -> Broken | None:
    """Why *event* is not the one that follows *head*; None if it is."""
    expected = head.sequence + 1
    if event.sequence > expected:
        gone = f"event {expected} is" if event.sequence == expected + 1 else f"{event.sequence - expected} events are"
        return Broken(sequence=expected, why=f"{gone} missing: {event.sequence} follows {_shown(head.sequence)}")
    if event.sequence < expected:
        return Broken(
            sequence=expected, why=f"event {event.sequence} stands where event {expected} should be: out of its order"
        )
    if event.at_us < head.at_us:
        return Broken(sequence=expected, why=f"event {expected} is older than the one before it")
    if _seal(head.seal, event.sequence, event.at_us, event.record, event.payload) != event.seal:
        return Broken(sequence=expected, why=f"event {expected} is not what was sealed: it was edited or replaced")
    return None


def first_broken(events: Iterable[SealedEvent], *, head: Head = BEGINNING, end: Head | None = None) -> Broken | None:
    """
    The first link that does not hold; None if all do.

    Args:
        head: What the first of *events* follows.
        end: Where they must end; None: wherever they do.
    """
    for event in events:
        if (broken := follow(head, event)) is not None:
            return broken
        head = event.head
    return None if end is None else ends(head, end)


def ends(head: Head, end: Head) -> Broken | None:
    """Why a chain that was followed to *head* does not end as *end* says; None if it does."""
    if head.sequence < end.sequence:
        return Broken(
            sequence=head.sequence + 1,
            why=f"the end is missing: {_shown(head.sequence)} is the last one, and {end.sequence} were sealed",
        )
    if head.sequence > end.sequence:
        return Broken(sequence=end.sequence + 1, why=f"event {end.sequence + 1} was added behind the end")
    if (head.seal, head.at_us) != (end.seal, end.at_us):
        return Broken(sequence=end.sequence, why=f"event {end.sequence} is not the one with which the record ended")
    return None


def _seal(before: bytes, sequence: int, at_us: int, record: bytes, payload: bytes | None) -> bytes:
    digest = sha256(_DOMAIN + before)
    digest.update(sequence.to_bytes(8, "big") + at_us.to_bytes(8, "big", signed=True))
    digest.update(b"\0" if payload is None else b"\1" + payload)
    digest.update(record)
    return digest.digest()


def _shown(sequence: int) -> str:
    return f"event {sequence}" if sequence else "the beginning"
