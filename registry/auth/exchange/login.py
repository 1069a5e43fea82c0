"""What all logins have in common: what they are given, what they grant, and how they refuse."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from registry.auth.registry_tokens import ROLES, Action, Method, Permission
from registry.catalog.pattern import parse_pattern
from registry.commands.grant_login import SpentOnce
from registry.errors import Invalid, Unauthenticated


class LoginRefused(Unauthenticated):
    """
    Raised when a login grants nothing. Its text is for the caller; the cause, where it is one of our own errors, may
    say more and is for the record.
    """


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """
    What somebody proved, and what that lets them do.

    `subject`: who it is, in the words of the method. `spends`: what must not have been used before, None where the
    method has nothing of the kind.
    """

    method: Method
    subject: str
    permissions: tuple[Permission, ...]
    spends: SpentOnce | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """What it makes of its bearer."""
        return tuple(sorted({ROLES[permission.action].value for permission in self.permissions}))

    @property
    def resources(self) -> tuple[str, ...]:
        """The patterns of names it is for."""
        return tuple(dict.fromkeys(permission.resource for permission in self.permissions))


class Login(Protocol):
    """One way to log in."""

    @property
    def method(self) -> Method: ...
    @property
    def members(self) -> tuple[str, ...]:
        """What a request must say, each of them a text; empty: it has no body."""

    @property
    def failure(self) -> str:
        """What a refusal is called (reference §6.1)."""

    def claimed(self, given: Mapping[str, str]) -> str | None:
        """Who tries, as far as *given* says so and it is no secret. Not proven, short, and fit for the record."""

    async def exchange(self, given: Mapping[str, str]) -> Granted:
        """Raises LoginRefused, with the reason."""


def permissions(actions: Iterable[Action], patterns: Iterable[str]) -> tuple[Permission, ...]:
    """Each of *actions* on each of *patterns*. Raises LoginRefused where that is nothing, or no pattern."""
    wanted = list(patterns)
    try:
        granted = tuple(
            Permission(action=action, resource=parse_pattern(pattern)) for action in actions for pattern in wanted
        )
    except Invalid as error:
        raise LoginRefused("what was proven is too long, or cannot be a namespace") from error
    if not granted:
        raise LoginRefused("nothing is granted to you here; ask whoever runs this registry")
    return granted
