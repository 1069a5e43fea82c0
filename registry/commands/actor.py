"""On whose behalf a command acts."""

from typing import Final

import msgspec

from registry.audit.event import AuditEvent, Facts
from registry.policy.principal import Principal


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """
    `local:<user>` is whoever works on the store itself; it never counts as the second person of an approval.

    `source` and `request`: the address and the id of the request that makes them act; None where there is none.
    """

    subject: str
    roles: tuple[str, ...]
    source: str | None = None
    request: str | None = None

    def event(
        self,
        action: str,
        object: str,
        detail: Facts,
        *,
        digest: str | None = None,
        before: Facts | None = None,
        after: Facts | None = None,
        reason: str | None = None,
        decided_by: str | None = None,
    ) -> AuditEvent:
        """That this actor did *action*, as the record says it: see AuditEvent."""
        return AuditEvent(
            action=action,
            actor=self.subject,
            roles=self.roles,
            object=object,
            detail=detail,
            digest=digest,
            before=before,
            after=after,
            reason=reason,
            source=self.source,
            request=self.request,
            decided_by=decided_by,
        )


SYNC: Final = Actor(subject="system:sync", roles=("operator",))
START: Final = Actor(subject="system:start", roles=("operator",))
CLOCK: Final = Actor(subject="system:clock", roles=())
"""What ends by itself."""
RULES: Final = Actor(subject="system:rules", roles=())
"""What rules with conditions approve."""
DRIFT: Final = Actor(subject="system:drift", roles=())
"""What follows from changed bytes by itself."""
FIREWALL: Final = Actor(subject="system:firewall", roles=())
"""What holds names back until somebody decides."""
ANONYMOUS_LOOPBACK: Final = Actor(subject="loopback", roles=("operator",))


LOCAL: Final = "local:"
"""What the subject of whoever works on the store itself begins with."""


def acting(principal: Principal) -> Actor:
    """Who acts when *principal* does."""
    return Actor(subject=principal.subject, roles=tuple(sorted(principal.roles)))


def local(user: str) -> Actor:
    """Who runs a command on the store itself."""
    return Actor(subject=f"{LOCAL}{user}", roles=("operator", "admin"))
