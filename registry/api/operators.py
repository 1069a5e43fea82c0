"""Who may see and do what operators need: who has the role operator, and somebody on this machine without a credential.

A listener on loopback is not enough to tell: behind a reverse proxy on the same host everybody comes from loopback.
What was forwarded says so in its headers, or carries another name than this machine's, and a page in a browser says
where it is from. Such a request needs the role like any other.
"""

from collections.abc import Iterable
from typing import Final

from litestar.types import HTTPScope

from registry.api.identity import Identity
from registry.api.noted import actor_in, requesting
from registry.auth.authenticate import credential
from registry.commands.actor import ANONYMOUS_LOOPBACK, Actor
from registry.errors import Invalid, Throttled, Unauthenticated
from registry.policy.principal import Role

_LOOPBACK: Final = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
_FORWARDED: Final = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}
)


class Operators:
    """
    Args:
        on_loopback: Only this machine can connect, so whoever is on it needs no credential.
    """

    def __init__(self, identity: Identity, *, on_loopback: bool) -> None:
        self._identity = identity
        self._on_loopback = on_loopback

    def acting(self, scope: HTTPScope, *also: Role) -> Actor:
        """
        Who operates. On the machine itself no credential is looked at: commands there send whatever they have.

        Args:
            also: What it takes beside the role operator.

        Raises:
            Unauthenticated: there is no credential, or a bad one.
            Refused: there is one without all of these roles.
        """
        if self.on_this_machine(scope):
            return requesting(scope, ANONYMOUS_LOOPBACK)
        if credential(scope["headers"]) is None:
            raise Unauthenticated(
                "this is for operators: call it with a token that has the role operator, or on the machine itself as "
                "127.0.0.1, if it listens on loopback, with a client that is no browser and no proxy"
            )
        for role in also:
            self._identity.holder(scope, role)
        return actor_in(scope, self._identity.holder(scope, Role.OPERATOR), Role.OPERATOR, *also)

    def told(self, scope: HTTPScope) -> bool:
        """
        Whether who asks may see what `acting` is for, where others are answered without it. Guessing is slowed as
        everywhere: whoever guessed too often is not told, either.
        """
        if self.on_this_machine(scope):
            return True
        try:
            caller = self._identity.caller(scope)
        except (Unauthenticated, Invalid, Throttled):
            return False
        return caller is not None and Role.OPERATOR in caller.roles

    def on_this_machine(self, scope: HTTPScope) -> bool:
        """Whether only this machine can connect, and nothing says that the request came from elsewhere."""
        return self._on_loopback and _direct(scope["headers"])


def _direct(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name in _FORWARDED or name in (b"origin", b"via"):
            return False
        if name == b"host" and _host(value.lower()) not in _LOOPBACK:
            return False
    return True


def _host(value: bytes) -> bytes:
    return value[: value.index(b"]") + 1] if value.startswith(b"[") and b"]" in value else value.partition(b":")[0]
