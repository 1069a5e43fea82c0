"""The life of an approval.

Every legal move is in TRANSITIONS; if it is not in the table it cannot happen.

An approval is for *bytes*: it names digests, not just versions. If a source changes a document under an approved
version, the approval stays on record and stops matching.

    requested ──► approved ──► revoked
        │             ├──────► expired
        ▼             └──────► superseded
    rejected
"""

from enum import StrEnum
from typing import Final

import msgspec

from registry.catalog.entry import Digest
from registry.errors import Conflict


class State(StrEnum):
    """Where an approval is in its life."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Move(StrEnum):
    """What can happen to it."""

    APPROVE = "approve"
    REJECT = "reject"
    REVOKE = "revoke"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"


TRANSITIONS: Final[dict[tuple[State, Move], State]] = {
    (State.REQUESTED, Move.APPROVE): State.APPROVED,
    (State.REQUESTED, Move.REJECT): State.REJECTED,
    (State.APPROVED, Move.REVOKE): State.REVOKED,
    (State.APPROVED, Move.EXPIRE): State.EXPIRED,
    (State.APPROVED, Move.SUPERSEDE): State.SUPERSEDED,
}


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """
    A decision about bytes, or the request for one. Instants are microseconds since 1970.

    Attributes:
        name: The server; empty for what a rule approves, whatever the server.
        audience: The teams it is for; None for all, an empty list for none.
        tools: The tools it covers; None for all, an empty list for none.
        requested_by: Who asked, and `request` why.
        decided_by: Who decided, and `reason` why.
        first_by: Who agreed first, where two are needed.
        expires_us: When it ends by itself; None for never.
        rule: The rule that decided; None where a person did.
    """

    id: str
    name: str
    state: State
    requested_us: int
    requested_by: str
    request: str
    audience: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    decided_us: int | None = None
    decided_by: str | None = None
    reason: str | None = None
    first_by: str | None = None
    expires_us: int | None = None
    rule: str | None = None

    def is_for(self, team: str) -> bool:
        """Whether *team* is among those it is for."""
        return self.audience is None or team in self.audience

    def in_force(self, now_us: int) -> bool:
        """Whether it lets anything be seen at *now_us*. One that ends by itself needs nobody to end it."""
        return self.state is State.APPROVED and (self.expires_us is None or now_us < self.expires_us)


class ApprovedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """
    The bytes of one version that an approval names, with what is needed to serve and to find them.

    `entry_id`: the entry they were of, and so their source: what one source says is never held for another.
    `document_id` and `text_id` are None once the approval lets nothing be seen any more.
    """

    approval: Approval
    entry_id: int
    version: str
    digest: Digest
    document_id: int | None
    text_id: int | None
    registry_types: str
    transports: str


def moved(approval: Approval, move: Move) -> State:
    """
    The state *approval* gets by *move*.

    Raises Conflict, in words for whoever tried, if that cannot happen.
    """
    state = TRANSITIONS.get((approval.state, move))
    if state is None:
        raise Conflict(f"cannot {move} {approval.id}: it is {approval.state}")
    return state
