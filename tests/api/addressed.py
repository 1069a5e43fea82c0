"""A registry with teams that see different things, for tests of the addresses their views have."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.doubles.loaded_store import ANONYMOUS, acme, serving
from tests.doubles.opened import OPEN
from tests.running import RunningRegistry

PROXIED: Final = 'trusted_proxies = ["127.0.0.0/8"]'
PAYROLL: Final = "com.acme/payroll"
CATALOGUE: Final = "com.globex/catalogue"
GOVERNANCE: Final = f"""{OPEN}
[[team]]
name = "backend"

[[team]]
name = "backend~prod"

[[team]]
name = "servers"

[[team]]
name = "empty"

[[grant]]
team = "backend"
pattern = "com.acme/*"

[[grant]]
team = "backend~prod"
pattern = "com.globex/*"

[[grant]]
team = "servers"
pattern = "*"
"""
"""`backend` sees acme's own, `backend~prod` globex's, `servers` (and `everyone`) all, `empty` nothing."""


@contextlib.contextmanager
def addressed(folder: Path, *, configuration: str = ANONYMOUS, server: str = PROXIED) -> Iterator[RunningRegistry]:
    """A running registry that holds the acme world, and lets these teams see of it what they may."""
    with serving(folder, acme(), configuration=configuration, server=server, governance=GOVERNANCE) as registry:
        yield registry
