"""A configured webhook: its settings, its key, and what it is told of."""

from collections.abc import Mapping

import msgspec

from registry.audit.chain import SealedEvent
from registry.audit.event import AuditEvent
from registry.audit.topic import teams_of, topic_of
from registry.errors import ConfigFault
from registry.outbox.signature import key_in
from registry.settings import Settings
from registry.settings.webhooks import WebhookSettings


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is the secret itself, resolved at the start."""

    settings: WebhookSettings
    key: bytes

    def __repr__(self) -> str:
        # The key must not reach a log.
        return f"Webhook({self.name!r})"

    @property
    def name(self) -> str:
        return self.settings.name


def resolved_webhooks(settings: Settings, environ: Mapping[str, str]) -> list[Webhook]:
    """
    The webhooks with their keys.

    Raises:
        ConfigFault: a secret is missing, readable by others, or no key; the message never contains it.
    """
    return [Webhook(settings=webhook, key=_key(webhook, environ)) for webhook in settings.webhooks]


def told_of(webhook: WebhookSettings, sealed: SealedEvent) -> bool:
    """Whether *sealed* is for this webhook. What cannot be read is not: it is for whoever verifies the record."""
    try:
        return _concerns(webhook, sealed.event)
    except ValueError:
        return False


def _concerns(webhook: WebhookSettings, event: AuditEvent) -> bool:
    if topic_of(event) not in webhook.events:
        return False
    if webhook.teams is None:
        return True
    teams = teams_of(event)
    return bool(webhook.teams) if teams is None else not teams.isdisjoint(webhook.teams)


def _key(webhook: WebhookSettings, environ: Mapping[str, str]) -> bytes:
    try:
        return key_in(webhook.secret.resolve(environ))
    except ValueError as error:
        raise ConfigFault(
            f'the secret of [[webhook]] "{webhook.name}" {error}; expected 24 to 64 bytes in base64, '
            "such as `openssl rand -base64 32` makes"
        ) from None
