"""Being told how runs go: the command line's bar, a log."""

from typing import Protocol

from registry.store.records import Run


class Observer(Protocol):
    """Is told how runs go. Called on the event loop, so it must be quick and must not raise."""

    def run_started(self, run: Run) -> None: ...
    def run_moved(self, run: Run) -> None:
        """A batch was committed."""

    def run_finished(self, run: Run) -> None:
        """Completed, failed or refused."""


class NobodyWatches:
    """An observer for where there is none."""

    def run_started(self, run: Run) -> None: ...
    def run_moved(self, run: Run) -> None: ...
    def run_finished(self, run: Run) -> None: ...
