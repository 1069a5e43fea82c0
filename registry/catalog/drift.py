"""What changed under an approval, and what an organisation wants to happen then.

An approval is for bytes. Where a source has other ones under the same version, a draft appears beside the approval: a
request for the new bytes, for the same teams and no longer than the approval itself. What is served meanwhile is for
`standing.judge`; under the policy FOLLOW the draft is approved by the policy, for as long as the approval lasts.
"""

from collections.abc import Iterable, Sequence

import msgspec

from registry.catalog.approval import ApprovedVersion, State
from registry.catalog.pattern import EVERY_NAME, covers
from registry.catalog.standing import OnChange, Standing
from registry.catalog.view import StoredEntry
from registry.errors import Invalid


class DriftPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to approved versions of the names it covers when their source changes the document."""

    pattern: str
    on_change: OnChange
    reason: str
    made_us: int
    made_by: str


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """
    A version whose present bytes are not those that were approved for an audience.

    Attributes:
        bases: The approvals in force that name other bytes of it, the one that lasts longest first.
        served: What was served under them last.
        approved: The present bytes are approved otherwise for all of the audience.
        declined: Somebody said no to the present bytes, for all of the audience.
    """

    entry: StoredEntry
    audience: tuple[str, ...] | None
    bases: tuple[ApprovedVersion, ...]
    served: ApprovedVersion
    approved: bool
    declined: bool

    def is_beside(self, draft: ApprovedVersion) -> bool:
        """Whether *draft*, of whatever bytes, belongs to this."""
        beside = None if draft.approval.draft is None else draft.approval.draft.beside
        return draft.version == self.entry.version and any(base.approval.id == beside for base in self.bases)


def require_fit(pattern: str, on_change: OnChange) -> None:
    """Raises Invalid: FOLLOW is for namespaces that somebody trusts, and so names."""
    if on_change is OnChange.FOLLOW and pattern == EVERY_NAME:
        raise Invalid("follow needs a namespace or a name that is trusted: com.acme/*, com.acme.* or com.acme/payroll")


def policy_for(name: str, policies: Iterable[DriftPolicy]) -> DriftPolicy | None:
    """The policy for *name*: of several the one that spells out most of it."""
    covering = (policy for policy in policies if covers(policy.pattern, name))
    return max(covering, key=lambda policy: len(policy.pattern.removesuffix("*")), default=None)


def drifts(standing: Standing, *, now_us: int) -> list[Drift]:
    """All there are: one for each version and audience."""
    present = {entry.version: entry for entry in standing.entries}
    by_audience: dict[tuple[str, tuple[str, ...] | None], list[ApprovedVersion]] = {}
    for each in standing.approved:
        entry = present.get(each.version)
        if entry is None or entry.digest == each.digest:
            continue
        # What another source said, and what is not served any more, cannot have changed.
        if each.entry_id == entry.id and each.document_id is not None and each.approval.in_force(now_us):
            by_audience.setdefault((each.version, each.approval.audience), []).append(each)
    return [
        drift
        for (version, audience), changed in by_audience.items()
        if audience != () and (drift := _drift(present[version], audience, changed, standing.approved, now_us))
    ]


def declined(entry: StoredEntry, audience: tuple[str, ...] | None, approved: Iterable[ApprovedVersion]) -> bool:
    """Whether somebody rejected these bytes for all of *audience*, or revoked them."""
    return any(
        each.digest == entry.digest
        and each.version == entry.version
        and each.approval.state in (State.REJECTED, State.REVOKED)
        and within_audience(audience, each.approval.audience)
        for each in approved
    )


def within_audience(inner: tuple[str, ...] | None, outer: tuple[str, ...] | None) -> bool:
    """Whether *outer* is for every team that *inner* is for."""
    return outer is None or (inner is not None and set(inner) <= set(outer))


def _drift(
    entry: StoredEntry,
    audience: tuple[str, ...] | None,
    changed: Sequence[ApprovedVersion],
    approved: Sequence[ApprovedVersion],
    now_us: int,
) -> Drift | None:
    # What a policy approved lasts no longer than what it follows.
    bases = [each for each in changed if each.approval.policy is None]
    if not bases:
        return None
    return Drift(
        entry=entry,
        audience=audience,
        bases=tuple(sorted(bases, key=lambda each: each.endurance, reverse=True)),
        served=max(changed, key=lambda each: each.recency),
        approved=any(
            each.digest == entry.digest
            and each.version == entry.version
            and each.approval.policy is None
            and each.approval.in_force(now_us)
            and within_audience(audience, each.approval.audience)
            for each in approved
        ),
        declined=declined(entry, audience, approved),
    )
