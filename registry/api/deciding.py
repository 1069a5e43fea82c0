"""Decisions through the API: who may, carried out, in force, and answered."""

from typing import Any, Final

import msgspec
from litestar.types import HTTPScope

from registry.api.answers import Answer, Header, encoded
from registry.api.identity import Identity
from registry.api.listing import MOST_ITEMS, position
from registry.api.noted import requesting
from registry.api.params import bounded_integer, parse_query
from registry.api.problems import ParameterFault
from registry.catalog.compat import Compat
from registry.clock import Clock
from registry.commands.decide import decide
from registry.errors import NotFound
from registry.governing.authority import authorised
from registry.governing.carrying_out import command_of
from registry.governing.decisions import Decision
from registry.policy.principal import Principal
from registry.store.interface import Store
from schemas.registry_api import ProblemDetail

NOT_KEPT: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"),)
LARGEST_BODY: Final = 64 * 1024
_LONGEST_REASON: Final = 1000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What every list is asked with."""

    parameters: dict[str, str]
    limit: int
    after: str | None


class Deciding:
    """
    What the routes of governance share.

    Args:
        approvers: How many approvers an approval takes, 1 or 2.
    """

    def __init__(self, store: Store, clock: Clock, identity: Identity, *, approvers: int) -> None:
        self.store = store
        self.clock = clock
        self.identity = identity
        self.approvers = approvers

    async def carry_out(
        self, scope: HTTPScope, principal: Principal, decision: Decision
    ) -> Any:  # Any: what the decision answers
        """
        Make *decision*, and wait until it is in force.

        Raises Refused, NotFound, Invalid and Conflict, as `authorised` and the commands do, and StoreFault.
        """
        actor = requesting(scope, authorised(self.store.snapshot(), principal, decision))
        return await decide(self.store, command_of(decision, actor=actor, approvers=self.approvers))

    def require_team(self, team: str) -> None:
        """Raises NotFound if there is no such team."""
        if self.store.snapshot().governance.team(team) is None:
            raise NotFound(f"there is no team {team[:90]!r}")


def asked(scope: HTTPScope) -> Asked:
    """Raises ParameterFault and Invalid for a limit or cursor that is none."""
    parameters = parse_query(scope["query_string"])
    limit = bounded_integer(parameters, "limit", default=30, most=MOST_ITEMS)
    return Asked(parameters=parameters, limit=limit, after=position(parameters))


def required(parameters: dict[str, str], name: str) -> str:
    """The parameter *name*. Raises ParameterFault if it is absent or empty."""
    value = parameters.get(name, "")
    if not value:
        missing = ProblemDetail(message="required query parameter is missing", location=f"query.{name}")
        raise ParameterFault([missing])
    return value


def reason_in(scope: HTTPScope) -> str:
    """The parameter `reason`, for a request without a body. Raises ParameterFault if there is none, or too much."""
    reason = required(parse_query(scope["query_string"]), "reason")
    if len(reason) > _LONGEST_REASON:
        long = ProblemDetail(message=f"expected length <= {_LONGEST_REASON}", location="query.reason")
        raise ParameterFault([long])
    return reason


def profile_in(parameters: dict[str, str]) -> Compat | None:
    """The client in the parameter `compat`. Raises ParameterFault for one that has no profile."""
    text = parameters.get("compat", "")
    if text and text not in set(Compat):
        raise ParameterFault([ProblemDetail(message=f"expected one of {', '.join(Compat)}", location="query.compat")])
    return Compat(text) if text else None


def private(value: object, *, status: int = 200) -> Answer:
    """*value* as JSON that nobody keeps."""
    return encoded(value, status=status, headers=NOT_KEPT)
