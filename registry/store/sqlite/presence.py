"""Who uses the file at present: every process that has it open says so with a shared lock on a file beside it.

The kernel frees the lock when a process dies, so nothing stale is ever found.
"""

import fcntl
import os
from pathlib import Path


class Presence:
    """
    This process's part in using the store at *path*. Says nothing until asked to.

    Args:
        what: What is said by the lock: `users`, that the file is in use; `fault`, that it cannot be written.
    """

    def __init__(self, path: Path, what: str = "users") -> None:
        self._descriptor = os.open(path.with_name(f"{path.name}-{what}"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def announce(self) -> bool:
        """This process uses the store from now on; False if another holds it alone."""
        return self._lock(fcntl.LOCK_SH)

    def claim_alone(self) -> bool:
        """Nobody else uses the store, and nobody can begin to; False if somebody does."""
        return self._lock(fcntl.LOCK_EX)

    def withdraw(self) -> None:
        """This process says nothing any more."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._descriptor)

    def _lock(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
