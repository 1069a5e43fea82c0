"""`/v1/status` and `/v1/quarantine`: what operators read."""

from collections.abc import Mapping, Sequence
from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import encoded
from registry.api.operators import Operators
from registry.api.params import bounded_integer, parse_query
from registry.clock import Clock
from registry.reports import quarantine_report, status
from registry.settings.webhooks import WebhookSettings
from registry.store.interface import Store
from schemas.validation.issue import Severity

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_MOST_QUARANTINED: Final = 1000


def operation_routes(
    store: Store,
    clock: Clock,
    operators: Operators,
    severities: Mapping[str, Severity],
    webhooks: Sequence[WebhookSettings],
) -> list[HTTPRouteHandler]:
    """Status and quarantine."""

    @route("/v1/status", http_method=_READ, name="get-status")
    async def get_status(scope: HTTPScope) -> ASGIApp:
        operators.acting(scope)
        fault = store.fault
        return encoded(await store.ask(lambda snapshot: status(snapshot, clock, severities, webhooks, fault=fault)))

    @route("/v1/quarantine", http_method=_READ, name="list-quarantine")
    async def list_quarantine(scope: HTTPScope) -> ASGIApp:
        operators.acting(scope)
        parameters = parse_query(scope["query_string"])
        limit = bounded_integer(parameters, "limit", default=50, most=_MOST_QUARANTINED)
        upstream = parameters.get("upstream") or None
        return encoded(await store.ask(lambda snapshot: quarantine_report(snapshot, upstream=upstream, limit=limit)))

    return [get_status, list_quarantine]
