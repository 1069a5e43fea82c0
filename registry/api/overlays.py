"""`/v1/overlays`: what teams are shown of documents otherwise than their source has it."""

from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope

from registry.api.administration import writing
from registry.api.bodies import AnyRequest, read_json
from registry.api.deciding import LARGEST_BODY, Deciding, asked, private, reason_in
from registry.api.listing import page_of
from registry.governing.decisions import RemoveOverlay, SetOverlay
from registry.governing.reports import overlay_report
from registry.policy.principal import Role

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_ALL: Final = "all"


def overlay_routes(deciding: Deciding) -> list[HTTPRouteHandler]:
    """All three."""
    store, identity = deciding.store, deciding.identity

    @route("/v1/overlays", http_method=_READ, name="list-overlays")
    async def list_overlays(scope: HTTPScope) -> ASGIApp:
        identity.holder(scope, Role.ADMIN)
        wanted = asked(scope)
        all_of_them = wanted.parameters.get("state") == _ALL
        overlays = await store.ask(lambda snapshot: snapshot.governance.overlays(in_force=not all_of_them))
        page = page_of(overlays, overlay_report, key=lambda each: each.id, limit=wanted.limit, after=wanted.after)
        return private(page)

    @writing("/v1/overlays", "set-overlay", status=201)
    async def set_one(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.ADMIN)
        made = await deciding.carry_out(scope, principal, await read_json(request, SetOverlay, most=LARGEST_BODY))
        return private(overlay_report(made), status=201)

    @route("/v1/overlays/{overlay_id:str}", http_method=[HttpMethod.DELETE], name="remove-overlay", status_code=200)
    async def remove(scope: HTTPScope, overlay_id: FromPath[str]) -> ASGIApp:
        principal = identity.holder(scope, Role.ADMIN)
        decision = RemoveOverlay(overlay=overlay_id, reason=reason_in(scope))
        return private(overlay_report(await deciding.carry_out(scope, principal, decision)))

    return [list_overlays, set_one, remove]
