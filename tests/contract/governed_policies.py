"""What the model does about policies on changed bytes; a part of the machine in test_governed.py."""

from abc import abstractmethod
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
from tests.contract.governed_world import BODIES, NAMES, PATTERNS
from tests.contract.governing import ADA

_policies = st.dictionaries(
    st.sampled_from(PATTERNS), st.sampled_from([*OnChange, OnChange.FOLLOW]), min_size=1, max_size=3
)


class Policies(RuleBasedStateMachine):
    """Sets and ends them on both sides."""

    oracle: Oracle

    @abstractmethod
    def do(self, command: Callable[[Transaction], Done[Any]]) -> Any:  # Any: what the command answers
        """The machine does it, on both sides."""

    @abstractmethod
    def touched(self, *names: str) -> None:
        """The machine does it, on both sides."""

    @abstractmethod
    def upstreams_change(self, name: str, body: str) -> None:
        """The machine does it, on both sides."""

    @rule(policies=_policies, name=st.sampled_from(("com.acme/pay", *NAMES)), body=st.sampled_from(BODIES))
    def policies_meet_a_change(self, policies: dict[str, OnChange], name: str, body: str) -> None:
        """Of several that cover a name one holds; what they are for happens soon."""
        for pattern, on_change in policies.items():
            self._sets(pattern, on_change)
        self.upstreams_change(name, body)

    def _sets(self, pattern: str, on_change: OnChange) -> None:
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
