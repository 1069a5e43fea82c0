"""What outlives a process of a token: everything but its secret."""

import msgspec

from registry.policy.delegation import Mandate


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """
    A token of ours, as it is on record.

    `id`: its 8 public characters. `digest`: SHA-256 of the whole token. `owner`: the subject that its bearer acts as.
    `expires_us`: None for never. Instants are microseconds since 1970 UTC.
    """

    id: str
    digest: bytes
    owner: str
    label: str
    mandate: Mandate
    created_us: int
    created_by: str
    expires_us: int | None
    revoked_us: int | None = None
    revoked_by: str | None = None

    @property
    def position(self) -> tuple[int, str]:
        """Where it stands in a list."""
        return self.created_us, self.id

    @property
    def ends_us(self) -> int | None:
        """From when on it is not in force any more; None for never."""
        return min((each for each in (self.expires_us, self.revoked_us) if each is not None), default=None)

    def in_force(self, now_us: int) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_us is None and (self.expires_us is None or now_us < self.expires_us)
