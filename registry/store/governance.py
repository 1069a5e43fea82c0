"""The contract of the store for governance: teams, grants, approvals, rules, blocks. See interface.py."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from registry.audit.event import AuditEvent
from registry.catalog.approval import Approval, ApprovedVersion, State
from registry.catalog.changes import Overlay
from registry.catalog.compat import Compat
from registry.catalog.drift import DriftPolicy
from registry.catalog.entry import ServerName
from registry.catalog.grant import Grant
from registry.catalog.rule import Rule
from registry.catalog.standing import Block, Verdict
from registry.catalog.view import StoredEntry
from schemas.validation.issue import Severity


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """
    A team, or an environment of one, that has a view. `compat`: for which client its lists leave out what that one
    cannot decode. Instants are microseconds since 1970.
    """

    name: str
    description: str
    made_us: int
    made_by: str
    compat: Compat | None = None


class NamedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What an approval names: one version of one server, and the digest of its bytes."""

    name: str
    version: str
    digest: bytes


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said about a request."""

    id: str
    approval: str
    said_us: int
    said_by: str
    text: str


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """
    Views that follow a decision name by name.

    `team`: whose view; None for all. `pattern`: the names. `after`: those up to here are done. `number`: 0 for a new
    one.
    """

    team: str | None
    pattern: str
    after: str = ""
    number: int = 0


class GovernanceReads(Protocol):
    """Short reads of what is committed."""

    def teams(self) -> list[Team]:
        """In their order."""

    def team(self, name: str) -> Team | None: ...
    def grant(self, grant_id: str) -> Grant | None: ...
    def grants(self, *, team: str | None, in_force: bool) -> list[Grant]:
        """Of a team, or of all, oldest first; *in_force*: only those."""

    def grants_covering(self, name: ServerName) -> dict[str, list[Grant]]:
        """Those in force that cover *name*, by team."""

    def approval(self, approval_id: str) -> Approval | None: ...
    def approvals(
        self, *, state: State | None, name: str | None, limit: int, before: str | None = None
    ) -> list[Approval]:
        """Newest first; *before* is an id. Those of rules are left out where a *name* is asked for."""

    def ending(self, *, until_us: int, unannounced: bool = False, limit: int) -> list[Approval]:
        """
        Those on record as approved that end by themselves at that instant or before, the first to end first.

        Args:
            unannounced: Only those that `put_announced` was not called for.
        """

    def approved(self, name: ServerName) -> list[ApprovedVersion]:
        """All that approvals in whatever state name of *name*."""

    def versions_of(self, approval_id: str, *, limit: int) -> list[NamedVersion]: ...
    def rules(self, *, in_force: bool) -> list[Rule]:
        """Oldest first."""

    def blocks(self, name: str | None = None) -> list[Block]:
        """Of a name, or all."""

    def overlays(self, *, in_force: bool) -> list[Overlay]:
        """Oldest first."""

    def drift_policies(self) -> list[DriftPolicy]:
        """By pattern."""

    def severities(self) -> dict[str, Severity]:
        """What the organisation makes of rules of advice, by their ids: as it was configured last."""

    def comments(self, approval_id: str) -> list[Comment]:
        """Oldest first."""

    def names_in_view(self, team: str) -> list[ServerName]:
        """All that the view has rows of, tombstones too. Reads the whole view."""

    def differences(self, team: str, name: ServerName, verdicts: Sequence[Verdict]) -> list[str]:
        """In words, what is stored of *name* in the view of *team* otherwise than *verdicts* say."""

    def authors(self, entry_id: int) -> list[str]:
        """Who published an entry here, then who edited it last, if anybody did; empty for one that is mirrored."""


class Governance(GovernanceReads, Protocol):
    """The same, and changing it, in a transaction."""

    def put_team(self, team: Team) -> None:
        """Make the team and its view, empty at first; or change what is said of it."""

    def put_grant(self, grant: Grant) -> None: ...
    def put_approval(self, approval: Approval) -> None: ...
    def put_announced(self, approval_id: str) -> None:
        """It is on record that the approval ends soon."""

    def put_approved(self, approval_id: str, name: ServerName, entries: Sequence[StoredEntry]) -> None:
        """Have the approval name the present bytes of these entries; what it names already stays."""

    def release_older(self, approval_id: str, name: ServerName, entries: Sequence[StoredEntry]) -> None:
        """Other bytes than these, of the same versions, are not served under the approval any more."""

    def release(self, approval_id: str, name: ServerName) -> None:
        """Nothing of *name* is served under the approval any more; what it named stays on record."""

    def names_approved_by(self, approval_id: str, *, after: str, limit: int) -> list[ServerName]: ...
    def put_rule(self, rule: Rule) -> None: ...
    def put_overlay(self, overlay: Overlay) -> None:
        """Rows are written with it from then on; those there are follow when they are brought up to date."""

    def put_block(self, block: Block) -> None: ...
    def forget_block(self, name: str, version: str | None) -> bool:
        """Whether there was one."""

    def put_drift_policy(self, policy: DriftPolicy) -> None:
        """In the place of one for the same pattern."""

    def forget_drift_policy(self, pattern: str) -> bool:
        """Whether there was one."""

    def put_severities(self, severities: Mapping[str, Severity]) -> None:
        """These and no others."""

    def put_comment(self, comment: Comment) -> None: ...
    def note(self, event: AuditEvent) -> None:
        """Something followed by itself from the change of this transaction; perform.py puts it on record."""

    def noted(self) -> list[AuditEvent]:
        """All that was, in its order."""

    def expired(self) -> list[Approval]:
        """Those that this transaction has found to have ended."""

    def replace_in_view(self, team: str, name: ServerName, verdicts: Sequence[Verdict], *, at_us: int | None) -> int:
        """
        Bring the stored rows of *name* in the view of *team* to what *verdicts* say; how many were written.

        Args:
            at_us: The instant at which this became true, where time alone made it so; else it is the change's own.
                Where the view has shown a newer one it is the change's own too: no follower misses it.
        """

    def rewrite_in_view(self, team: str, name: ServerName, verdicts: Sequence[Verdict]) -> int:
        """The same, and rows that have the right facts and other bytes are written anew."""

    def put_pending(self, pending: Pending) -> int:
        """Remember that these views are to be brought up to date; its number. With a number: how far that has come."""

    def pending(self) -> list[Pending]:
        """What is to be brought up to date, oldest first."""

    def forget_pending(self, number: int) -> None: ...
    def due(self, team: str, *, now_us: int, limit: int) -> list[tuple[ServerName, int]]:
        """Names of the view whose answer has changed by time alone, and since when; earliest first."""

    def late(self, name: ServerName, *, now_us: int) -> list[tuple[str, int]]:
        """Teams whose answer for *name* has changed by time alone, and since when."""
