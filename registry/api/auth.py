"""`POST /auth/…`: a proof of somebody else, for a token of this registry (reference §6).

A login that is off has no route. What a caller sends here may be worth more than what it gets, so no answer repeats any
of it but a domain. Every exchange is recorded, granted or refused.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from litestar import HttpMethod, Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import encoded, problem
from registry.api.bodies import read_body, texts
from registry.api.callers import Callers
from registry.api.noted import requesting
from registry.api.source_limits import SourceLimits
from registry.auth.exchange.login import Granted, Login, LoginRefused
from registry.auth.registry_tokens import RegistryTokens
from registry.clock import Clock
from registry.commands.actor import Actor
from registry.commands.grant_login import PROOF_SPENT, grant_login
from registry.commands.perform import perform
from registry.commands.refuse_login import refuse_login
from registry.errors import Refused, RegistryError, Throttled
from registry.logs import BoundLog
from registry.policy.ratelimit import RateLimit
from registry.store.interface import Store
from schemas.registry_api import ProblemDetail

LIMIT: Final = RateLimit(burst=30, every_ns=2_000_000_000)
"""For each source and worker: 30 at once, one every two seconds after that."""

_MOST_AT_ONCE: Final = 32
_LARGEST_BODY: Final = 64 * 1024
_ANYBODY: Final = Actor(subject="anonymous", roles=())
_UNCACHED: Final = ((b"cache-control", b"no-store"),)
_SPENT: Final = "this proof was used before; sign the present instant, and log in again"
_PAGE: Final = "no page in a browser can log in here; use mcp-publisher or another client that is no browser"


class RegistryToken(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `expires_at`: Unix time in seconds."""

    registry_token: str
    expires_at: int


class Logins:
    """The logins that are on, with what they need to be answered and recorded."""

    def __init__(
        self,
        exchanges: Sequence[Login],
        *,
        tokens: RegistryTokens,
        store: Store,
        clock: Clock,
        callers: Callers,
        log: BoundLog,
    ) -> None:
        self.exchanges: Final = exchanges
        self._tokens = tokens
        self._store = store
        self._clock = clock
        self._callers = callers
        self._log = log
        self._limits = SourceLimits(LIMIT, clock)
        self._inside = 0

    async def answer(self, login: Login, request: Request[Any, Any, Any]) -> ASGIApp:  # Any: none of it is used
        """
        The answer to one request for *login*.

        Raises Refused for a page in a browser, where a login asks for no proof: it reaches loopback, too.
        """
        if not login.members and any(name == b"origin" for name, _ in request.scope["headers"]):
            raise Refused(_PAGE)
        self._limits.admit(self._callers.address(request.scope))
        if self._inside >= _MOST_AT_ONCE:
            raise Throttled("too many logins are under way here; try again in a second", retry_after_s=1)
        self._inside += 1
        try:
            given = texts(await read_body(request, most=_LARGEST_BODY), login.members) if login.members else {}
            return await self._exchanged(request.scope, login, given)
        finally:
            self._inside -= 1

    async def _exchanged(self, scope: HTTPScope, login: Login, given: Mapping[str, str]) -> ASGIApp:
        try:
            granted = await login.exchange(given)
        except LoginRefused as refused:
            claimed, reason = login.claimed(given), _for_the_record(refused)
            somebody = requesting(scope, _ANYBODY)
            await perform(
                self._store,
                partial(refuse_login, method=login.method, claimed=claimed, reason=reason, actor=somebody),
            )
            self._log.info(f"refused a login by {login.method}", method=login.method.value)
            return _refusal(login, str(refused))
        token, expires_s = self._tokens.issue(granted.method, granted.subject, granted.permissions)
        why = await self._recorded(scope, granted)
        if why is not None:
            return _refusal(login, _SPENT if why == PROOF_SPENT else why)
        return encoded(RegistryToken(registry_token=token, expires_at=expires_s), headers=_UNCACHED)

    async def _recorded(self, scope: HTTPScope, granted: Granted) -> str | None:
        """Why it does not stand after all; None if it does."""
        return await perform(
            self._store,
            partial(
                grant_login,
                method=granted.method,
                actor=requesting(scope, Actor(subject=f"{granted.method}:{granted.subject}", roles=granted.roles)),
                resources=granted.resources,
                spends=granted.spends,
                now_us=self._clock.now_us(),
            ),
        )


def auth_routes(prefixes: Sequence[str], logins: Logins) -> list[HTTPRouteHandler]:
    """Each login that is on, under each of *prefixes*; all of them share one limit."""
    return [_login_route(prefix, login, logins) for prefix in prefixes for login in logins.exchanges]


def _login_route(prefix: str, login: Login, logins: Logins) -> HTTPRouteHandler:
    @route(
        f"{prefix}/auth/{login.method}",
        http_method=[HttpMethod.POST],
        name=f"exchange-{login.method}-token{prefix}",
        status_code=200,
    )
    async def exchange(request: Request[Any, Any, Any]) -> ASGIApp:  # Any: user, token and state are not used
        return await logins.answer(login, request)

    return exchange


def _refusal(login: Login, reason: str) -> ASGIApp:
    return problem(401, "Unauthorized", login.failure, errors=[ProblemDetail(message=reason)], headers=_UNCACHED)


def _for_the_record(refused: LoginRefused) -> str:
    """With the cause, where it is one of our own errors: those never hold what was sent."""
    cause = refused.__cause__
    return f"{refused} ({cause})" if isinstance(cause, RegistryError) else str(refused)
