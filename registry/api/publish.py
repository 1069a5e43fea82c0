"""Publish, edit, change a status, delete: what publishers do, under `/v0.1` and `/v0` alike (reference §4).

Ours on purpose: whether a caller may touch a name is asked before anything is looked up, so a caller who may not learns
nothing; an edit needs the role admin; what another server has is named only to callers who may see that server.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import HttpMethod, Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import encoded, json_answer
from registry.api.callers import Callers
from registry.api.identity import Identity
from registry.api.noted import actor_in, noted_on
from registry.api.path import name_in, version_in
from registry.api.source_limits import source_of
from registry.api.stream import StreamedJson
from registry.api.write_turns import WriteTurns
from registry.api.written import caller, wanted_status, written
from registry.catalog.entry import ServerName
from registry.catalog.overlay import Source
from registry.errors import ChangeRefused, Invalid, Refused
from registry.policy.namespaces import may_edit, may_publish, published_by
from registry.policy.principal import Principal, Role
from registry.publishing import Publisher
from registry.store.interface import Store

_AnyRequest = Request[Any, Any, Any]  # Any: user, token and state are not used
_MISSING_VERSION: Final = "Server version not found"
_encode: Final = msgspec.json.Encoder().encode


class PublishRoutes:
    """
    The handlers, and what they share.

    Args:
        turns: What limits those who take turns to write and change nothing.
        private: The source of what is published here, for the namespaces it claims.
    """

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        identity: Identity,
        callers: Callers,
        turns: WriteTurns,
        *,
        private: Source,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._identity = identity
        self._callers = callers
        self._turns = turns
        self.private = private

    def routes(self, prefixes: Sequence[str]) -> list[HTTPRouteHandler]:
        """Under each of *prefixes*."""
        table: list[HTTPRouteHandler] = []
        for prefix in prefixes:
            one = f"{prefix}/servers/{{server_name:str}}/versions/{{version:str}}"
            every = f"{prefix}/servers/{{server_name:str}}"
            table += [
                _route(HttpMethod.POST, f"{prefix}/publish", f"publish-server{prefix}")(self._publish),
                _route(HttpMethod.PUT, one, f"edit-server{prefix}")(self._edit),
                _route(HttpMethod.PATCH, f"{one}/status", f"update-server-status{prefix}")(self._set_status),
                _route(HttpMethod.PATCH, f"{every}/status", f"update-server-all-versions-status{prefix}")(
                    self._set_all_statuses
                ),
                _route(HttpMethod.DELETE, one, f"delete-server-version{prefix}")(self._delete),
                _route(HttpMethod.POST, f"{prefix}/x/registry/publish-check", f"check-publication{prefix}")(
                    self._check
                ),
            ]
        return table

    async def _publish(self, request: _AnyRequest) -> ASGIApp:
        return json_answer(await self._published(request, dry_run=False) + b"\n")

    async def _check(self, request: _AnyRequest) -> ASGIApp:
        await self._published(request, dry_run=True)
        return encoded({"accepted": True})

    async def _published(self, request: _AnyRequest, *, dry_run: bool) -> bytes:
        given = await written(request, self._identity)
        principal, manifest = given.principal, given.manifest
        noted_on(request.scope).object = f"{manifest.name}@{manifest.version}"
        if not may_publish(principal, manifest.name, self.private):
            raise Refused(_not_permitted(principal, manifest.name, self.private))
        try:
            with self._turns.of(principal, dry_run=dry_run):
                return await self._publisher.publish(
                    manifest, actor=actor_in(request.scope, principal), source=self._source(request), dry_run=dry_run
                )
        except ChangeRefused as refused:
            raise self._explained("Failed to publish server", refused, principal) from refused

    async def _edit(self, request: _AnyRequest) -> ASGIApp:
        given = await written(request, self._identity)
        name, version = name_in(request.scope), version_in(request.scope)
        noted_on(request.scope).object = f"{name}@{version}"
        if not may_edit(given.principal, name):
            raise Refused("You do not have edit permissions for this server")
        self._publisher.require_editable(name, version)
        if given.manifest.name != name:
            raise Invalid("Cannot rename server")
        if given.manifest.version != version:
            raise Invalid("Version in request body must match URL path parameter")
        try:
            with self._turns.of(given.principal):
                item = await self._publisher.edit(
                    given.manifest, actor=actor_in(request.scope, given.principal), source=self._source(request)
                )
        except ChangeRefused as refused:
            raise self._explained("Failed to edit server", refused, given.principal) from refused
        return json_answer(item + b"\n")

    async def _set_status(self, request: _AnyRequest) -> ASGIApp:
        principal, wanted = await wanted_status(request, self._identity)
        name = self._changeable(request.scope, principal, missing=_MISSING_VERSION)
        try:
            with self._turns.of(principal):
                item = await self._publisher.set_status(
                    name,
                    version_in(request.scope),
                    wanted,
                    actor=actor_in(request.scope, principal),
                    source=self._source(request),
                )
        except ChangeRefused as refused:
            raise self._explained("Failed to update server status", refused, principal) from refused
        return json_answer(item + b"\n")

    async def _set_all_statuses(self, request: _AnyRequest) -> ASGIApp:
        principal, wanted = await wanted_status(request, self._identity)
        name = self._changeable(request.scope, principal, missing="Server not found")
        try:
            with self._turns.of(principal):
                shown = await self._publisher.set_all_statuses(
                    name, wanted, actor=actor_in(request.scope, principal), source=self._source(request)
                )
        except ChangeRefused as refused:
            raise self._explained("Failed to update server status", refused, principal) from refused
        return StreamedJson(self._publisher.statuses_answer(shown))

    async def _delete(self, request: _AnyRequest) -> ASGIApp:
        principal = caller(request.scope, self._identity)
        name = self._changeable(request.scope, principal, missing=_MISSING_VERSION)
        with self._turns.of(principal):
            item = await self._publisher.delete(
                name, version_in(request.scope), actor=actor_in(request.scope, principal), source=self._source(request)
            )
        return json_answer(item + b"\n")

    def _changeable(self, scope: HTTPScope, principal: Principal, *, missing: str) -> ServerName:
        """The name in the path, if *principal* may set its status."""
        name = name_in(scope, missing=missing)
        noted_on(scope).object = str(name)
        if not (may_publish(principal, name, self.private) or may_edit(principal, name)):
            raise Refused("You do not have publish or edit permissions for this server")
        return name

    def _explained(self, detail: str, refused: ChangeRefused, principal: Principal) -> Invalid:
        """The answer 400: programs look for *detail* and for the reason."""
        why, taken_by = str(refused), refused.taken_by
        if taken_by is not None and self._sees(principal, ServerName(taken_by)):
            why = f"{why.removesuffix('another server')}server {taken_by}"
        return Invalid(detail, why=why)

    def _sees(self, principal: Principal, name: ServerName) -> bool:
        if may_publish(principal, name, self.private) or may_edit(principal, name):
            return True
        if Role.READER not in principal.roles or principal.home_team is None:
            return False
        view = self._store.view(principal.home_team)
        return view is not None and view.latest(name, include_deleted=False) is not None

    def _source(self, request: _AnyRequest) -> str:
        return source_of(self._callers.address(request.scope))


def _route(method: HttpMethod, path: str, name: str) -> Any:  # Any: litestar's decorator
    return route(path, http_method=[method], name=name, status_code=200)


def _not_permitted(principal: Principal, name: ServerName, private: Source) -> str:
    # reference §4.1.4: the same sentences, since programs look for them.
    patterns = published_by(principal)
    has = f"You have permission to publish: {', '.join(patterns)}" if patterns else None
    claimed = private.claim_on(name.namespace) and patterns
    return (
        "You do not have permission to publish this server. "
        f"{has or 'You do not have any publish permissions'}. Attempting to publish: {name}"
        + (". This namespace is the organisation's own: publish with one of its tokens" if claimed else "")
    )
