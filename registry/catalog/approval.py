"""The life of an approval.

Every legal move is in TRANSITIONS; if it is not in the table it cannot happen.

An approval is for *bytes*: it names digests, not just versions. If a source changes a document under an approved
version, the approval stays on record and stops matching.

    requested ──► approved ──► revoked
        │  │          ├──────► expired
        │  └───────┐  └──────► superseded
        ▼          └─ a draft ─────▲
    rejected

A draft is a request that nobody made: its bytes appeared under an approval. It is superseded when they are gone again.
"""

from enum import StrEnum
from typing import Final

import msgspec

from registry.catalog.difference import Difference
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
    (State.REQUESTED, Move.SUPERSEDE): State.SUPERSEDED,
    (State.APPROVED, Move.REVOKE): State.REVOKED,
    (State.APPROVED, Move.EXPIRE): State.EXPIRED,
    (State.APPROVED, Move.SUPERSEDE): State.SUPERSEDED,
}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """
    Why there is a request that nobody made.

    `beside`: the approval under which the bytes changed. `before`: the digest of those it was compared with,
    hexadecimal: what was served last.
    """

    beside: str
    before: str
    difference: Difference


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
        draft: What changed; None where somebody asked or decided by themselves.
        policy: The pattern of the policy that decided, about a draft; None where a person did.
        without_cool_off: Whether it lets versions be seen during their cool-off.
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
    draft: Draft | None = None
    policy: str | None = None
    without_cool_off: bool = False

    def is_for(self, team: str) -> bool:
        """Whether *team* is among those it is for."""
        return self.audience is None or team in self.audience

    @property
    def by_a_person(self) -> bool:
        """Whether a person decided, about these very bytes."""
        return self.rule is None and self.policy is None

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

    @property
    def endurance(self) -> tuple[int, int, str]:
        """Greater for what ends later, then for what was decided later."""
        approval = self.approval
        expires_us = 1 << 62 if approval.expires_us is None else approval.expires_us
        return expires_us, approval.decided_us or 0, approval.id

    @property
    def recency(self) -> tuple[int, bool, tuple[int, int, str]]:
        """Greater for what was decided later; at the same instant a person goes before a policy."""
        return self.approval.decided_us or 0, self.approval.policy is None, self.endurance


def moved(approval: Approval, move: Move) -> State:
    """
    The state *approval* gets by *move*.

    Raises Conflict, in words for whoever tried, if that cannot happen.
    """
    state = TRANSITIONS.get((approval.state, move))
    if state is None:
        raise Conflict(f"cannot {move} {approval.id}: it is {approval.state}")
    return state
