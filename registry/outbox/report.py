"""How webhooks are doing, for API, command line and metrics alike. Instants are RFC 3339."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from registry.outbox.webhook import told_of
from registry.settings.webhooks import WebhookSettings
from registry.store.interface import Snapshot
from registry.store.webhooks import WebhookState
from schemas.rfc3339 import format_instant

MOST_READ: Final = 1000
"""Events of the record that are looked at to count what waits."""


class WebhookReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        url: Scheme and host alone: a path may be a secret.
        teams: null for whatever team it concerns.
        state: ok; failing: the last try did; off: no server has started with it in its configuration.
        waiting: How many events it is to be told of; `waiting_more`: or more, not all of the record was looked at.
        tries: How often the first of them has failed. `next_try_at`: null for at once.
        trouble: Why it failed. `trouble_since`: since when nothing got through.
        dead: How many were given up, each of which is on record as `webhook.given_up`; the last at `dead_at`.
    """

    name: str
    url: str
    events: list[str]
    teams: list[str] | None
    state: str
    since: str | None
    waiting: int
    waiting_more: bool
    tries: int
    next_try_at: str | None
    trouble: str | None
    trouble_since: str | None
    delivered: int
    delivered_at: str | None
    dead: int
    dead_at: str | None


class WebhookList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as `/v1` writes it."""

    items: list[WebhookReport]
    metadata: dict[str, int]


def webhook_reports(snapshot: Snapshot, webhooks: Sequence[WebhookSettings]) -> list[WebhookReport]:
    """Of each in the order of the configuration. Reads some of the record: not for the event loop."""
    states = {state.name: state for state in snapshot.webhooks()}
    return [_report(snapshot, webhook, states.get(webhook.name)) for webhook in webhooks]


def _report(snapshot: Snapshot, webhook: WebhookSettings, state: WebhookState | None) -> WebhookReport:
    waiting, more = (0, False) if state is None else _waiting(snapshot, webhook, state)
    known = state or WebhookState(name=webhook.name, since_us=0, position=0)
    return WebhookReport(
        name=webhook.name,
        url=_origin(webhook.url),
        events=[topic.value for topic in webhook.events],
        teams=None if webhook.teams is None else list(webhook.teams),
        state="off" if state is None else "ok" if state.trouble is None else "failing",
        since=None if state is None else format_instant(state.since_us),
        waiting=waiting,
        waiting_more=more,
        tries=known.tries,
        next_try_at=_at(known.next_us),
        trouble=known.trouble,
        trouble_since=_at(known.trouble_us),
        delivered=known.delivered,
        delivered_at=_at(known.delivered_us),
        dead=known.dead,
        dead_at=_at(known.dead_us),
    )


def _waiting(snapshot: Snapshot, webhook: WebhookSettings, state: WebhookState) -> tuple[int, bool]:
    events = snapshot.sealed_events(after=state.position, limit=MOST_READ)
    return sum(told_of(webhook, sealed) for sealed in events), len(events) == MOST_READ


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _at(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
