"""`/v1/subjects`: whom to refuse, whoever vouches for them. For administrators of every name.

Tokens of issuers and logins are not ours to revoke, so their subjects are. Our own tokens: `/v1/tokens`.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.bodies import AnyRequest, read_json
from registry.api.deciding import asked, private
from registry.api.identity import Identity
from registry.api.issuing import LARGEST_BODY
from registry.api.listing import listed
from registry.api.noted import actor_in, noted_on
from registry.auth.listing import subject_report
from registry.commands.perform import Done, perform
from registry.commands.revoke_subject import reinstate_subject, revoke_subject
from registry.errors import Refused
from registry.policy.mandates import governing_withheld
from registry.policy.principal import Principal, Role
from registry.policy.token import without_secrets
from registry.store.interface import Store
from registry.store.subjects import RevokedSubject

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]


class SubjectRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/subjects/revoke` and `…/reinstate`: a subject as the record names it."""

    subject: str
    reason: str = ""


def subject_routes(store: Store, identity: Identity) -> list[HTTPRouteHandler]:
    """List those that are revoked, revoke, reinstate."""

    def administrator(scope: HTTPScope) -> Principal:
        principal = identity.holder(scope, Role.ADMIN)
        if (why := governing_withheld(principal)) is not None:
            raise Refused(f"subjects are revoked for every team: {why}")
        return principal

    @route("/v1/subjects", http_method=_READ, name="list-revoked-subjects")
    async def list_revoked(scope: HTTPScope) -> ASGIApp:
        administrator(scope)
        wanted = asked(scope)
        found = await store.ask(
            lambda snapshot: snapshot.revoked_subjects(after=wanted.after or "", limit=wanted.limit + 1)
        )
        shown = found[: wanted.limit]
        after = shown[-1].subject if len(found) > len(shown) else None
        return private(listed([subject_report(each) for each in shown], after))

    async def changed(request: AnyRequest, command: Callable[..., Done[RevokedSubject]]) -> ASGIApp:
        principal = administrator(request.scope)
        wanted = await _read(request)
        actor = actor_in(request.scope, principal, Role.ADMIN)
        revoked = await perform(
            store, lambda transaction: command(transaction, wanted.subject, reason=wanted.reason, actor=actor)
        )
        return private(subject_report(revoked))

    @route("/v1/subjects/revoke", http_method=[HttpMethod.POST], name="revoke-subject", status_code=200)
    async def revoke(request: AnyRequest) -> ASGIApp:
        return await changed(request, revoke_subject)

    @route("/v1/subjects/reinstate", http_method=[HttpMethod.POST], name="reinstate-subject", status_code=200)
    async def reinstate(request: AnyRequest) -> ASGIApp:
        return await changed(request, reinstate_subject)

    return [list_revoked, revoke, reinstate]


async def _read(request: AnyRequest) -> SubjectRequest:
    wanted = await read_json(request, SubjectRequest, most=LARGEST_BODY)
    noted_on(request.scope).object = without_secrets(wanted.subject)
    return wanted
