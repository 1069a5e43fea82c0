"""How long something may still take."""

from registry.clock import Clock
from registry.errors import UpstreamUnreachable

_NS = 1_000_000_000


class Deadline:
    """Starts on construction. *subject* is named when it has passed, such as `the run`."""

    def __init__(self, clock: Clock, seconds: float, *, subject: str) -> None:
        self._clock = clock
        self._seconds = seconds
        self._subject = subject
        self._ends_ns = clock.monotonic_ns() + round(seconds * _NS)

    @property
    def remaining_s(self) -> float:
        """0 or less when it has passed."""
        return (self._ends_ns - self._clock.monotonic_ns()) / _NS

    def require(self) -> None:
        """Raises UpstreamUnreachable when it has passed."""
        if self.remaining_s <= 0:
            raise UpstreamUnreachable(f"{self._subject} took longer than its deadline of {self._seconds:g} s")
