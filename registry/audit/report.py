"""The record as auditors read it, through the API and on the command line. What is sealed is there as it was sealed."""

import msgspec

from registry.audit.chain import SealedEvent
from registry.audit.checkpoint import Checkpoint
from registry.audit.event import AuditEvent, Facts
from schemas.rfc3339 import format_instant, parse_instant

_UNREADABLE = AuditEvent(action="(unreadable)", actor="", roles=(), object="", detail={})


class EventReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    An event in its place. `record`: its bytes as they were sealed, which say all of the rest.

    `payload` is the digest of what was sealed apart, null if nothing was. Digests and seals are hexadecimal.
    """

    sequence: int
    at: str
    action: str
    actor: str
    roles: list[str]
    object: str
    outcome: str
    detail: Facts
    digest: str | None
    before: Facts | None
    after: Facts | None
    reason: str | None
    source: str | None
    request: str | None
    decided_by: str | None
    payload: str | None
    seal: str
    record: str


class EventList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as `/v1` writes it. `metadata`: `count`, `head`, and `nextCursor` if there may be more."""

    items: list[EventReport]
    metadata: dict[str, int | str]


class CheckpointReport(msgspec.Struct, frozen=True, kw_only=True):
    """That the record ended with event `sequence` and `seal` at that instant; `key` verifies the signature."""

    sequence: int
    at: str
    count: int
    seal: str
    key_id: str
    key: str
    signature: str


class CheckpointList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as `/v1` writes it. `metadata`: `count`, and `nextCursor` if there are more."""

    items: list[CheckpointReport]
    metadata: dict[str, int | str]


def event_report(sealed: SealedEvent) -> EventReport:
    """*sealed*, also if its record cannot be read."""
    try:
        event = sealed.event
    except ValueError:
        event = _UNREADABLE
    return EventReport(
        sequence=sealed.sequence,
        at=format_instant(sealed.at_us),
        action=event.action,
        actor=event.actor,
        roles=list(event.roles),
        object=event.object,
        outcome=event.outcome.value,
        detail=event.detail,
        digest=event.digest,
        before=event.before,
        after=event.after,
        reason=event.reason,
        source=event.source,
        request=event.request,
        decided_by=event.decided_by,
        payload=None if sealed.payload is None else sealed.payload.hex(),
        seal=sealed.seal.hex(),
        record=sealed.record.decode(errors="replace"),
    )


def sealed_again(report: EventReport) -> SealedEvent:
    """The event as it was sealed. Raises ValueError if *report* holds none."""
    return SealedEvent(
        sequence=report.sequence,
        at_us=parse_instant(report.at),
        record=report.record.encode(),
        payload=None if report.payload is None else bytes.fromhex(report.payload),
        seal=bytes.fromhex(report.seal),
    )


def checkpoint_report(checkpoint: Checkpoint) -> CheckpointReport:
    """*checkpoint* in words."""
    return CheckpointReport(
        sequence=checkpoint.sequence,
        at=format_instant(checkpoint.at_us),
        count=checkpoint.count,
        seal=checkpoint.seal.hex(),
        key_id=checkpoint.key_id,
        key=checkpoint.key.hex(),
        signature=checkpoint.signature.hex(),
    )


def checkpoint_again(report: CheckpointReport) -> Checkpoint:
    """The checkpoint in *report*. Raises ValueError if it holds none."""
    return Checkpoint(
        sequence=report.sequence,
        at_us=parse_instant(report.at),
        count=report.count,
        seal=bytes.fromhex(report.seal),
        key=bytes.fromhex(report.key),
        signature=bytes.fromhex(report.signature),
    )
