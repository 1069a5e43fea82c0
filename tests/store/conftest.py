"""A migrated file, and the store on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from registry import RELEASE
from registry.clock import SystemClock
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from tests.contract.engines import configure, source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return _migrated(tmp_path)


@pytest.fixture
def path_on_disk(on_disk: Path) -> Path:
    """For what is about what a disk keeps."""
    return _migrated(on_disk)


def _migrated(folder: Path) -> Path:
    path = folder / "registry.db"
    migrate(path, clock=SystemClock(), release=RELEASE)
    return path


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, SystemClock())
    await configure(store, source())
    try:
        yield store
    finally:
        await store.aclose()
