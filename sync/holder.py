"""What the holder of a lease is called, so that others on the machine can tell that it is dead.

A killed process leaves its lease to expire, and its successor would stand idle for that long. The name carries process
id, start time and process namespace, which together are never used twice; where any of that cannot be known, nobody
is declared dead and the lease expires in its own time.
"""

import os
from pathlib import Path

_NOTHING = "-"


def holder_name() -> str:
    """A name for this process, different for every call: `namespace:pid:started:random`."""
    return ":".join((_namespace(), str(os.getpid()), _started(os.getpid()), os.urandom(6).hex()))


def certainly_dead(holder: str) -> bool:
    """Whether the process of that name ran in our namespace and does not run any more."""
    parts = holder.split(":")
    if len(parts) != 4 or _NOTHING in parts or parts[0] != _namespace() or not parts[1].isdigit():
        return False
    return _started(int(parts[1])) != parts[2]


def _namespace() -> str:
    try:
        return f"{os.stat('/proc/self/ns/pid').st_ino:x}"
    except OSError:
        return _NOTHING


def _started(pid: int) -> str:
    """Ticks since boot at which *pid* started; a dash if there is no such process, or it is a zombie."""
    try:
        # The name in parentheses may hold anything: the fields begin behind the last one.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    except OSError:
        return _NOTHING
    return _NOTHING if fields[0] == "Z" else fields[19]
