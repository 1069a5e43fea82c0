"""Waiting for a moment on an upstream's side: not for a time, for something that it was asked."""

import threading
from collections.abc import Callable

from tests.doubles.wire import Request, Response

_PATIENCE_S = 30.0


class Moment:
    """
    When an upstream was asked what *arrived* waits for. `passed` is an effect for a Fault, and changes nothing.
    """

    def __init__(self, arrived: Callable[[], bool]) -> None:
        self._arrived = arrived
        self._event = threading.Event()

    def passed(self, request: Request, response: Response) -> Response:
        """Note that a request is being answered."""
        if self._arrived():
            self._event.set()
        return response

    def wait(self) -> None:
        """Returns when it has come."""
        assert self._event.wait(_PATIENCE_S), "the upstream was not asked in time"


def linger(seconds: float) -> None:
    """Let a random while pass, so that what follows happens at no particular point."""
    threading.Event().wait(seconds)
