"""What outlives a process of a capability address: everything but its secret."""

import msgspec

from registry.catalog.compat import Compat


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """
    An address that reads one team's view, as it is on record.

    `id`: `cap_…`. `digest`: of team and secret (`registry.policy.capability`). `owner`: who answers for it. `networks`:
    from where it may be used; none: from anywhere. `expires_us`: None for never. `replaced_by`: the id of the one that
    was issued in its place. `compat`: for which client lists leave out what it cannot decode. Instants are microseconds
    since 1970 UTC.
    """

    id: str
    digest: bytes
    team: str
    owner: str
    label: str
    networks: tuple[str, ...]
    created_us: int
    created_by: str
    expires_us: int | None
    replaced_by: str | None = None
    revoked_us: int | None = None
    revoked_by: str | None = None
    compat: Compat | None = None

    def in_force(self, now_us: int) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_us is None and (self.expires_us is None or now_us < self.expires_us)
