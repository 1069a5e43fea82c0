"""`/x/registry/requests` and `/x/registry/explain`: what readers ask for, are answered, and are told about their view.

Publishers find here what was decided about what they published. Who may see what is in `registry.policy.mandates`.
"""

from typing import Annotated, Any, Final

import msgspec
from litestar import HttpMethod, Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import Header, encoded
from registry.api.bodies import read_json
from registry.api.deciding import LARGEST_BODY, Deciding, asked, profile_in, required
from registry.api.listing import Listed, listed
from registry.api.params import parse_query
from registry.api.written import caller
from registry.catalog.approval import Approval
from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE
from registry.errors import Invalid, Refused
from registry.governing.approvals import Sought, found_approvals
from registry.governing.decisions import Ask, Reason, Versions
from registry.governing.explain import explain_to_reader
from registry.governing.reports import ApprovalReport, OutcomeReport, approval_report, outcome_report
from registry.policy.mandates import concerns_publisher, concerns_reader
from registry.policy.principal import Principal
from registry.store.interface import Snapshot

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_PRIVATE: Final[tuple[Header, ...]] = ((b"cache-control", b"private, no-store"), (b"vary", b"Authorization"))
_MOST_VERSIONS: Final = 20
_AnyRequest = Request[Any, Any, Any]  # Any: user, token and state are not used


class Need(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The body of `POST /x/registry/requests`. `teams`: the home team of the caller unless stated. `versions`: those that
    exist unless stated.
    """

    name: str
    reason: Reason
    versions: Versions | None = None
    teams: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)] | None = None
    tools: Annotated[tuple[str, ...], msgspec.Meta(max_length=1000)] | None = None
    expires_at: str | None = None


def asking_routes(prefix: str, deciding: Deciding) -> list[HTTPRouteHandler]:
    """The three routes under *prefix*, `/v0.1` or `/v0`."""
    store, clock, identity = deciding.store, deciding.clock, deciding.identity

    @route(f"{prefix}/x/registry/requests", http_method=_READ, name=f"list-requests{prefix}")
    async def list_requests(scope: HTTPScope) -> ASGIApp:
        principal = identity.writer(scope)
        wanted, now_us = asked(scope), clock.now_us()
        sought = Sought(name=wanted.parameters.get("name") or None)

        def found(snapshot: Snapshot) -> Listed[ApprovalReport | OutcomeReport]:
            approvals, before = found_approvals(
                snapshot,
                sought,
                lambda each: concerns_reader(principal, each) or _published(snapshot, principal, each),
                now_us=now_us,
                limit=wanted.limit,
                before=wanted.after,
            )
            return listed([_report(snapshot, principal, each, now_us) for each in approvals], before)

        return encoded(await store.ask(found), headers=_PRIVATE)

    @route(
        f"{prefix}/x/registry/requests",
        http_method=[HttpMethod.POST],
        name=f"file-request{prefix}",
        status_code=201,
        request_max_body_size=LARGEST_BODY,
    )
    async def file_request(request: _AnyRequest) -> ASGIApp:
        principal = caller(request.scope, identity)
        need = await read_json(request, Need, most=LARGEST_BODY)
        approval = await deciding.carry_out(request.scope, principal, _ask(principal, need))
        made = approval_report(store.snapshot(), approval, now_us=clock.now_us())
        return encoded(made, status=201, headers=_PRIVATE)

    @route(f"{prefix}/x/registry/explain", http_method=_READ, name=f"explain-to-reader{prefix}")
    async def explain_name(scope: HTTPScope) -> ASGIApp:
        principal = identity.reader(scope)
        if principal.anonymous:
            # Whoever needs no credential to read a view is told nothing about what is hidden from it.
            identity.writer(scope)
        parameters = parse_query(scope["query_string"])
        name, compat = ServerName.parse(required(parameters, "name")), profile_in(parameters)
        team, now_us = principal.home_team, clock.now_us()
        if team is None:
            raise Refused(f"the credential of {principal.subject} names no team whose view could be explained")
        explained = await store.ask(
            lambda snapshot: explain_to_reader(snapshot, team, name, now_us=now_us, compat=compat)
        )
        return encoded(explained, headers=_PRIVATE)

    return [list_requests, file_request, explain_name]


def _ask(principal: Principal, need: Need) -> Ask:
    teams = need.teams
    if teams is None:
        if principal.home_team is None:
            raise Invalid("your credential names no team; say which teams this is for")
        teams = (principal.home_team,)
    return Ask(
        name=need.name,
        reason=need.reason,
        teams=teams,
        versions=need.versions,
        tools=need.tools,
        expires_at=need.expires_at,
    )


def _published(snapshot: Snapshot, principal: Principal, approval: Approval) -> bool:
    # What others published elsewhere under such a name is decided about without telling them.
    return concerns_publisher(principal, approval) and PRIVATE in snapshot.sources_having(ServerName(approval.name))


def _report(
    snapshot: Snapshot, principal: Principal, approval: Approval, now_us: int
) -> ApprovalReport | OutcomeReport:
    if concerns_reader(principal, approval):
        return approval_report(snapshot, approval, now_us=now_us, most=_MOST_VERSIONS)
    return outcome_report(snapshot, approval, now_us=now_us, most=_MOST_VERSIONS)
