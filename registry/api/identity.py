"""Who a request is from. Every route that cares asks here, so that guessing is slowed in one place for all of them."""

from collections.abc import Sequence

import msgspec
from litestar.types import HTTPScope

from registry.api.attempts import Attempts
from registry.api.callers import Callers
from registry.api.noted import noted_on
from registry.api.path import capability_in, team_in
from registry.api.problems import UnknownPath
from registry.auth.authenticate import Authenticator, NotJudged, credential, present
from registry.auth.capabilities import Capabilities
from registry.errors import Invalid, MissingCredential, Refused, Throttled, Unauthenticated
from registry.policy.principal import Principal, Role


class Identity:
    """
    Each method raises, beside what it says:

    - Unauthenticated for a bad credential, in whichever way it is bad;
    - Invalid for more than one Authorization header;
    - Throttled where credentials failed too often (attempts.py), before this one is looked at.

    Args:
        public_url: How clients reach this instance, for the addresses it tells them.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        capabilities: Capabilities,
        callers: Callers,
        attempts: Attempts,
        *,
        public_url: str,
    ) -> None:
        self._capabilities = capabilities
        self._authenticator = authenticator
        self._callers = callers
        self._attempts = attempts
        self._public_url = public_url.rstrip("/")

    async def prepare(self, scope: HTTPScope) -> None:
        """
        Fetch what the credential of a request is judged by, where that is not at hand: the one thing about it that
        waits for others, so it comes before anything else. Refuses nothing.
        """
        try:
            value = credential(scope["headers"])
            if value is not None:
                presented = present(value)
                self._attempts.admit(self._callers.address(scope), presented.token)
                await self._authenticator.prepare(presented)
        except (Invalid, Throttled):
            # Whoever asks who calls is told.
            return

    def caller(self, scope: HTTPScope) -> Principal | None:
        """Who calls; None without a credential."""
        value = credential(scope["headers"])
        return None if value is None else self._bearer(scope, value)

    def reader(self, scope: HTTPScope) -> Principal:
        """
        Who reads the view of their home team; without a credential the anonymous reader, where there is one, and so for
        logins that say nothing about reading (see Authenticator.reading).

        Raises:
            Unauthenticated: there is none, and a credential is needed.
            Refused: the credential is good, and not for reading, or has no home team: then it says where to read.
        """
        caller = self.caller(scope)
        if caller is None:
            return self._authenticator.anonymous()
        if caller.home_team is None and caller.teams and Role.READER in caller.roles:
            raise Refused(
                f"the credential of {caller.subject} names no home team, whose view this address serves; "
                f"read at {self._addresses(caller.teams)}"
            )
        return self._authenticator.reading(caller)

    def belonging(self, scope: HTTPScope) -> Principal:
        """
        Who belongs to the team in the path, with it as the home team.

        Raises:
            Unauthenticated: there is no credential, whether or not there is such a team.
            UnknownPath: the caller does not belong to it; the same if there is no such team.
        """
        caller = self.caller(scope)
        if caller is None:
            raise Unauthenticated("a team's address needs a credential; send one as 'Authorization: Bearer …'")
        team = team_in(scope)
        if team not in caller.teams:
            raise UnknownPath
        return caller if caller.home_team == team else msgspec.structs.replace(caller, home_team=team)

    def member(self, scope: HTTPScope) -> Principal:
        """Who reads the view of the team in the path. Raises as `belonging`, and Refused without the role reader."""
        return self._authenticator.reading(self.belonging(scope))

    def writer(self, scope: HTTPScope) -> Principal:
        """Who wants to change something; what they may change is for the route. Raises MissingCredential without."""
        caller = self.caller(scope)
        if caller is None:
            raise MissingCredential("this needs a credential; send one as 'Authorization: Bearer …'")
        return caller

    def holder(self, scope: HTTPScope, *roles: Role) -> Principal:
        """Who has one of *roles*. Raises MissingCredential without a credential, and Refused with one that has none."""
        caller = self.writer(scope)
        if caller.roles.isdisjoint(roles):
            wanted = " or ".join(roles)
            raise Refused(f"this needs the role {wanted}, which the credential of {caller.subject} does not have")
        return caller

    def visitor(self, scope: HTTPScope) -> Principal:
        """
        Who reads through the capability in the path.

        Raises:
            Unauthenticated: there is a credential beside it: the two could speak for different callers.
            UnknownPath: it is none, is not in force, or is not for where the caller is.
        """
        if credential(scope["headers"]) is not None:
            raise Unauthenticated("this address is its own credential; ask without an Authorization header")
        address = self._callers.address(scope)
        self._attempts.admit(address, None)
        capability = self._capabilities.named(capability_in(scope))
        if capability is None:
            self._attempts.failed(address, None)
            raise UnknownPath
        # Whoever has an address that was good once does not guess: no failure, or one editor that was left with it
        # would keep everybody behind the same address out.
        principal = self._capabilities.visitor(capability, address)
        if principal is None:
            raise UnknownPath
        return principal

    def _addresses(self, teams: Sequence[str]) -> str:
        return ", ".join(f"{self._public_url}/teams/{team}" for team in teams)

    def _bearer(self, scope: HTTPScope, value: bytes) -> Principal:
        presented, address = present(value), self._callers.address(scope)
        token = presented.token
        self._attempts.admit(address, token)
        try:
            principal = self._authenticator.bearer(presented)
        except NotJudged:
            raise
        except Unauthenticated:
            self._attempts.failed(address, token)
            raise
        self._attempts.succeeded(address, token)
        noted_on(scope).principal = principal
        return principal
