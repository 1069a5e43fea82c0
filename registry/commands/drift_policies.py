"""Say what happens to approved versions when their source changes the document."""

from registry.catalog.drift import DriftPolicy, require_fit
from registry.catalog.pattern import parse_pattern
from registry.catalog.standing import OnChange
from registry.commands.actor import Actor
from registry.commands.follow import follow
from registry.commands.perform import Done
from registry.errors import NotFound
from registry.store.interface import Transaction


def set_drift_policy(
    transaction: Transaction, pattern: str, on_change: OnChange, *, reason: str, actor: Actor
) -> Done[DriftPolicy]:
    """
    From now on this holds for the names *pattern* covers, unless a longer pattern says otherwise. The views follow.

    Raises Invalid: *pattern* is none, or is every name, where the new bytes are to be followed.
    """
    pattern = parse_pattern(pattern)
    require_fit(pattern, on_change)
    before = _of(transaction, pattern)
    policy = DriftPolicy(
        pattern=pattern, on_change=on_change, reason=reason, made_us=transaction.instant_us, made_by=actor.subject
    )
    transaction.governance.put_drift_policy(policy)
    follow(transaction, team=None, pattern=pattern)
    event = actor.event(
        "drift_policy.set",
        pattern,
        {"audience": "*", "reason": reason},
        before=None if before is None else {"on_change": before.on_change},
        after={"on_change": on_change},
    )
    return Done(value=policy, event=event)


def end_drift_policy(transaction: Transaction, pattern: str, *, reason: str, actor: Actor) -> Done[DriftPolicy]:
    """
    Let a policy hold for nothing any more; the one that held. What was followed by it stays approved.

    Raises NotFound if there is none for exactly that pattern.
    """
    policy = _of(transaction, parse_pattern(pattern))
    if policy is None:
        raise NotFound(f"there is no drift policy for {pattern[:210]!r}")
    transaction.governance.forget_drift_policy(policy.pattern)
    follow(transaction, team=None, pattern=policy.pattern)
    event = actor.event(
        "drift_policy.ended",
        policy.pattern,
        {"audience": "*", "reason": reason},
        before={"on_change": policy.on_change},
    )
    return Done(value=policy, event=event)


def _of(transaction: Transaction, pattern: str) -> DriftPolicy | None:
    return next((each for each in transaction.governance.drift_policies() if each.pattern == pattern), None)
