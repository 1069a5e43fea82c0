"""`/v1/drift-policies`: what happens to what is approved when its source changes it."""

from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.administration import writing
from registry.api.bodies import AnyRequest, read_json
from registry.api.deciding import LARGEST_BODY, Deciding, asked, private, reason_in, required
from registry.api.listing import page_of
from registry.api.params import parse_query
from registry.governing.decisions import EndDriftPolicy, SetDriftPolicy
from registry.governing.reports import drift_policy_report
from registry.policy.principal import Role

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]


def drift_policy_routes(deciding: Deciding) -> list[HTTPRouteHandler]:
    """List, set, end."""
    store, identity = deciding.store, deciding.identity

    @route("/v1/drift-policies", http_method=_READ, name="list-drift-policies")
    async def list_policies(scope: HTTPScope) -> ASGIApp:
        identity.holder(scope, Role.APPROVER, Role.ADMIN, Role.AUDITOR)
        wanted = asked(scope)
        policies = await store.ask(lambda snapshot: snapshot.governance.drift_policies())
        page = page_of(
            policies, drift_policy_report, key=lambda policy: policy.pattern, limit=wanted.limit, after=wanted.after
        )
        return private(page)

    @writing("/v1/drift-policies", "set-drift-policy", status=201)
    async def set_policy(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.ADMIN)
        made = await deciding.carry_out(scope, principal, await read_json(request, SetDriftPolicy, most=LARGEST_BODY))
        return private(drift_policy_report(made), status=201)

    @route("/v1/drift-policies", http_method=[HttpMethod.DELETE], name="end-drift-policy", status_code=200)
    async def end_policy(scope: HTTPScope) -> ASGIApp:
        principal = identity.holder(scope, Role.ADMIN)
        pattern = required(parse_query(scope["query_string"]), "pattern")
        ended = await deciding.carry_out(scope, principal, EndDriftPolicy(pattern=pattern, reason=reason_in(scope)))
        return private(drift_policy_report(ended))

    return [list_policies, set_policy, end_policy]
