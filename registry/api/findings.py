"""`/v1/findings`: what the rules found in mirrored documents. For operators, on loopback listeners (operators.py)."""

from collections.abc import Mapping
from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import encoded
from registry.api.operators import Operators
from registry.api.params import bounded_integer, parse_query
from registry.api.problems import ParameterFault
from registry.findings import MOST_AT_ONCE, Wanted, findings_page, findings_summary
from registry.store.interface import Store
from schemas.registry_api import ProblemDetail
from schemas.validation.issue import Severity

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]


def finding_routes(store: Store, operators: Operators, severities: Mapping[str, Severity]) -> list[HTTPRouteHandler]:
    """
    The list and its summary.

    Args:
        severities: What the organisation makes of rules of advice, by id.
    """

    @route("/v1/findings", http_method=_READ, name="list-findings")
    async def list_findings(scope: HTTPScope) -> ASGIApp:
        operators.acting(scope)
        parameters = parse_query(scope["query_string"])
        limit = bounded_integer(parameters, "limit", default=50, most=MOST_AT_ONCE)
        wanted = Wanted(
            severity=_severity(parameters.get("severity", "")),
            rule=parameters.get("rule") or None,
            source=parameters.get("source") or None,
            name=parameters.get("name") or None,
        )
        cursor = parameters.get("cursor", "")
        page = await store.ask(lambda snapshot: findings_page(snapshot, severities, wanted, cursor=cursor, limit=limit))
        return encoded(page)

    @route("/v1/findings/summary", http_method=_READ, name="get-findings-summary")
    async def get_summary(scope: HTTPScope) -> ASGIApp:
        operators.acting(scope)
        return encoded(await store.ask(lambda snapshot: findings_summary(snapshot, severities)))

    return [list_findings, get_summary]


def _severity(text: str) -> Severity | None:
    if not text:
        return None
    try:
        return Severity(text)
    except ValueError:
        known = ", ".join(Severity)
        complaint = ProblemDetail(message=f"expected one of {known}", location="query.severity", value=text[:100])
        raise ParameterFault([complaint]) from None
