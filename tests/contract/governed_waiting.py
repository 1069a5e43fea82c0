"""What the model does about cool-offs; a part of the machine in test_governed.py."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from registry.catalog.entry import ServerName
from registry.commands.perform import Done
from registry.commands.waive import waive_cool_off
from registry.errors import Conflict, NotFound
from registry.store.interface import Transaction
from tests.contract.governed_oracle import Oracle
from tests.contract.governed_world import NAMES, VERSIONS
from tests.contract.governing import BEN
from tests.doubles.clock import FrozenClock

COOL_OFF_S: Final = 6


class Waiting(RuleBasedStateMachine):
    """Waives them on both sides."""

    oracle: Oracle
    clock: FrozenClock

    @abstractmethod
    def do(self, command: Callable[[Transaction], Done[Any]]) -> Any:  # Any: what the command answers
        """The machine does it, on both sides."""

    @abstractmethod
    def touched(self, *names: str) -> None:
        """The machine does it, on both sides."""

    @rule(name=st.sampled_from(NAMES), version=st.none() | st.sampled_from(VERSIONS))
    def waive(self, name: str, version: str | None) -> None:
        waiting = {
            of: held
            for of, held in self.oracle.of_owner(name).items()
            if version in (None, of) and self.oracle.fresh_until_us(name, held) > self.clock.now_us()
        }
        try:
            waived = self.do(lambda t: waive_cool_off(t, ServerName(name), version, reason="", actor=BEN))
        except (Conflict, NotFound):
            assert not waiting
            return
        assert {*waived.versions} == {*waiting}
        for held in waiting.values():
            held.waived, held.waived_body = True, held.body
        self.touched(name)
