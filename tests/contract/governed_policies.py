"""What the model does about policies on changed bytes; a part of the machine in test_governed.py."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from registry.catalog.standing import OnChange
from registry.commands.drift_policies import end_drift_policy, set_drift_policy
from registry.commands.perform import Done
from registry.errors import Invalid
from registry.store.interface import Transaction
from tests.contract.governed_oracle import Oracle, covers
from tests.contract.governed_world import PATTERNS
from tests.contract.governing import ADA


class Policies(RuleBasedStateMachine):
    """Sets and ends them on both sides."""

    oracle: Oracle

    def do(self, command: Callable[[Transaction], Done[Any]]) -> Any:  # Any: what the command answers
        raise NotImplementedError

    def touched(self, *names: str) -> None:
        raise NotImplementedError

    @rule(pattern=st.sampled_from(PATTERNS), on_change=st.sampled_from([*OnChange, OnChange.FOLLOW]))
    def sets_policy(self, pattern: str, on_change: OnChange) -> None:
        try:
            self.do(lambda transaction: set_drift_policy(transaction, pattern, on_change, reason="", actor=ADA))
        except Invalid:
            assert (pattern, on_change) == ("*", OnChange.FOLLOW)
            return
        self.oracle.policies[pattern] = on_change
        self.touched(*(name for name in self.oracle.names if covers(pattern, name)))

    @rule(pick=st.integers(0, 100))
    def ends_policy(self, pick: int) -> None:
        if self.oracle.policies:
            pattern = list(self.oracle.policies)[pick % len(self.oracle.policies)]
            self.do(lambda transaction: end_drift_policy(transaction, pattern, reason="", actor=ADA))
            del self.oracle.policies[pattern]
            self.touched(*(name for name in self.oracle.names if covers(pattern, name)))
