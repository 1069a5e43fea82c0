"""`/v1/explain` and `/v1/preview`: why a team sees what it sees, and what a decision would change."""

from typing import Any, Final

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.administration import writing
from registry.api.bodies import AnyRequest, read_json
from registry.api.deciding import LARGEST_BODY, Deciding, private, profile_in, required
from registry.api.params import parse_query
from registry.catalog.entry import ServerName
from registry.errors import Refused
from registry.governing.authority import authorised
from registry.governing.decisions import Previewed
from registry.governing.explain import explain
from registry.governing.preview import preview
from registry.policy.mandates import explained_withheld, sees_resembled
from registry.policy.principal import Role

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_PREVIEWED: Final[Any] = Previewed  # Any: a union is no type to the type checker


def explaining_routes(deciding: Deciding) -> list[HTTPRouteHandler]:
    """Both."""
    store, clock, identity = deciding.store, deciding.clock, deciding.identity

    @route("/v1/explain", http_method=_READ, name="explain")
    async def explain_name(scope: HTTPScope) -> ASGIApp:
        asker = identity.holder(scope, Role.APPROVER, Role.AUDITOR, Role.ADMIN)
        parameters = parse_query(scope["query_string"])
        team, name = required(parameters, "team"), ServerName.parse(required(parameters, "name"))
        if (why := explained_withheld(asker, team, name)) is not None:
            raise Refused(f"you may not be told this: {why}")
        deciding.require_team(team)
        now_us, compat = clock.now_us(), profile_in(parameters)
        explained = await store.ask(lambda snapshot: explain(snapshot, team, name, now_us=now_us, compat=compat))
        if explained.resembles is not None and not sees_resembled(asker, explained.resembles):
            explained = msgspec.structs.replace(explained, resembles=None)
        return private(explained)

    @writing("/v1/preview", "preview-decision")
    async def preview_decision(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.APPROVER, Role.ADMIN)
        decision: Previewed = await read_json(request, _PREVIEWED, most=LARGEST_BODY)
        actor = authorised(store.snapshot(), principal, decision)

        def visible(team: str, name: str) -> bool:
            return explained_withheld(principal, team, name) is None

        return private(await preview(store, decision, actor=actor, visible=visible))

    return [explain_name, preview_decision]
