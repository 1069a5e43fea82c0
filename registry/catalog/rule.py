"""Who approves without a person: an auto-approval rule, and the decisions it makes."""

from collections.abc import Iterable

import msgspec

from registry.catalog.pattern import covers


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """
    Approves every version of the names it covers, for all teams, as it arrives.

    `approval`: the approval under which its decisions are on record. `reason`: why it exists, in words.
    """

    id: str
    name: str
    pattern: str
    approval: str
    reason: str
    made_us: int
    made_by: str
    ended_us: int | None = None
    ended_by: str | None = None

    @property
    def in_force(self) -> bool:
        return self.ended_us is None


def approving(name: str, rules: Iterable[Rule]) -> Rule | None:
    """The rule that approves what *name* brings: of several the one made first."""
    return min(
        (rule for rule in rules if rule.in_force and covers(rule.pattern, name)),
        key=lambda rule: (rule.made_us, rule.id),
        default=None,
    )
