"""The machine the figures are of: which core a process may use, and a line that describes both."""

import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from registry.errors import ConfigFault

SERVED_ON: Final = 0
"""The core of the server that is measured."""
LOADED_FROM: Final = 1
"""The core of whatever puts load on it."""


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Processes started within run on *core* only, and so do their children. For the main thread."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def require_two_cores() -> None:
    """Raises ConfigFault where server and load cannot have a core each."""
    if not {SERVED_ON, LOADED_FROM} <= os.sched_getaffinity(0):
        raise ConfigFault("the benchmarks need cores 0 and 1: one for the server, one for the load")


def description() -> str:
    """Cores, versions, and how busy the machine was before."""
    load, _, _ = os.getloadavg()
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"load average {load:.2f} at the start"
    )
