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
    path = tmp_path / "registry.db"
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
