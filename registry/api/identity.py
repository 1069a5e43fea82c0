"""Who a request is from. Every route that cares asks here, so that guessing is slowed in one place for all of them."""

from litestar.types import HTTPScope

from registry.api.attempts import Attempts
from registry.api.callers import Callers
from registry.api.noted import noted_on
from registry.auth.authenticate import Authenticator, credential, present
from registry.errors import MissingCredential, Refused, Unauthenticated
from registry.policy.principal import Principal, Role


class Identity:
    """
    Each method raises, beside what it says:

    - Unauthenticated for a bad credential, in whichever way it is bad;
    - Invalid for more than one Authorization header;
    - Throttled where credentials failed too often (attempts.py), before this one is looked at.
    """

    def __init__(self, authenticator: Authenticator, callers: Callers, attempts: Attempts) -> None:
        self._authenticator = authenticator
        self._callers = callers
        self._attempts = attempts

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
            Refused: the credential is good, and not for reading.
        """
        caller = self.caller(scope)
        return self._authenticator.anonymous() if caller is None else self._authenticator.reading(caller)

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

    def _bearer(self, scope: HTTPScope, value: bytes) -> Principal:
        presented, address = present(value), self._callers.address(scope)
        token = presented.token
        self._attempts.admit(address, token)
        try:
            principal = self._authenticator.bearer(presented)
        except Unauthenticated:
            self._attempts.failed(address, token)
            raise
        self._attempts.succeeded(address, token)
        noted_on(scope).principal = principal
        return principal
