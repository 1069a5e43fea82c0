"""`/v1/webhooks`: how telling others goes, and trying it. For operators; who is told what the configuration says."""

from collections.abc import Sequence
from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import encoded
from registry.api.noted import noted_on
from registry.api.operators import Operators
from registry.clock import Clock
from registry.errors import NotFound
from registry.outbox.report import WebhookList, webhook_reports
from registry.outbox.sender import Sender
from registry.outbox.trial import tried
from registry.outbox.webhook import Webhook
from registry.store.interface import Store

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_NOT_KEPT: Final = ((b"cache-control", b"no-store"),)


def webhook_routes(
    store: Store, clock: Clock, operators: Operators, webhooks: Sequence[Webhook], sender: Sender
) -> list[HTTPRouteHandler]:
    """List, and try one."""
    by_name = {webhook.name: webhook for webhook in webhooks}
    configured = [webhook.settings for webhook in webhooks]

    @route("/v1/webhooks", http_method=_READ, name="list-webhooks")
    async def list_webhooks(scope: HTTPScope) -> ASGIApp:
        operators.acting(scope)
        reports = await store.ask(lambda snapshot: webhook_reports(snapshot, configured))
        return encoded(WebhookList(items=reports, metadata={"count": len(reports)}), headers=_NOT_KEPT)

    @route("/v1/webhooks/{name:str}/test", http_method=[HttpMethod.POST], name="test-webhook", status_code=200)
    async def test_webhook(scope: HTTPScope, name: FromPath[str]) -> ASGIApp:
        actor = operators.acting(scope)
        noted_on(scope).object = name[:40]
        webhook = by_name.get(name)
        if webhook is None:
            raise NotFound(f"no webhook {name[:40]!r} is configured")
        return encoded(await tried(store, clock, sender, webhook, actor=actor), headers=_NOT_KEPT)

    return [list_webhooks, test_webhook]
