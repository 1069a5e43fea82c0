"""Policies on changed bytes in a governance file: `[[drift]]`."""

from collections.abc import Sequence

import msgspec

from registry.catalog.drift import require_fit
from registry.catalog.pattern import parse_pattern
from registry.catalog.standing import OnChange
from registry.commands.drift_policies import end_drift_policy, set_drift_policy
from registry.governing.steps import DECLARED, Step
from registry.store.interface import Snapshot


class DeclaredDrift(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[drift]]`. `on_change`: what happens to what is approved when its source changes it: hold, withdraw, follow."""

    pattern: str
    on_change: OnChange
    reason: str = DECLARED


def require_fitting(declared: DeclaredDrift) -> None:
    """Raises Invalid for a pattern that is none, or too wide to be followed."""
    require_fit(parse_pattern(declared.pattern), declared.on_change)


def drift_steps(snapshot: Snapshot, declared: Sequence[DeclaredDrift]) -> list[Step]:
    """What separates *declared* from the policies in force."""
    held = {policy.pattern: policy.on_change for policy in snapshot.governance.drift_policies()}
    wanted = {parse_pattern(each.pattern): each for each in declared}
    made = [
        Step(
            sign="+",
            what=f"drift policy {each.on_change} for {pattern}",
            command=lambda transaction, actor, each=each: set_drift_policy(  # type: ignore[misc]  # bound per round
                transaction, each.pattern, each.on_change, reason=each.reason, actor=actor
            ),
        )
        for pattern, each in wanted.items()
        if held.get(pattern) is not each.on_change
    ]
    ended = [
        Step(
            sign="-",
            what=f"drift policy {on_change} for {pattern}",
            command=lambda transaction, actor, pattern=pattern: end_drift_policy(  # type: ignore[misc]  # bound per round
                transaction, pattern, reason="not declared any more", actor=actor
            ),
        )
        for pattern, on_change in held.items()
        if pattern not in wanted
    ]
    return [*made, *ended]
