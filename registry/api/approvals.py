"""`/v1/approvals`, `/v1/decisions` and `/v1/requests`: what approvers decide, and what they are asked for."""

from typing import Final

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope

from registry.api.administration import writing
from registry.api.answers import Answer
from registry.api.bodies import AnyRequest, read_json
from registry.api.deciding import LARGEST_BODY, Deciding, asked, private
from registry.api.listing import Listed, listed
from registry.api.problems import ParameterFault
from registry.catalog.approval import Approval, State
from registry.errors import Invalid
from registry.governing.approvals import Sought, found_approvals
from registry.governing.authority import visible_approval
from registry.governing.decisions import (
    ApproveRequest,
    ApproveServer,
    Ask,
    DecideMany,
    Decision,
    Reason,
    RejectRequest,
    RevokeApproval,
    Say,
)
from registry.governing.reports import ApprovalReport, DecidedReport, approval_report, comment_report
from registry.policy.mandates import sees_approval
from registry.policy.principal import Role
from registry.store.interface import Snapshot
from schemas.registry_api import ProblemDetail
from schemas.rfc3339 import parse_instant

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_MOST_VERSIONS_IN_LIST: Final = 20


class Agreement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST …/approve`. `expires_at`: RFC 3339; it never ends later than was asked for."""

    reason: Reason
    expires_at: str | None = None


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST …/reject` and `…/revoke`."""

    reason: Reason


class Remark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST …/comments`."""

    text: Reason


def approval_routes(deciding: Deciding) -> list[HTTPRouteHandler]:
    """List, one, approve directly, decide about one or many, request, comment."""
    store, clock, identity = deciding.store, deciding.clock, deciding.identity

    def report(approval: Approval) -> ApprovalReport:
        return approval_report(store.snapshot(), approval, now_us=clock.now_us())

    async def decided(scope: HTTPScope, decision: Decision, *, status: int = 200) -> Answer:
        principal = identity.holder(scope, Role.APPROVER)
        return private(report(await deciding.carry_out(scope, principal, decision)), status=status)

    @route("/v1/approvals", http_method=_READ, name="list-approvals")
    async def list_approvals(scope: HTTPScope) -> ASGIApp:
        viewer = identity.holder(scope, Role.APPROVER, Role.AUDITOR, Role.ADMIN)
        wanted, now_us = asked(scope), clock.now_us()
        sought = _sought(wanted.parameters)

        def found(snapshot: Snapshot) -> Listed[ApprovalReport]:
            approvals, before = found_approvals(
                snapshot,
                sought,
                lambda each: sees_approval(viewer, each),
                now_us=now_us,
                limit=wanted.limit,
                before=wanted.after,
            )
            reports = [
                approval_report(snapshot, each, now_us=now_us, most=_MOST_VERSIONS_IN_LIST) for each in approvals
            ]
            return listed(reports, before)

        return private(await store.ask(found))

    @route("/v1/approvals/{approval_id:str}", http_method=_READ, name="get-approval")
    async def get_approval(scope: HTTPScope, approval_id: FromPath[str]) -> ASGIApp:
        viewer = identity.holder(scope, Role.APPROVER, Role.AUDITOR, Role.ADMIN)
        now_us = clock.now_us()
        return private(
            await store.ask(
                lambda snapshot: approval_report(
                    snapshot, visible_approval(snapshot, viewer, approval_id), now_us=now_us
                )
            )
        )

    @writing("/v1/approvals", "approve-server", status=201)
    async def approve_server(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        identity.holder(scope, Role.APPROVER)
        return await decided(scope, await read_json(request, ApproveServer, most=LARGEST_BODY), status=201)

    @writing("/v1/approvals/{approval_id:str}/approve", "approve-request")
    async def approve(request: AnyRequest, approval_id: FromPath[str]) -> ASGIApp:
        scope = request.scope
        identity.holder(scope, Role.APPROVER)
        said = await read_json(request, Agreement, most=LARGEST_BODY)
        return await decided(
            scope, ApproveRequest(approval=approval_id, reason=said.reason, expires_at=said.expires_at)
        )

    @writing("/v1/approvals/{approval_id:str}/reject", "reject-request")
    async def reject(request: AnyRequest, approval_id: FromPath[str]) -> ASGIApp:
        scope = request.scope
        identity.holder(scope, Role.APPROVER)
        return await decided(
            scope,
            RejectRequest(approval=approval_id, reason=(await read_json(request, Words, most=LARGEST_BODY)).reason),
        )

    @writing("/v1/approvals/{approval_id:str}/revoke", "revoke-approval")
    async def revoke(request: AnyRequest, approval_id: FromPath[str]) -> ASGIApp:
        scope = request.scope
        identity.holder(scope, Role.APPROVER)
        return await decided(
            scope,
            RevokeApproval(approval=approval_id, reason=(await read_json(request, Words, most=LARGEST_BODY)).reason),
        )

    @writing("/v1/requests", "request-approval", status=201)
    async def request(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.READER)
        return private(
            report(await deciding.carry_out(scope, principal, await read_json(request, Ask, most=LARGEST_BODY))),
            status=201,
        )

    return [list_approvals, get_approval, approve_server, approve, reject, revoke, request, *_more(deciding)]


def _more(deciding: Deciding) -> list[HTTPRouteHandler]:
    """Decide about many, comment."""
    store, clock, identity = deciding.store, deciding.clock, deciding.identity

    @writing("/v1/decisions", "decide-many")
    async def decide_many(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.APPROVER)
        made = await deciding.carry_out(scope, principal, await read_json(request, DecideMany, most=LARGEST_BODY))
        snapshot, now_us = store.snapshot(), clock.now_us()
        items = [approval_report(snapshot, each, now_us=now_us, most=_MOST_VERSIONS_IN_LIST) for each in made]
        return private(DecidedReport(items=items))

    @writing("/v1/requests/{approval_id:str}/comments", "comment-request", status=201)
    async def comment(request: AnyRequest, approval_id: FromPath[str]) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.READER, Role.APPROVER)
        said = await read_json(request, Remark, most=LARGEST_BODY)
        made = await deciding.carry_out(scope, principal, Say(approval=approval_id, text=said.text))
        return private(comment_report(made), status=201)

    return [decide_many, comment]


def _sought(parameters: dict[str, str]) -> Sought:
    state = parameters.get("state", "")
    if state and state not in tuple(State):
        message = f'expected value to be one of "{", ".join(State)}"'
        raise ParameterFault([ProblemDetail(message=message, location="query.state", value=state[:100])])
    ends = parameters.get("expires_before", "")
    try:
        expires_before_us = parse_instant(ends) if ends else None
    except ValueError as error:
        raise Invalid("expires_before is not an instant; expected RFC 3339, such as 2027-01-31T00:00:00Z") from error
    return Sought(
        state=State(state) if state else None,
        name=parameters.get("name") or None,
        expires_before_us=expires_before_us,
    )
