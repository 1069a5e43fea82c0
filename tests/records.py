"""A small record for tests: events that are alike in nothing, sealed one behind the other, and checkpoints of them."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from registry.audit.chain import BEGINNING, Head, SealedEvent, payload_digest, sealed
from registry.audit.checkpoint import Checkpoint, CheckpointKey
from registry.audit.event import AuditEvent, Outcome
from registry.store.interface import Store, Transaction

START_US: Final = 1_757_376_000_000_000
KEY: Final = CheckpointKey(bytes(range(32)))


def event(number: int, **changes: object) -> AuditEvent:
    """One that no other is equal to."""
    fields: dict[str, object] = {
        "action": ("server.published", "token.issued", "server.publish_refused")[number % 3],
        "actor": f"ci-{number % 4}@acme",
        "roles": ("publisher",),
        "object": f"com.acme/s{number}@1.0.0",
        "detail": {"n": number, "words": 'a "b", c', "none": None},
        "outcome": Outcome.REFUSED if number % 3 == 2 else Outcome.DONE,
        "reason": "=1+1\nand so on" if number % 5 == 0 else None,
    }
    return AuditEvent(**fields | changes)  # type: ignore[arg-type]  # fields of the struct, as they are named there


async def append(store: Store, *events: AuditEvent, payload: bytes | None = None) -> None:
    """Each in a transaction of its own."""
    for each in events:
        await store.transact(partial(_append, each, payload))


def chained(count: int, *, head: Head = BEGINNING) -> list[SealedEvent]:
    """That many events behind *head*; every seventh with something that is sealed apart."""
    events = []
    for number in range(head.sequence + 1, head.sequence + 1 + count):
        payload = payload_digest(b"salt", b"%d" % number) if number % 7 == 0 else None
        made = sealed(head, event(number), at_us=START_US + number // 2, payload=payload)
        events.append(made)
        head = made.head
    return events


def resealed(events: Iterable[SealedEvent], *, head: Head = BEGINNING) -> list[SealedEvent]:
    """The same events in this order, sealed anew: what somebody would do who can write the store."""
    made = []
    for each in events:
        made.append(sealed(head, each.event, at_us=max(each.at_us, head.at_us), payload=each.payload))
        head = made[-1].head
    return made


def checkpoints(events: Sequence[SealedEvent], *, every: int, key: CheckpointKey = KEY) -> list[Checkpoint]:
    """At each *every*th of them, and at the last."""
    made: list[Checkpoint] = []
    for each in events:
        if each.sequence % every == 0 or each is events[-1]:
            before = made[-1].sequence if made else 0
            made.append(key.checkpoint(each.head, at_us=each.at_us + 1, before=before))
    return made


def _append(event: AuditEvent, payload: bytes | None, transaction: Transaction) -> None:
    transaction.append_audit(event, payload=payload)
