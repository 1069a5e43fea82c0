"""Who approves without a person: an auto-approval rule, and the decisions it makes."""

from collections.abc import Iterable

import msgspec

from registry.catalog.pattern import covers


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """
    Approves every version of the names it covers as it arrives.

    `audience`: the teams it approves for; None for all. `approval`: the approval under which its decisions are on
    record. `reason`: why it exists, in words.
    """

    id: str
    name: str
    pattern: str
    approval: str
    reason: str
    made_us: int
    made_by: str
    audience: tuple[str, ...] | None = None
    ended_us: int | None = None
    ended_by: str | None = None

    @property
    def in_force(self) -> bool:
        return self.ended_us is None


def approving(name: str, rules: Iterable[Rule]) -> list[Rule]:
    """
    The rules that approve what *name* brings: for every audience the one made first, and none beside one for all teams.
    """
    first: dict[tuple[str, ...] | None, Rule] = {}
    for rule in sorted(rules, key=lambda rule: (rule.made_us, rule.id)):
        if rule.in_force and covers(rule.pattern, name):
            first.setdefault(rule.audience, rule)
    return [first[None]] if None in first else list(first.values())
