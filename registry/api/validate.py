"""`POST /validate`: what is wrong with a server.json. Open to everybody, so it is limited for each source address.

The verdict is that of the private profile, and is always 200 (reference §5.1); what is no body of the right form is a
4xx before it (reference §1.5).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import HttpMethod, Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from registry.api.answers import json_answer
from registry.api.bodies import read_body, server_json
from registry.api.callers import Callers
from registry.api.source_limits import SourceLimits
from registry.clock import Clock
from registry.errors import Throttled
from registry.policy.ratelimit import RateLimit
from schemas.validation.engine import validate_members
from schemas.validation.issue import Issue, Severity, shortened, valid

LIMIT: Final = RateLimit(burst=60, every_ns=500_000_000)
"""For each source and worker: 60 at once, two a second after that."""

_MOST_AT_ONCE: Final = 2
_MOST_WAITING: Final = 32
_encode: Final = msgspec.json.Encoder().encode


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer."""

    valid: bool
    issues: list[Issue]


def validate_routes(
    prefixes: Sequence[str], clock: Clock, callers: Callers, severities: Mapping[str, Severity]
) -> list[HTTPRouteHandler]:
    """
    Under each of *prefixes*; all of them share one limit.

    Args:
        severities: What the organisation makes of rules of advice, by id.
    """
    limits = SourceLimits(LIMIT, clock)
    turns = asyncio.Semaphore(_MOST_AT_ONCE)
    inside = 0

    async def validate(request: Request[Any, Any, Any]) -> ASGIApp:  # Any: user, token and state are not used
        nonlocal inside
        limits.admit(callers.address(request.scope))
        body = await read_body(request)
        if inside >= _MOST_AT_ONCE + _MOST_WAITING:
            raise Throttled("too many manifests are being validated here; try again in a second", retry_after_s=1)
        inside += 1
        try:
            async with turns:
                return json_answer(await asyncio.to_thread(_verdict, body, severities))
        finally:
            inside -= 1

    return [
        route(f"{prefix}/validate", http_method=[HttpMethod.POST], name=f"validate-server{prefix}", status_code=200)(
            validate
        )
        for prefix in prefixes
    ]


def _verdict(body: bytes, severities: Mapping[str, Severity]) -> bytes:
    issues = validate_members(server_json(body), severities=severities)
    # A path holds names that the caller chose, and stands in every issue below them.
    bounded = [msgspec.structs.replace(issue, path=shortened(issue.path)) for issue in issues]
    return _encode(Verdict(valid=valid(issues), issues=bounded)) + b"\n"
