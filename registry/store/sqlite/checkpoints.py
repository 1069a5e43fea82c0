"""Moving the log into the file while others write: a thread and a connection of its own.

A checkpoint waits for the disk two or three times, and longer where others do, too. On the writing thread everybody in
the queue would wait with it, beside a full walk of another process 13 ms in the middle and 42 at the worst (p99).
"""

import sqlite3
import threading
from pathlib import Path
from typing import Final

from registry.store.sqlite.connection import open_writer

CHECKPOINT: Final = "PRAGMA wal_checkpoint(PASSIVE)"
# 32 MiB: half of what a log may keep of its size (connection.py).
_MOST_PAGES: Final = 4096


class Checkpoints:
    """
    Starts its thread on construction. Passive ones only: they wait for nobody, and nobody waits for them.

    Args:
        most_pages: A log of more is too long.

    Raises:
        sqlite3.Error: the file cannot be opened.
    """

    def __init__(self, path: Path, *, most_pages: int = _MOST_PAGES) -> None:
        self._connection = open_writer(path)
        self._most_pages = most_pages
        self._wanted = threading.Event()
        self._closing = False
        self._error: sqlite3.Error | None = None
        self._long = False
        self._thread = threading.Thread(target=self._run, name="store-checkpoints", daemon=True)
        self._thread.start()

    def want(self) -> None:
        """Have one made soon, if none is under way."""
        self._wanted.set()

    def take_error(self) -> sqlite3.Error | None:
        """What went wrong since this was last asked."""
        error, self._error = self._error, None
        return error

    def take_long(self) -> bool:
        """
        Whether one has just ended and left a log that is too long; True once.

        A log begins anew when all of it was moved and nobody wrote meanwhile. Under writes without a pause that is
        never; whoever writes has to stop for a moment then, and has little left to move.
        """
        long, self._long = self._long, False
        return long

    def close(self) -> None:
        self._closing = True
        self._wanted.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._closing:
                return
            try:
                _, pages, _ = self._connection.execute(CHECKPOINT).fetchone()
                self._long = pages > self._most_pages
            except sqlite3.Error as error:
                self._error = error
