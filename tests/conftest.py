"""What holds for every test: asyncio as the event loop, nothing beyond loopback, files in memory where there is room.

And the real data if it is there.
"""

import ipaddress
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A green run stays green: the same examples each time. The long tests look elsewhere each time.
settings.register_profile("same examples", derandomize=True, deadline=None)
settings.load_profile("same examples")

# Whoever starts the tests in the background of a shell has it ignored, and so would every command that is interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

_REAL_DATA_FILE = "public-registry-2025-12-18.jsonl"
_PROJECT = Path(__file__).resolve().parent.parent
_MEMORY = Path("/dev/shm")
_NEEDED_BYTES = 2 << 30


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that `pytest.mark.anyio` uses."""
    return "asyncio"


def real_data() -> Path | None:
    """The real registry of one day: the folder REAL_DATA names, else the one beside the project."""
    folder = Path(os.environ.get("REAL_DATA") or _PROJECT.parent / "shared" / "data")
    file = folder / _REAL_DATA_FILE
    return file if file.is_file() else None


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """A folder on the disk, for what is about what a disk keeps; that of `tmp_path` may be in memory."""
    with tempfile.TemporaryDirectory(prefix="mcp-registry-") as folder:
        yield Path(folder)


@pytest.fixture
def real_registry() -> Path:
    """One `{"server","_meta"}` a line. Tests that use it are marked `real_data`."""
    found = real_data()
    assert found is not None, "tests marked real_data are deselected where there is none"
    return found


def pytest_configure() -> None:
    if os.environ.get("REQUIRE_REAL_DATA") and real_data() is None:
        raise pytest.UsageError("REQUIRE_REAL_DATA is set and there is no real data; set REAL_DATA to its folder")
    # Stores wait for their disk at every change, and hardly a test is about the disk.
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _NEEDED_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if real_data() is not None:
        return
    absent = [item for item in items if item.get_closest_marker("real_data")]
    items[:] = [item for item in items if item not in absent]
    config.hook.pytest_deselected(items=absent)
    config.stash[_ABSENT] = [item.nodeid for item in absent]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the process that writes the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_TOLD] = session.config.stash.get(_ABSENT, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # Any: pytest-xdist has no types
    node.config.stash[_ABSENT] = getattr(node, "workeroutput", {}).get(_TOLD, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    absent = config.stash.get(_ABSENT, [])
    if absent:
        terminalreporter.write_line(
            f"not run, for want of the real data (set REAL_DATA to its folder): {', '.join(absent)}"
        )


_ABSENT = pytest.StashKey[list[str]]()
_TOLD = "absent"


def _loopback(host: object) -> bool:
    if not isinstance(host, str) or host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_the_world(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not _loopback(arguments[1][0]):
        raise PermissionError(f"a test tried to reach {arguments[1]!r}: nothing beyond loopback")


@pytest.fixture(scope="session", autouse=True)
def _nothing_beyond_loopback() -> None:
    sys.addaudithook(_refuse_the_world)
