"""`/v1/sync-runs`: the reports of sync runs, and asking for one. For operators.

Until there are roles this exists on loopback listeners only, for callers on the machine itself (operators.py).
"""

from typing import Any, Final

import msgspec
from litestar import HttpMethod, Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import encoded
from registry.api.bodies import read_json
from registry.api.operators import Operators
from registry.api.params import bounded_integer, parse_query
from registry.clock import Clock
from registry.commands.perform import perform
from registry.commands.request_run import request_run
from registry.errors import Invalid, NotFound
from registry.reports import RunReport, run_report
from registry.store.interface import Store
from registry.store.records import RunKind

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_LARGEST_BODY: Final = 4096
_MOST_RUNS: Final = 100
_LONGEST_CURSOR: Final = 18


class RunRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/sync-runs`. `accept_run`: the refused run whose withdrawals may be carried out."""

    upstream: str
    kind: RunKind = RunKind.INCREMENTAL
    accept_run: str | None = None


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    """A list as `/v1` writes it."""

    items: list[RunReport]
    metadata: dict[str, int | str]


def sync_run_routes(store: Store, clock: Clock, operators: Operators) -> list[HTTPRouteHandler]:
    """List, one, and request."""

    @route("/v1/sync-runs", http_method=_READ, name="list-sync-runs")
    async def list_runs(scope: HTTPScope) -> ASGIApp:
        operators.acting(scope)
        parameters = parse_query(scope["query_string"])
        limit = bounded_integer(parameters, "limit", default=30, most=_MOST_RUNS)
        cursor = parameters.get("cursor", "")
        if cursor and not (cursor.isdecimal() and cursor.isascii() and len(cursor) <= _LONGEST_CURSOR):
            raise Invalid("cursor is not one of this list; take it from metadata.nextCursor")
        runs = store.snapshot().runs(
            upstream=parameters.get("upstream") or None, limit=limit + 1, before=int(cursor) if cursor else None
        )
        metadata: dict[str, int | str] = {"count": min(len(runs), limit)}
        if len(runs) > limit:
            metadata["nextCursor"] = str(runs[limit - 1].sequence)
        return encoded(Runs(items=[run_report(run) for run in runs[:limit]], metadata=metadata))

    @route("/v1/sync-runs/{run_id:str}", http_method=_READ, name="get-sync-run")
    async def get_run(scope: HTTPScope, run_id: FromPath[str]) -> ASGIApp:
        operators.acting(scope)
        run = store.snapshot().run(run_id)
        if run is None:
            raise NotFound(f"no sync run {run_id[:40]}; it may have been removed by retention")
        return encoded(run_report(run))

    @route("/v1/sync-runs", http_method=[HttpMethod.POST], name="request-sync-run", status_code=202)
    async def ask_for_run(request: Request[Any, Any, Any]) -> ASGIApp:  # Any: user, token and state are not used
        actor = operators.acting(request.scope)
        wanted = await read_json(request, RunRequest, most=_LARGEST_BODY)
        run = await perform(
            store,
            lambda transaction: request_run(
                transaction,
                wanted.upstream,
                kind=wanted.kind,
                trigger="request",
                actor=actor,
                now_us=clock.now_us(),
                accepts=wanted.accept_run,
            ),
        )
        return encoded(run_report(run), status=202)

    return [list_runs, get_run, ask_for_run]
