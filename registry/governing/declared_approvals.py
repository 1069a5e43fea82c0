"""Approvals in a governance file. An approval is for bytes: the file names them, or takes those that are there.

The file adds approvals, and takes back only what it once declared as all of them: with `all_approvals = true` what
people approved and the file does not name is revoked. Without it the file has no word on what people approved.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from registry.catalog.approval import Approval, State
from registry.catalog.entry import ServerName, parse_version
from registry.catalog.team import parse_team
from registry.clock import microseconds
from registry.commands.actor import Actor
from registry.commands.approvals import Wanted, approve_now, revoke_approval
from registry.commands.perform import Done
from registry.commands.project_views import standing
from registry.errors import Invalid
from registry.governing.approvals import Sought, found_approvals
from registry.governing.steps import Step
from registry.store.interface import Snapshot, Transaction
from schemas.rfc3339 import format_instant

_MOST_VERSIONS: Final = 10_000
_PAGE: Final = 200
_SHA256: Final = "sha256:"


class DeclaredApproval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    `[[approval]]`. For `teams`, or for all of them if `all_teams` says so. Of `versions`, whatever bytes they have when
    it is put in force, or of `digests`, `{"1.0.0" = "sha256:…"}`, and no other bytes. `tools`: absent for all.
    `expires`: an instant with its offset; absent for never.
    """

    name: str
    reason: str
    versions: tuple[str, ...] = ()
    digests: dict[str, str] = {}
    teams: tuple[str, ...] = ()
    all_teams: bool = False
    tools: tuple[str, ...] | None = None
    expires: datetime | None = None

    @property
    def wanted(self) -> Wanted:
        """What is to be approved. Raises Invalid if a name, version, team or instant is none."""
        if self.expires is not None and self.expires.tzinfo is None:
            raise Invalid(f"expires of {self.name} needs an offset, such as 2027-01-31T00:00:00Z")
        return Wanted(
            name=ServerName.parse(self.name),
            versions=tuple(sorted({*map(parse_version, self.versions or self.digests)})),
            audience=None if self.all_teams else tuple(sorted({*map(parse_team, self.teams)})),
            tools=None if self.tools is None else tuple(sorted({*self.tools})),
            expires_us=None if self.expires is None else microseconds(self.expires),
        )


def require_meant(declared: DeclaredApproval, teams: set[str]) -> None:
    """Raises Invalid for what cannot be meant. *teams*: those that the file names."""
    wanted, about = declared.wanted, f"the [[approval]] of {declared.name}"
    if bool(declared.versions) == bool(declared.digests):
        raise Invalid(f"{about} needs either versions or digests")
    if bool(declared.teams) == declared.all_teams:
        raise Invalid(f"{about} needs either teams or all_teams = true")
    for team in wanted.audience or ():
        if team not in teams:
            raise Invalid(f'{about} names team "{team}", and no [[team]] is called so')
    for digest in declared.digests.values():
        _digest(digest)


def approval_steps(
    snapshot: Snapshot, declared: Sequence[DeclaredApproval], *, all_of_them: bool, approvers: int, now_us: int
) -> list[Step]:
    """What separates *declared* from the approvals in force."""
    held = approved_by_people(snapshot, now_us=now_us)
    kept: set[str] = set()
    steps = []
    for each in declared:
        wanted = each.wanted
        unclaimed = (approval for approval in held if approval.id not in kept)
        matching = next((approval for approval in unclaimed if _same(snapshot, approval, each, wanted)), None)
        if matching is not None:
            kept.add(matching.id)
        elif wanted.expires_us is None or wanted.expires_us > now_us:
            steps.append(_approving(snapshot, each, wanted, approvers))
    if all_of_them:
        steps += [_revoking(approval) for approval in held if approval.id not in kept]
    return steps


def approved_by_people(snapshot: Snapshot, *, now_us: int) -> list[Approval]:
    """The approvals in force that neither a rule nor a policy made, newest first."""
    found: list[Approval] = []
    before = None
    while True:
        page, before = found_approvals(
            snapshot,
            Sought(state=State.APPROVED),
            lambda approval: approval.rule is None and approval.policy is None,
            now_us=now_us,
            limit=_PAGE,
            before=before,
        )
        found += page
        if before is None:
            return found


def digests_of(snapshot: Snapshot, approval: Approval) -> dict[str, bytes]:
    """The bytes that *approval* names, by version."""
    named = snapshot.governance.versions_of(approval.id, limit=_MOST_VERSIONS)
    return {each.version: bytes(each.digest) for each in named}


def _same(snapshot: Snapshot, approval: Approval, declared: DeclaredApproval, wanted: Wanted) -> bool:
    if (approval.name, approval.audience, approval.tools, approval.expires_us) != (
        str(wanted.name),
        wanted.audience,
        wanted.tools,
        wanted.expires_us,
    ):
        return False
    named = digests_of(snapshot, approval)
    if declared.digests:
        return named == {version: _digest(digest) for version, digest in declared.digests.items()}
    return named.keys() == set(wanted.versions or ())


def _approving(snapshot: Snapshot, declared: DeclaredApproval, wanted: Wanted, approvers: int) -> Step:
    what = f"approval of {wanted.name} {' '.join(wanted.versions or ())} for {_teams(wanted.audience)}"
    if approvers > 1:
        return Step(sign="?", what=f"{what}: it takes two people, and a file is none", command=None)
    there = {entry.version: entry.digest for entry in standing(snapshot, wanted.name).entries}
    for version in wanted.versions or ():
        if version not in there:
            return Step(sign="?", what=f"{what}: there is no {wanted.name}@{version} yet", command=None)
        digest = declared.digests.get(version)
        if digest is not None and _digest(digest) != there[version]:
            return Step(sign="?", what=f"{what}: {wanted.name}@{version} has other bytes now", command=None)
    return Step(
        sign="+",
        what=what,
        command=lambda transaction, actor: approve_now(transaction, wanted, reason=declared.reason, actor=actor),
    )


def _revoking(approval: Approval) -> Step:
    return Step(
        sign="-",
        what=f"approval of {approval.name} for {_teams(approval.audience)} ({approval.id})",
        command=lambda transaction, actor: _ended(transaction, actor, approval.id),
    )


def _ended(transaction: Transaction, actor: Actor, approval_id: str) -> Done[Approval | None]:
    found = transaction.governance.approval(approval_id)
    if found is None or found.state is not State.APPROVED:
        # What was declared in its place has superseded it.
        return Done(value=found)
    done = revoke_approval(transaction, approval_id, reason="not declared any more", actor=actor)
    return Done(value=done.value, event=done.event)


def _digest(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text.removeprefix(_SHA256))
        if not text.startswith(_SHA256) or len(digest) != 32:
            raise ValueError
    except ValueError as error:
        raise Invalid(f"not a digest: {text[:80]!r}; expected sha256: and 64 hexadecimal digits") from error
    return digest


def _teams(audience: tuple[str, ...] | None) -> str:
    return "all teams" if audience is None else " ".join(audience)


def expires_text(approval: Approval) -> str | None:
    """When it ends, as TOML writes instants; None for never."""
    return None if approval.expires_us is None else format_instant(approval.expires_us)
