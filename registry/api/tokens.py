"""`/v1/tokens`: issuing, listing and revoking tokens. For the role admin, from wherever it calls."""

import re
from typing import Final

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
from registry.api.noted import actor_in, noted_on
from registry.api.params import bounded_integer, parse_query
from registry.auth.listing import issued_token, token_report, visible_tokens
from registry.auth.tokens import draw
from registry.clock import Clock
from registry.commands.issue_token import issue_token
from registry.commands.perform import perform
from registry.commands.revoke_token import revoke_token, revoke_tokens_of
from registry.errors import NotFound, Refused
from registry.policy.delegation import mandate, may_manage, withheld
from registry.policy.principal import Principal, Role
from registry.policy.token import named_token, token_name, without_secrets
from registry.store.interface import Store

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_CURSOR: Final = re.compile(r"([0-9]{1,18})-([0-9a-z]{8})", re.ASCII)


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The body of `POST /v1/tokens`. `expires_in_s`: 90 days unless stated; null for never, which must be stated.
    """

    owner: str
    label: str = ""
    roles: list[Role]
    teams: list[str] = []
    namespaces: list[str] = []
    expires_in_s: int | None = 90 * DAY_S


class RevocationRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/tokens/revoke`: all tokens of this subject."""

    subject: str


def token_routes(store: Store, clock: Clock, identity: Identity) -> list[HTTPRouteHandler]:
    """List, one, issue, revoke one, revoke those of a subject."""

    def administrator(scope: HTTPScope) -> Principal:
        return identity.holder(scope, Role.ADMIN)

    @route("/v1/tokens", http_method=_READ, name="list-tokens")
    async def list_tokens(scope: HTTPScope) -> ASGIApp:
        viewer = administrator(scope)
        parameters = parse_query(scope["query_string"])
        limit = bounded_integer(parameters, "limit", default=30, most=MOST_ITEMS)
        owner, cursor = parameters.get("subject") or None, cursor_in(parameters, _CURSOR)
        before = None if cursor is None else (int(cursor[1]), cursor[2])
        tokens, further = await store.ask(
            lambda snapshot: visible_tokens(
                snapshot, lambda each: may_manage(viewer, each), owner=owner, limit=limit, before=before
            )
        )
        items = [token_report(each, clock.now_us()) for each in tokens]
        return encoded(page(items, None if further is None else "{}-{}".format(*further)), headers=NOT_KEPT)

    @route("/v1/tokens/{token_id:str}", http_method=_READ, name="get-token")
    async def get_token(scope: HTTPScope, token_id: FromPath[str]) -> ASGIApp:
        viewer = administrator(scope)
        named = named_token(token_id)
        token = store.snapshot().token(named)
        if token is None or not may_manage(viewer, token.mandate):
            raise NotFound(f"there is no token {token_name(named)}")
        return encoded(token_report(token, clock.now_us()), headers=NOT_KEPT)

    @route("/v1/tokens", http_method=[HttpMethod.POST], name="issue-token", status_code=201)
    async def issue(request: AnyRequest) -> ASGIApp:
        giver = administrator(request.scope)
        wanted = await read_json(request, TokenRequest, most=LARGEST_BODY)
        noted_on(request.scope).object = without_secrets(wanted.owner)
        given = mandate(wanted.roles, wanted.teams, wanted.namespaces)
        if (why := withheld(giver, given)) is not None:
            raise Refused(f"cannot issue this token: {why}")
        expires_us = expiry(wanted.expires_in_s, clock)
        drawn = draw()
        token = await perform(
            store,
            lambda transaction: issue_token(
                transaction,
                drawn.id,
                drawn.digest,
                owner=wanted.owner,
                label=wanted.label,
                mandate=given,
                expires_us=expires_us,
                actor=actor_in(request.scope, giver, Role.ADMIN),
            ),
        )
        return encoded(issued_token(token, drawn.text, clock.now_us()), status=201, headers=NOT_KEPT)

    @route("/v1/tokens/{token_id:str}", http_method=[HttpMethod.DELETE], name="revoke-token", status_code=200)
    async def revoke(scope: HTTPScope, token_id: FromPath[str]) -> ASGIApp:
        noted_on(scope).object = without_secrets(token_id)
        revoker = administrator(scope)
        named = named_token(token_id)
        token = await perform(
            store,
            lambda transaction: revoke_token(
                transaction,
                named,
                within=lambda each: may_manage(revoker, each),
                actor=actor_in(scope, revoker, Role.ADMIN),
            ),
        )
        return encoded(token_report(token, clock.now_us()), headers=NOT_KEPT)

    @route("/v1/tokens/revoke", http_method=[HttpMethod.POST], name="revoke-tokens-of-subject", status_code=200)
    async def revoke_of(request: AnyRequest) -> ASGIApp:
        revoker = administrator(request.scope)
        wanted = await read_json(request, RevocationRequest, most=LARGEST_BODY)
        tokens = await perform(
            store,
            lambda transaction: revoke_tokens_of(
                transaction,
                wanted.subject,
                within=lambda each: may_manage(revoker, each),
                actor=actor_in(request.scope, revoker, Role.ADMIN),
            ),
        )
        items = [token_report(each, clock.now_us()) for each in tokens]
        return encoded(page(items, None), headers=NOT_KEPT)

    return [list_tokens, get_token, issue, revoke, revoke_of]
