"""What is on record of a subject that is refused, whoever vouches for it."""

import msgspec


class RevokedSubject(msgspec.Struct, frozen=True, kw_only=True):
    """
    A subject of an issuer or a login, such as `acme:00u1`, whose tokens are refused until it is reinstated.

    `revoked_us`: microseconds since 1970 UTC. `reason`: in words; may be empty.
    """

    subject: str
    revoked_us: int
    revoked_by: str
    reason: str
