"""Who approves without a person: an auto-approval rule, and what it asks of what it approves."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from registry.catalog.approval import ApprovedVersion, State
from registry.catalog.drift import declined, within_audience
from registry.catalog.pattern import covers
from registry.catalog.ranking import patch_of
from registry.catalog.view import StoredEntry
from schemas.validation.issue import Severity


class Tolerance(StrEnum):
    """The worst finding that is borne with. There is none for errors: that would be no condition."""

    NONE = "none"
    INFO = "info"
    WARNING = "warning"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """
    Approves every version of the names it covers as it arrives, if it meets the conditions.

    `audience`: the teams it approves for; None for all. `approval`: the approval under which its decisions are on
    record. `reason`: why it exists, in words. `without_cool_off`: what it approves is seen at once, however new.

    `max_severity`: the worst finding that a document may have; None for any, known or not. `patches_only`: approves
    later patches of what a person approved for these teams, and nothing else.
    """

    id: str
    name: str
    pattern: str
    approval: str
    reason: str
    made_us: int
    made_by: str
    audience: tuple[str, ...] | None = None
    max_severity: Tolerance | None = None
    patches_only: bool = False
    ended_us: int | None = None
    ended_by: str | None = None
    without_cool_off: bool = False

    @property
    def in_force(self) -> bool:
        return self.ended_us is None

    @property
    def conditional(self) -> bool:
        """Whether there are conditions."""
        return self.patches_only or self.max_severity is not None


_Reach = tuple[tuple[str, ...] | None, bool]
"""For which teams a rule approves, and whether at once."""


def approving(name: str, rules: Iterable[Rule]) -> list[Rule]:
    """
    The rules that approve what *name* brings: for every audience the one made first, and none beside one for all teams.

    Those with conditions come last, all of them that another rule does not make needless. One that waits for the
    cool-off leaves room for one that does not, never the other way round.
    """
    first: dict[_Reach, Rule] = {}
    conditional: list[Rule] = []
    for rule in sorted(rules, key=lambda rule: (rule.made_us, rule.id)):
        if rule.in_force and covers(rule.pattern, name):
            if rule.conditional:
                conditional.append(rule)
            else:
                first.setdefault((rule.audience, rule.without_cool_off), rule)
    return [rule for rule in (*first.values(), *conditional) if not _needless(rule, first)]


def patched(
    rule: Rule, entry: StoredEntry, approved: Sequence[ApprovedVersion], *, now_us: int
) -> ApprovedVersion | None:
    """
    What *entry* is a later patch of, that a person approved for all whom *rule* is for; None if there is nothing.

    A version whose bytes changed after somebody decided about it is no patch of anything.
    """
    patch = patch_of(entry.version)
    if patch is None or any(_changed(each, entry) for each in approved):
        return None
    line = [
        (before, each)
        for each in approved
        if each.approval.rule is None
        and each.approval.in_force(now_us)
        and within_audience(rule.audience, each.approval.audience)
        and (before := patch_of(each.version)) is not None
        and before[:2] == patch[:2]
        and before < patch
    ]
    return max(line, key=lambda found: (found[0], found[1].approval.id))[1] if line else None


def refused(rule: Rule, entry: StoredEntry, approved: Iterable[ApprovedVersion]) -> bool:
    """Whether a person said no to these bytes for those whom *rule* is for: no condition outweighs that."""
    return declined(entry, rule.audience, (each for each in approved if each.approval.rule is None))


def tolerates(tolerance: Tolerance, found: Iterable[Severity]) -> bool:
    """Whether none of *found* is worse than what is borne with."""
    borne = {
        Tolerance.NONE: frozenset[Severity](),
        Tolerance.INFO: frozenset({Severity.INFO}),
        Tolerance.WARNING: frozenset({Severity.INFO, Severity.WARNING}),
    }
    return borne[tolerance].issuperset(found)


def _needless(rule: Rule, unconditional: Mapping[_Reach, Rule]) -> bool:
    """Whether one without conditions approves all that it does, for as many teams and as soon."""
    as_wide = ((audience, soon) for audience in (None, rule.audience) for soon in (True, rule.without_cool_off))
    return any(unconditional.get(reach, rule) is not rule for reach in as_wide)


def _changed(each: ApprovedVersion, entry: StoredEntry) -> bool:
    undecided = (State.REQUESTED, State.REJECTED)
    return each.version == entry.version and each.digest != entry.digest and each.approval.state not in undecided
