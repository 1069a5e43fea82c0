"""`/v1/teams`, `/v1/grants`, `/v1/rules`, `/v1/blocks`: what administrators decide."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, HTTPScope

from registry.api.bodies import AnyRequest, read_json
from registry.api.deciding import LARGEST_BODY, Deciding, asked, private, reason_in, required
from registry.api.listing import page_of
from registry.api.params import parse_query
from registry.governing.decisions import (
    BlockServer,
    EditTeam,
    EndRule,
    GiveGrant,
    MakeRule,
    MakeTeam,
    RevokeGrant,
    TeamChanges,
    UnblockServer,
)
from registry.governing.reports import Unblocked, block_report, grant_report, rule_report, team_report
from registry.policy.mandates import governing_withheld, grant_withheld
from registry.policy.principal import Role

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
ALL: Final = "all"


def administration_routes(deciding: Deciding) -> list[HTTPRouteHandler]:
    """All of them."""
    return [*_teams(deciding), *_grants(deciding), *_rules(deciding), *_blocks(deciding)]


def writing(path: str, name: str, *, status: int = 200) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """A route for POST, whose body is bounded."""
    return route(path, http_method=[HttpMethod.POST], name=name, status_code=status, request_max_body_size=LARGEST_BODY)


def _teams(deciding: Deciding) -> list[HTTPRouteHandler]:
    store, identity = deciding.store, deciding.identity

    @route("/v1/teams", http_method=_READ, name="list-teams")
    async def list_teams(scope: HTTPScope) -> ASGIApp:
        viewer = identity.holder(scope, Role.ADMIN)
        wanted = asked(scope)
        every = governing_withheld(viewer) is None
        teams = await store.ask(lambda snapshot: snapshot.governance.teams())
        visible = (team for team in teams if every or team.name in viewer.teams)
        page = page_of(visible, team_report, key=lambda team: team.name, limit=wanted.limit, after=wanted.after)
        return private(page)

    @writing("/v1/teams", "make-team", status=201)
    async def make(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.ADMIN)
        made = await deciding.carry_out(scope, principal, await read_json(request, MakeTeam, most=LARGEST_BODY))
        return private(team_report(made), status=201)

    @route(
        "/v1/teams/{team_name:str}",
        http_method=[HttpMethod.PATCH],
        name="edit-team",
        status_code=200,
        request_max_body_size=LARGEST_BODY,
    )
    async def edit(request: AnyRequest, team_name: FromPath[str]) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.ADMIN)
        changes = await read_json(request, TeamChanges, most=LARGEST_BODY)
        edited = await deciding.carry_out(scope, principal, EditTeam(team=unquote(team_name), changes=changes))
        return private(team_report(edited))

    return [list_teams, make, edit]


def _grants(deciding: Deciding) -> list[HTTPRouteHandler]:
    store, identity = deciding.store, deciding.identity

    @route("/v1/grants", http_method=_READ, name="list-grants")
    async def list_grants(scope: HTTPScope) -> ASGIApp:
        viewer = identity.holder(scope, Role.ADMIN)
        wanted = asked(scope)
        team, all_of_them = wanted.parameters.get("team") or None, wanted.parameters.get("state") == ALL
        grants = await store.ask(lambda snapshot: snapshot.governance.grants(team=team, in_force=not all_of_them))
        visible = (grant for grant in grants if grant_withheld(viewer, grant.team, grant.pattern) is None)
        page = page_of(visible, grant_report, key=lambda grant: grant.id, limit=wanted.limit, after=wanted.after)
        return private(page)

    @writing("/v1/grants", "give-grant", status=201)
    async def give(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.ADMIN)
        given = await deciding.carry_out(scope, principal, await read_json(request, GiveGrant, most=LARGEST_BODY))
        return private(grant_report(given), status=201)

    @route("/v1/grants/{grant_id:str}", http_method=[HttpMethod.DELETE], name="revoke-grant", status_code=200)
    async def revoke(scope: HTTPScope, grant_id: FromPath[str]) -> ASGIApp:
        principal = identity.holder(scope, Role.ADMIN)
        revoked = await deciding.carry_out(scope, principal, RevokeGrant(grant=grant_id, reason=reason_in(scope)))
        return private(grant_report(revoked))

    return [list_grants, give, revoke]


def _rules(deciding: Deciding) -> list[HTTPRouteHandler]:
    store, identity = deciding.store, deciding.identity

    @route("/v1/rules", http_method=_READ, name="list-rules")
    async def list_rules(scope: HTTPScope) -> ASGIApp:
        identity.holder(scope, Role.ADMIN)
        wanted = asked(scope)
        all_of_them = wanted.parameters.get("state") == ALL
        rules = await store.ask(lambda snapshot: snapshot.governance.rules(in_force=not all_of_them))
        page = page_of(rules, rule_report, key=lambda rule: rule.id, limit=wanted.limit, after=wanted.after)
        return private(page)

    @writing("/v1/rules", "make-rule", status=201)
    async def make(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.ADMIN)
        made = await deciding.carry_out(scope, principal, await read_json(request, MakeRule, most=LARGEST_BODY))
        return private(rule_report(made), status=201)

    @route("/v1/rules/{rule_id:str}", http_method=[HttpMethod.DELETE], name="end-rule", status_code=200)
    async def end(scope: HTTPScope, rule_id: FromPath[str]) -> ASGIApp:
        principal = identity.holder(scope, Role.ADMIN)
        ended = await deciding.carry_out(scope, principal, EndRule(rule=rule_id, reason=reason_in(scope)))
        return private(rule_report(ended))

    return [list_rules, make, end]


def _blocks(deciding: Deciding) -> list[HTTPRouteHandler]:
    store, identity = deciding.store, deciding.identity

    @route("/v1/blocks", http_method=_READ, name="list-blocks")
    async def list_blocks(scope: HTTPScope) -> ASGIApp:
        identity.holder(scope, Role.APPROVER, Role.ADMIN, Role.AUDITOR)
        wanted = asked(scope)
        name = wanted.parameters.get("name") or None
        blocks = await store.ask(lambda snapshot: snapshot.governance.blocks(name))
        page = page_of(
            blocks,
            block_report,
            # A name has no blank, so these stand in the order of name and version.
            key=lambda block: f"{block.name} {block.version or ''}",
            limit=wanted.limit,
            after=wanted.after,
        )
        return private(page)

    @writing("/v1/blocks", "block-server", status=201)
    async def block(request: AnyRequest) -> ASGIApp:
        scope = request.scope
        principal = identity.holder(scope, Role.APPROVER, Role.ADMIN)
        made = await deciding.carry_out(scope, principal, await read_json(request, BlockServer, most=LARGEST_BODY))
        return private(block_report(made), status=201)

    @route("/v1/blocks", http_method=[HttpMethod.DELETE], name="unblock-server", status_code=200)
    async def unblock(scope: HTTPScope) -> ASGIApp:
        principal = identity.holder(scope, Role.APPROVER, Role.ADMIN)
        parameters = parse_query(scope["query_string"])
        name, version = required(parameters, "name"), parameters.get("version") or None
        await deciding.carry_out(scope, principal, UnblockServer(name=name, version=version, reason=reason_in(scope)))
        return private(Unblocked(name=name, version=version))

    return [list_blocks, block, unblock]
