"""On whose behalf a command acts."""

from typing import Final

import msgspec

from registry.policy.principal import Principal


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """`local:<user>` is whoever works on the store itself; it never counts as the second person of an approval."""

    subject: str
    roles: tuple[str, ...]


SYNC: Final = Actor(subject="system:sync", roles=("operator",))
START: Final = Actor(subject="system:start", roles=("operator",))
CLOCK: Final = Actor(subject="system:clock", roles=())
"""What ends by itself."""
ANONYMOUS_LOOPBACK: Final = Actor(subject="loopback", roles=("operator",))


LOCAL: Final = "local:"
"""What the subject of whoever works on the store itself begins with."""


def acting(principal: Principal) -> Actor:
    """Who acts when *principal* does."""
    return Actor(subject=principal.subject, roles=tuple(sorted(principal.roles)))


def local(user: str) -> Actor:
    """Who runs a command on the store itself."""
    return Actor(subject=f"{LOCAL}{user}", roles=("operator", "admin"))
