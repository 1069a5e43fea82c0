"""`/v1/cool-offs`, `/v1/look-alikes`, `/v1/offers`: what is held back whoever approved it, and letting it through."""

from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.administration import ALL, writing
from registry.api.bodies import AnyRequest, read_json
from registry.api.deciding import LARGEST_BODY, Deciding, asked, private
from registry.api.listing import listed
from registry.api.operators import Operators
from registry.catalog.look_alike import LookAlike
from registry.commands.decide import decide
from registry.commands.waive import Waived
from registry.governing.carrying_out import command_of
from registry.governing.decisions import AssignName, ReleaseLookAlike, WaiveCoolOff
from registry.governing.firewall import (
    cooling_reports,
    look_alike_report,
    look_alike_reports,
    offer_report,
    offer_reports,
    waived_report,
)
from registry.policy.mandates import sees_held, sees_resembled
from registry.policy.principal import Role
from registry.store.firewall import Offer

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]


def firewall_routes(deciding: Deciding, operators: Operators) -> list[HTTPRouteHandler]:
    """All of them."""
    return [*_cool_offs(deciding), *_look_alikes(deciding), *_offers(deciding, operators)]


def _cool_offs(deciding: Deciding) -> list[HTTPRouteHandler]:
    store, clock, identity = deciding.store, deciding.clock, deciding.identity

    @route("/v1/cool-offs", http_method=_READ, name="list-cool-offs")
    async def list_cool_offs(scope: HTTPScope) -> ASGIApp:
        viewer = identity.holder(scope, Role.APPROVER, Role.ADMIN, Role.AUDITOR)
        wanted, now_us = asked(scope), clock.now_us()
        found, after = await store.ask(
            lambda snapshot: cooling_reports(
                snapshot,
                lambda name: sees_held(viewer, name),
                now_us=now_us,
                limit=wanted.limit,
                after=wanted.after,
            )
        )
        return private(listed(found, after))

    @writing("/v1/cool-offs/waive", "waive-cool-off")
    async def waive(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.APPROVER)
        decision = await read_json(request, WaiveCoolOff, most=LARGEST_BODY)
        waived: Waived = await deciding.carry_out(scope, principal, decision)
        return private(waived_report(waived))

    return [list_cool_offs, waive]


def _look_alikes(deciding: Deciding) -> list[HTTPRouteHandler]:
    store, identity = deciding.store, deciding.identity

    @route("/v1/look-alikes", http_method=_READ, name="list-look-alikes")
    async def list_look_alikes(scope: HTTPScope) -> ASGIApp:
        viewer = identity.holder(scope, Role.APPROVER, Role.OPERATOR, Role.ADMIN, Role.AUDITOR)
        wanted = asked(scope)
        released = wanted.parameters.get("state") == ALL
        found, after = await store.ask(
            lambda snapshot: look_alike_reports(
                snapshot,
                lambda name: sees_held(viewer, name),
                lambda resembles: sees_resembled(viewer, resembles),
                released=released,
                limit=wanted.limit,
                after=wanted.after,
            )
        )
        return private(listed(found, after))

    @writing("/v1/look-alikes/release", "release-look-alike")
    async def release(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.APPROVER, Role.OPERATOR)
        decision = await read_json(request, ReleaseLookAlike, most=LARGEST_BODY)
        found: LookAlike = await deciding.carry_out(scope, principal, decision)
        return private(look_alike_report(found, lambda resembles: sees_resembled(principal, resembles)))

    return [list_look_alikes, release]


def _offers(deciding: Deciding, operators: Operators) -> list[HTTPRouteHandler]:
    store = deciding.store

    @route("/v1/offers", http_method=_READ, name="list-offers")
    async def list_offers(scope: HTTPScope) -> ASGIApp:
        operators.acting(scope)
        wanted = asked(scope)
        decided = wanted.parameters.get("state") == ALL
        found, after = await store.ask(
            lambda snapshot: offer_reports(snapshot, decided=decided, limit=wanted.limit, after=wanted.after)
        )
        return private(listed(found, after))

    @writing("/v1/offers/assign", "assign-name")
    async def assign(request: AnyRequest) -> ASGIApp:
        actor = operators.acting(request.scope)
        decision = await read_json(request, AssignName, most=LARGEST_BODY)
        offer: Offer = await decide(store, command_of(decision, actor=actor, approvers=deciding.approvers))
        return private(offer_report(store.snapshot(), offer))

    return [list_offers, assign]
