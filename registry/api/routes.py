"""Every route, in one table."""

from collections.abc import Mapping
from typing import Final

from litestar.handlers import HTTPRouteHandler

from registry.api.callers import Callers
from registry.api.documentation import documentation_routes
from registry.api.findings import finding_routes
from registry.api.health import health_routes, metrics_route
from registry.api.measures import Measures
from registry.api.operations import operation_routes
from registry.api.servers import read_routes
from registry.api.sync_runs import sync_run_routes
from registry.api.validate import validate_routes
from registry.auth.authenticate import Authenticator
from registry.clock import Clock
from registry.store.interface import Store
from schemas.validation.issue import Severity

PREFIXES: Final = ("/v0.1", "/v0")
"""Both answer alike, and stay alike (reference §10.30)."""


def routes(
    store: Store,
    clock: Clock,
    authenticator: Authenticator,
    measures: Measures,
    *,
    public_url: str,
    on_loopback: bool,
    callers: Callers,
    severities: Mapping[str, Severity],
) -> list[HTTPRouteHandler]:
    """
    All that this instance answers.

    Args:
        public_url: How clients reach this instance, for the links it shows.
        on_loopback: Only this machine can connect, so operators on it need no credential.
        callers: Who is limited where callers are limited by their address.
        severities: What the organisation makes of rules of advice, by id.
    """
    table: list[HTTPRouteHandler] = []
    for prefix in PREFIXES:
        table += read_routes(prefix, store, authenticator)
    table += validate_routes(PREFIXES, clock, callers, severities)
    for prefix in ("", *PREFIXES):
        table += health_routes(prefix, store, clock, detailed=on_loopback)
    table += documentation_routes(PREFIXES, public_url)
    if on_loopback:
        table.append(metrics_route(store, clock, measures))
        table += sync_run_routes(store, clock)
        table += operation_routes(store, clock, severities)
        table += finding_routes(store, severities)
    return table
