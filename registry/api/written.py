"""What a request that writes brings: a caller, and a body; in the order in which they are looked at.

reference §4.1.1-3: the body's size, presence, type and JSON come first, then everything that is wrong with the form of
headers and body in one answer 422, then the credential. So a missing header is a 422, and a bad token a 401.
"""

import asyncio
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.types import HTTPScope

from registry.api.bodies import no_members, read_body, server_json
from registry.api.identity import Identity
from registry.api.problems import ParameterFault
from registry.catalog.entry import Status, is_one_line
from registry.commands.set_status import Wanted
from registry.policy.principal import Principal
from registry.publishing import Manifest
from schemas.registry_api import ProblemDetail
from schemas.server_json.document import AmbiguousDocument, require_unambiguous
from schemas.validation.reading import Members

_NO_HEADER: Final = ProblemDetail(message="required header parameter is missing", location="header.Authorization")
_SMALL_BYTES: Final = 16 * 1024
_LONGEST_MESSAGE: Final = 500
_STATUSES: Final = tuple(status.value for status in Status)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes, and what."""

    principal: Principal
    manifest: Manifest


async def written(request: Request[Any, Any, Any], identity: Identity) -> Written:  # Any: not used
    """
    Caller and server.json of a request.

    Raises:
        BodyRefused, Invalid: the body cannot be read; see bodies.read_body and bodies.server_json.
        ParameterFault: there is no credential, or the form of the body is wrong; `errors` says all of it.
        Unauthenticated, Throttled: the credential is bad, or too many were.
    """
    body = await read_body(request)
    complaints = missing_header(request.scope)
    try:
        members = server_json(body) if len(body) <= _SMALL_BYTES else await asyncio.to_thread(server_json, body)
    except ParameterFault as fault:
        raise ParameterFault([*complaints, *fault.errors]) from fault
    if complaints:
        raise ParameterFault(complaints)
    return Written(principal=identity.writer(request.scope), manifest=Manifest(document=body, members=members))


async def wanted_status(
    request: Request[Any, Any, Any],
    identity: Identity,  # Any: not used
) -> tuple[Principal, Wanted]:
    """Caller and status of a request. Raises as `written` does."""
    body = await read_body(request)
    complaints = missing_header(request.scope)
    try:
        complaints += _status_complaints(members := require_unambiguous(body))
    except AmbiguousDocument as error:
        refused = no_members(str(error), body)
        if isinstance(refused, ParameterFault):
            refused = ParameterFault([*complaints, *refused.errors])
        raise refused from error
    if complaints:
        raise ParameterFault(complaints)
    # An empty message says nothing, and counts as none.
    wanted = Wanted(status=Status(str(members["status"])), message=_message(members) or None)
    return identity.writer(request.scope), wanted


def caller(scope: HTTPScope, identity: Identity) -> Principal:
    """Who writes, where there is no body. Raises ParameterFault if there is no credential, and as `written` does."""
    if complaints := missing_header(scope):
        raise ParameterFault(complaints)
    return identity.writer(scope)


def missing_header(scope: HTTPScope) -> list[ProblemDetail]:
    """The complaint about a missing credential, if it is missing."""
    return [] if any(name == b"authorization" for name, _ in scope["headers"]) else [_NO_HEADER]


def _status_complaints(members: Members) -> list[ProblemDetail]:
    # reference §1.5, "status body".
    complaints: list[ProblemDetail] = []

    def complain(message: str, location: str, value: object) -> None:
        complaints.append(ProblemDetail(message=message, location=location, value=value))

    status, message = members.get("status"), members.get("statusMessage")
    if "status" not in members:
        complain("expected required property status to be present", "body", members)
    elif not isinstance(status, str):
        complain("expected string", "body.status", status)
    elif status not in _STATUSES:
        complain(f'expected value to be one of "{", ".join(_STATUSES)}"', "body.status", status[:100])
    if message is not None and not isinstance(message, str):
        complain("expected string", "body.statusMessage", message)
    elif isinstance(message, str) and len(message) > _LONGEST_MESSAGE:
        complain(f"expected length <= {_LONGEST_MESSAGE}", "body.statusMessage", message[:100])
    elif isinstance(message, str) and not is_one_line(message):
        complain("expected one line of text, without control characters", "body.statusMessage", message[:100])
    complaints += [
        ProblemDetail(message="unexpected property", location=f"body.{name[:100]}", value=members)
        for name in members
        if name not in ("status", "statusMessage")
    ]
    return complaints


def _message(members: Members) -> str:
    message = members.get("statusMessage")
    return message if isinstance(message, str) else ""
