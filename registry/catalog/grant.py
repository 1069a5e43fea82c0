"""What a team may read: all names, those of a namespace, or one server; and which of its tools it may call."""

from collections.abc import Iterable

import msgspec

from registry.catalog.pattern import covers


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """
    One grant, in force until it is revoked.

    `tools`: the tools it is for; None for all of them, an empty list for none. `reason`: why it was given, in words.
    """

    id: str
    team: str
    pattern: str
    granted_us: int
    granted_by: str
    reason: str
    tools: tuple[str, ...] | None = None
    revoked_us: int | None = None
    revoked_by: str | None = None

    @property
    def in_force(self) -> bool:
        return self.revoked_us is None


def granted(name: str, grants: Iterable[Grant]) -> Grant | None:
    """The grant that lets *name* be read: of several in force, the one that spells out most of it."""
    covering = (grant for grant in grants if grant.in_force and covers(grant.pattern, name))
    return max(covering, key=lambda grant: (len(grant.pattern.removesuffix("*")), grant.id), default=None)
