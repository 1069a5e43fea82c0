"""What a receiver is told: an event of the record as JSON, bounded, and without what is secret or nobody's business.

Where somebody asked from and under which request is left out: who may know that reads the record.
"""

from typing import Final
from urllib.parse import quote

import msgspec

from registry.audit.chain import SealedEvent
from registry.audit.event import AuditEvent, Facts
from registry.audit.topic import topic_of
from registry.ids import new_id
from registry.policy.token import without_secrets
from schemas.rfc3339 import format_instant

_LONGEST_TEXT: Final = 1000
_MOST_BYTES: Final = 32 * 1024
_SEAL_SHOWN: Final = 16
_INSTANT: Final = "_us"
_encode: Final = msgspec.json.Encoder().encode


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: the same whenever this is sent."""

    id: str
    body: bytes


class _Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    `detail`, `before` and `after` as the record has them, with instants as RFC 3339.

    `truncated`: they were too long, and are in the record alone.
    """

    object: str
    actor: str
    outcome: str
    reason: str | None = None
    digest: str | None = None
    decided_by: str | None = None
    detail: Facts | None = None
    before: Facts | None = None
    after: Facts | None = None
    truncated: bool = False


class _Payload(msgspec.Struct, frozen=True, kw_only=True):
    """`type`: the action, as the record calls it. `timestamp`: when it happened."""

    id: str
    type: str
    topic: str
    timestamp: str
    registry: str
    data: _Told
    links: dict[str, str]


def message(sealed: SealedEvent, *, public_url: str) -> Message:
    """
    *sealed* as it is told. Its id names number and seal: a record that was restored goes on with numbers that were
    used before, and with other seals.

    Raises ValueError if the record holds no event there.
    """
    event = sealed.event
    message_id = f"evt_{sealed.sequence}_{sealed.seal.hex()[:_SEAL_SHOWN]}"
    topic = topic_of(event)
    payload = _Payload(
        id=message_id,
        type=event.action,
        topic="" if topic is None else topic.value,
        timestamp=format_instant(sealed.at_us),
        registry=public_url,
        data=_told(event),
        links=_links(event, public_url)
        | {"event": f"{public_url}/v1/audit-events?order=oldest&cursor={sealed.sequence - 1}&limit=1"},
    )
    return Message(id=message_id, body=_bounded(payload))


def test_message(webhook: str, *, actor: str, now_us: int, public_url: str) -> Message:
    """Something that did not happen, to see whether it arrives."""
    message_id = new_id("evt_test", now_us)
    payload = _Payload(
        id=message_id,
        type="webhook.test",
        topic="test",
        timestamp=format_instant(now_us),
        registry=public_url,
        data=_Told(object=webhook, actor=_shown(actor), outcome="done"),
        links={},
    )
    return Message(id=message_id, body=_encode(payload))


def _told(event: AuditEvent) -> _Told:
    return _Told(
        object=_shown(event.object),
        actor=_shown(event.actor),
        outcome=event.outcome.value,
        reason=None if event.reason is None else _shown(event.reason),
        digest=event.digest,
        decided_by=None if event.decided_by is None else _shown(event.decided_by),
        detail=_facts(event.detail),
        before=_facts(event.before),
        after=_facts(event.after),
    )


def _facts(facts: Facts | None) -> Facts | None:
    if facts is None:
        return None
    shown: Facts = {}
    for name, value in facts.items():
        if name.endswith(_INSTANT) and isinstance(value, int):
            shown[f"{name.removesuffix(_INSTANT)}_at"] = format_instant(value)
        else:
            shown[name] = _shown(value) if isinstance(value, str) else value
    return shown


def _shown(text: str) -> str:
    return without_secrets(text)[:_LONGEST_TEXT]


def _links(event: AuditEvent, public_url: str) -> dict[str, str]:
    links = {}
    if event.action.startswith("approval."):
        links["approval"] = f"{public_url}/v1/approvals/{quote(event.object, safe='')}"
    server = event.detail.get("server")
    if event.action.startswith("server."):
        server = event.object.partition("@")[0]
    if isinstance(server, str) and server:
        links["server"] = f"{public_url}/v0.1/servers/{quote(server, safe='')}/versions"
    if isinstance(run := event.detail.get("run"), str):
        links["run"] = f"{public_url}/v1/sync-runs/{quote(run, safe='')}"
    return links


def _bounded(payload: _Payload) -> bytes:
    body = _encode(payload)
    if len(body) <= _MOST_BYTES:
        return body
    cut = msgspec.structs.replace(payload.data, detail=None, before=None, after=None, truncated=True)
    return _encode(msgspec.structs.replace(payload, data=cut))
