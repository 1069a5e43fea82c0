"""What was found out: what a client does, how it went, and how what went wrong is mended."""

from enum import StrEnum

import msgspec


class State(StrEnum):
    """`WARNED`: it works, and somebody may wonder why something else does not."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """`what` the client does, `said` how it went, `mend` what would help; empty where nothing needs it."""

    what: str
    state: State
    said: str
    mend: str = ""


class Diagnosis:
    """Gathers checks, in their order."""

    def __init__(self) -> None:
        self.checks: list[Check] = []

    def passed(self, what: str, said: str) -> None:
        self.checks.append(Check(what=what, state=State.PASSED, said=said))

    def warned(self, what: str, said: str, mend: str) -> None:
        self.checks.append(Check(what=what, state=State.WARNED, said=said, mend=mend))

    def failed(self, what: str, said: str, mend: str) -> None:
        self.checks.append(Check(what=what, state=State.FAILED, said=said, mend=mend))

    @property
    def well(self) -> bool:
        """Whether nothing failed."""
        return all(check.state is not State.FAILED for check in self.checks)
