"""Whether this works, and what it is: for load balancers, clients and people.

Needs no credential, and a bad one makes no difference: whoever restarts what does not answer would restart all of it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry import RELEASE
from registry.api.answers import encoded, text_answer
from registry.api.measures import Measures
from registry.api.operators import Operators
from registry.clock import Clock
from registry.errors import StoreFault
from registry.outbox.report import webhook_reports
from registry.settings.webhooks import WebhookSettings
from registry.store.interface import Store

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_UNCACHED: Final = ((b"cache-control", b"no-store"),)


class UpstreamHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How fresh the mirror of one upstream is. `trouble`: why its last run did not complete."""

    name: str
    age_seconds: int | None
    trouble: str | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    `status`: ok, or degraded: reads work, and something else does not, writing or an upstream. `github_client_id` is
    for mcp-publisher. `mirror_age_seconds` is of the oldest mirror, absent while one has never been filled.

    The members below it are for whoever runs this: told on the machine itself, and to the role operator.
    """

    status: str
    github_client_id: str | None = None
    mirror_age_seconds: int | None = None
    store: str | None = None
    upstreams: list[UpstreamHealth] | None = None


class Pong(msgspec.Struct, frozen=True, kw_only=True):
    pong: bool = True


class Version(msgspec.Struct, frozen=True, kw_only=True):
    version: str = RELEASE
    git_commit: str = "unknown"
    build_time: str = "unknown"


def health(store: Store, clock: Clock, *, detailed: bool, github_client_id: str | None) -> Health:
    """The state of this instance; *detailed* adds what only its operators need to know."""
    try:
        upstreams = [
            UpstreamHealth(
                name=source.source,
                age_seconds=None
                if source.synced_us is None
                else max(0, clock.now_us() - source.synced_us) // 1_000_000,
                trouble=source.trouble,
            )
            for source in store.snapshot().source_states()
            if source.configured and source.mirrored
        ]
    except StoreFault as error:
        return Health(status="degraded", github_client_id=github_client_id, store=str(error))
    ages = [upstream.age_seconds for upstream in upstreams]
    known = [age for age in ages if age is not None]
    fault = store.fault
    return Health(
        status="ok" if fault is None and all(each.trouble is None for each in upstreams) else "degraded",
        github_client_id=github_client_id,
        mirror_age_seconds=max(known) if known and len(known) == len(ages) else None,
        store=fault if detailed else None,
        upstreams=upstreams if detailed else None,
    )


def health_routes(
    prefix: str, store: Store, clock: Clock, operators: Operators, *, github_client_id: str | None
) -> list[HTTPRouteHandler]:
    """health, ping and version under *prefix*, which may be empty."""

    @route(f"{prefix}/health", http_method=_READ, name=f"get-health{prefix}")
    async def get_health(scope: HTTPScope) -> ASGIApp:
        state = health(store, clock, detailed=operators.told(scope), github_client_id=github_client_id)
        return encoded(state, headers=_UNCACHED)

    @route(f"{prefix}/ping", http_method=_READ, name=f"ping{prefix}")
    async def ping() -> ASGIApp:
        return encoded(Pong(), headers=_UNCACHED)

    @route(f"{prefix}/version", http_method=_READ, name=f"get-version{prefix}")
    async def version() -> ASGIApp:
        return encoded(Version(), headers=_UNCACHED)

    return [get_health, ping, version]


def metrics_route(
    store: Store, clock: Clock, operators: Operators, measures: Measures, webhooks: Sequence[WebhookSettings]
) -> HTTPRouteHandler:
    """`/metrics`, Prometheus' text format."""

    @route("/metrics", http_method=_READ, name="get-metrics")
    async def metrics(scope: HTTPScope) -> ASGIApp:
        operators.acting(scope)
        told = await store.ask(lambda snapshot: webhook_reports(snapshot, webhooks)) if webhooks else []
        return text_answer(measures.text(store, clock, told), _METRICS_TYPE, headers=_UNCACHED)

    return metrics
