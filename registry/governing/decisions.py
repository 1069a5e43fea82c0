"""What can be decided, in the form in which it is asked for: the bodies of `/v1`, and what the command line makes.

A decision says what is wanted. Who wants it, and whether they may, is for whoever carries it out: see
`registry.policy.mandates`.
"""

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from registry.catalog.changes import Changes
from registry.catalog.compat import Compat
from registry.catalog.rule import Tolerance
from registry.catalog.standing import OnChange
from registry.errors import Invalid

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
"""Why, in words: everything that is decided has one."""
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Description = Annotated[str, msgspec.Meta(max_length=1000)]
Versions = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=1000)]
Teams = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]
Tools = Annotated[tuple[str, ...], msgspec.Meta(max_length=1000)]
Approvals = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=100)]


class _Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="decision"):
    """The manner of all of them. Where the route says which one it is, `decision` may be absent."""


class MakeTeam(_Asked, frozen=True, kw_only=True, tag="make-team"):
    """
    `name`: `backend`, or `backend~prod` for an environment of it. `compat`: for which client its lists leave out what
    that one cannot decode.
    """

    name: str
    description: Description = ""
    compat: Compat | None = None


class TeamChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be said of a team from now on; what is absent stays. `compat`: null for no client."""

    description: Description | UnsetType = UNSET
    compat: Compat | UnsetType | None = UNSET


class EditTeam(_Asked, frozen=True, kw_only=True, tag="edit-team"):
    team: str
    changes: TeamChanges


class GiveGrant(_Asked, frozen=True, kw_only=True, tag="grant"):
    """`tools`: absent for all, an empty list for none."""

    team: str
    pattern: str
    reason: Reason
    tools: Tools | None = None


class RevokeGrant(_Asked, frozen=True, kw_only=True, tag="revoke-grant"):
    grant: str
    reason: Reason


class MakeRule(_Asked, frozen=True, kw_only=True, tag="rule"):
    """
    `teams`: must be stated, null for all of them. The conditions, both if there are both: `max_severity`, the worst
    finding that a document may have, and `patches_only`, that it is a later patch of what a person approved.
    `without_cool_off`: what it approves is seen at once, however new.
    """

    name: Title
    pattern: str
    teams: Teams | None
    reason: Reason
    max_severity: Tolerance | None = None
    patches_only: bool = False
    without_cool_off: bool = False


class EndRule(_Asked, frozen=True, kw_only=True, tag="end-rule"):
    rule: str
    reason: Reason


class SetOverlay(_Asked, frozen=True, kw_only=True, tag="overlay"):
    """`teams`: must be stated, null for all of them. Replaces what has the same name."""

    name: Title
    pattern: str
    teams: Teams | None
    changes: Changes
    reason: Reason


class RemoveOverlay(_Asked, frozen=True, kw_only=True, tag="remove-overlay"):
    overlay: str
    reason: Reason


class SetDriftPolicy(_Asked, frozen=True, kw_only=True, tag="drift"):
    """What is served when a source changes a document under an approval. In the place of one for the same pattern."""

    pattern: str
    on_change: OnChange
    reason: Reason


class EndDriftPolicy(_Asked, frozen=True, kw_only=True, tag="end-drift"):
    pattern: str
    reason: Reason


class Ask(_Asked, frozen=True, kw_only=True, tag="request"):
    """`versions`: absent for those that exist. `expires_at`: RFC 3339, absent for never."""

    name: str
    teams: Teams
    reason: Reason
    versions: Versions | None = None
    tools: Tools | None = None
    expires_at: str | None = None


class ApproveServer(_Asked, frozen=True, kw_only=True, tag="approve"):
    """`teams`: must be stated, null for all of them. The rest as `Ask` has it."""

    name: str
    teams: Teams | None
    reason: Reason
    versions: Versions | None = None
    tools: Tools | None = None
    expires_at: str | None = None


class ApproveRequest(_Asked, frozen=True, kw_only=True, tag="approve-request"):
    """`expires_at`: RFC 3339; it never ends later than was asked for."""

    approval: str
    reason: Reason
    expires_at: str | None = None


class RejectRequest(_Asked, frozen=True, kw_only=True, tag="reject"):
    approval: str
    reason: Reason


class RevokeApproval(_Asked, frozen=True, kw_only=True, tag="revoke-approval"):
    approval: str
    reason: Reason


class Verdict(StrEnum):
    """What can be decided about many at once."""

    APPROVE = "approve"
    REJECT = "reject"
    REVOKE = "revoke"


class DecideMany(_Asked, frozen=True, kw_only=True, tag="decide-many"):
    """The same about up to 100, all or none of them. `expires_at`: only where they are approved."""

    verdict: Verdict
    approvals: Approvals
    reason: Reason
    expires_at: str | None = None

    def each(self) -> dict[str, "ApproveRequest | RejectRequest | RevokeApproval"]:
        """One decision for each approval, by its id. Raises Invalid for an end of what is not approved."""
        if self.expires_at is not None and self.verdict is not Verdict.APPROVE:
            raise Invalid(f"expires_at is for what is approved, and you {self.verdict}")
        return {approval: self._one(approval) for approval in self.approvals}

    def _one(self, approval: str) -> "ApproveRequest | RejectRequest | RevokeApproval":
        match self.verdict:
            case Verdict.APPROVE:
                return ApproveRequest(approval=approval, reason=self.reason, expires_at=self.expires_at)
            case Verdict.REJECT:
                return RejectRequest(approval=approval, reason=self.reason)
            case Verdict.REVOKE:
                return RevokeApproval(approval=approval, reason=self.reason)


class Say(_Asked, frozen=True, kw_only=True, tag="comment"):
    """A comment on a request."""

    approval: str
    text: Reason


class BlockServer(_Asked, frozen=True, kw_only=True, tag="block"):
    """`version`: absent for all, future ones too."""

    name: str
    reason: Reason
    version: str | None = None


class UnblockServer(_Asked, frozen=True, kw_only=True, tag="unblock"):
    name: str
    reason: Reason
    version: str | None = None


class WaiveCoolOff(_Asked, frozen=True, kw_only=True, tag="waive-cool-off"):
    """`version`: absent for all that are in their cool-off."""

    name: str
    reason: Reason
    version: str | None = None


class ReleaseLookAlike(_Asked, frozen=True, kw_only=True, tag="release-look-alike"):
    """A name is not held any more for what it looks like."""

    name: str
    reason: Reason


class AssignName(_Asked, frozen=True, kw_only=True, tag="assign-name"):
    """`source`: which of those that have the name answers for it from now on."""

    name: str
    source: str
    reason: Reason


Previewed: TypeAlias = (
    GiveGrant
    | RevokeGrant
    | MakeRule
    | SetDriftPolicy
    | ApproveServer
    | ApproveRequest
    | RevokeApproval
    | BlockServer
    | UnblockServer
    | WaiveCoolOff
    | ReleaseLookAlike
)
"""What can be looked at before it is decided."""
Decision: TypeAlias = (
    Previewed
    | MakeTeam
    | EditTeam
    | EndRule
    | EndDriftPolicy
    | SetOverlay
    | RemoveOverlay
    | Ask
    | RejectRequest
    | DecideMany
    | Say
    | AssignName
)
