"""`/v1/capabilities`: addresses for clients that can send no token. For the role admin, within its scope."""

import re
from typing import Annotated, Final

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import encoded
from registry.api.bodies import AnyRequest, read_json
from registry.api.identity import Identity
from registry.api.issuing import DAY_S, LARGEST_BODY, NOT_KEPT, expiry
from registry.api.listing import MOST_ITEMS, cursor_in, page
from registry.api.noted import actor_in
from registry.api.params import bounded_integer, parse_query
from registry.auth.capabilities import base_url, draw_capability
from registry.auth.capability_listing import (
    capability_report,
    handed_out,
    issued_capability,
    visible_capabilities,
)
from registry.catalog.compat import Compat
from registry.catalog.team import parse_team
from registry.clock import Clock
from registry.commands.issue_capability import issue_capability, rotate_capability
from registry.commands.perform import perform
from registry.commands.revoke_capability import revoke_capability
from registry.errors import Invalid, NotFound, Refused
from registry.policy.delegation import may_manage, withheld
from registry.policy.principal import Principal, Role
from registry.store.capabilities import Capability
from registry.store.interface import Store

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_ID: Final = re.compile(r"cap_[0-9a-z]{26}", re.ASCII)


class CapabilityRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The body of `POST /v1/capabilities`. `owner`: the caller unless stated. `expires_in_s`: a year unless stated; null
    for never, which must be stated.
    """

    team: str
    label: str = ""
    owner: str | None = None
    networks: list[str] = []
    compat: Compat | None = None
    expires_in_s: int | None = 365 * DAY_S


class RotationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/capabilities/{id}/rotate`: for how long the old address stays good."""

    overlap_s: Annotated[int, msgspec.Meta(ge=0, le=366 * DAY_S)] = 7 * DAY_S


def capability_routes(store: Store, clock: Clock, identity: Identity, *, public_url: str) -> list[HTTPRouteHandler]:
    """List, one, issue, rotate, revoke."""

    def administrator(scope: HTTPScope) -> Principal:
        return identity.holder(scope, Role.ADMIN)

    @route("/v1/capabilities", http_method=_READ, name="list-capabilities")
    async def list_capabilities(scope: HTTPScope) -> ASGIApp:
        viewer = administrator(scope)
        parameters = parse_query(scope["query_string"])
        limit = bounded_integer(parameters, "limit", default=30, most=MOST_ITEMS)
        team, cursor = parameters.get("team") or None, cursor_in(parameters, _ID)
        found, further = await store.ask(
            lambda snapshot: visible_capabilities(
                snapshot, lambda each: may_manage(viewer, each), team=team, limit=limit, before=cursor and cursor[0]
            )
        )
        items = [capability_report(each, clock.now_us()) for each in found]
        return encoded(page(items, further), headers=NOT_KEPT)

    @route("/v1/capabilities/{capability_id:str}", http_method=_READ, name="get-capability")
    async def get_capability(scope: HTTPScope, capability_id: FromPath[str]) -> ASGIApp:
        viewer = administrator(scope)
        found = store.snapshot().capability(_named(capability_id))
        if found is None or not _manages(viewer, found):
            raise NotFound(f"there is no capability {capability_id}")
        return encoded(capability_report(found, clock.now_us()), headers=NOT_KEPT)

    @route(
        "/v1/capabilities",
        http_method=[HttpMethod.POST],
        name="issue-capability",
        status_code=201,
        request_max_body_size=LARGEST_BODY,
    )
    async def issue(request: AnyRequest) -> ASGIApp:
        giver = administrator(request.scope)
        wanted = await read_json(request, CapabilityRequest, most=LARGEST_BODY)
        team = parse_team(wanted.team)
        if (why := withheld(giver, handed_out(team))) is not None:
            raise Refused(f"cannot issue this capability: {why}")
        expires_us = expiry(wanted.expires_in_s, clock)
        drawn = draw_capability(team, clock.now_us())
        issued = await perform(
            store,
            lambda transaction: issue_capability(
                transaction,
                drawn.id,
                drawn.digest,
                team=team,
                owner=giver.subject if wanted.owner is None else wanted.owner,
                label=wanted.label,
                networks=wanted.networks,
                compat=wanted.compat,
                expires_us=expires_us,
                actor=actor_in(request.scope, giver, Role.ADMIN),
            ),
        )
        report = issued_capability(issued, base_url(public_url, drawn.text), clock.now_us())
        return encoded(report, status=201, headers=NOT_KEPT)

    @route(
        "/v1/capabilities/{capability_id:str}/rotate",
        http_method=[HttpMethod.POST],
        name="rotate-capability",
        status_code=201,
        request_max_body_size=LARGEST_BODY,
    )
    async def rotate(request: AnyRequest, capability_id: FromPath[str]) -> ASGIApp:
        giver = administrator(request.scope)
        wanted = await read_json(request, RotationRequest, most=LARGEST_BODY)
        named = _named(capability_id)
        old = store.snapshot().capability(named)
        if old is None or not _manages(giver, old):
            raise NotFound(f"there is no capability {named}")
        drawn = draw_capability(old.team, clock.now_us())
        rotated = await perform(
            store,
            lambda transaction: rotate_capability(
                transaction,
                named,
                drawn.id,
                drawn.digest,
                overlap_s=wanted.overlap_s,
                within=lambda each: _manages(giver, each),
                actor=actor_in(request.scope, giver, Role.ADMIN),
            ),
        )
        url = base_url(public_url, drawn.text)
        report = issued_capability(rotated.new, url, clock.now_us(), replaces=rotated.old)
        return encoded(report, status=201, headers=NOT_KEPT)

    @route(
        "/v1/capabilities/{capability_id:str}",
        http_method=[HttpMethod.DELETE],
        name="revoke-capability",
        status_code=200,
    )
    async def revoke(scope: HTTPScope, capability_id: FromPath[str]) -> ASGIApp:
        revoker = administrator(scope)
        named = _named(capability_id)
        revoked = await perform(
            store,
            lambda transaction: revoke_capability(
                transaction,
                named,
                within=lambda each: _manages(revoker, each),
                actor=actor_in(scope, revoker, Role.ADMIN),
            ),
        )
        return encoded(capability_report(revoked, clock.now_us()), headers=NOT_KEPT)

    return [list_capabilities, get_capability, issue, rotate, revoke]


def _manages(principal: Principal, capability: Capability) -> bool:
    return may_manage(principal, handed_out(capability.team))


def _named(text: str) -> str:
    """Raises Invalid, without repeating *text*: it may be an address that was pasted."""
    if _ID.fullmatch(text) is None:
        raise Invalid("that names no capability; expected its id, cap_ and 26 characters")
    return text
