"""A generation is never used twice, also where a power cut takes back what was committed."""

import shutil
from pathlib import Path

import pytest

from registry import RELEASE
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from tests.contract.engines import NOW_US, configure, entry, put, source
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio


async def _generation_after(path: Path, clock: FrozenClock, version: str) -> str:
    store = SqliteStore(path, clock)
    try:
        await configure(store, source("official", 10))
        await put(store, entry("com.acme/payroll", version))
        view = store.view("everyone")
        assert view is not None
        return view.generation()
    finally:
        await store.aclose()


async def test_a_lost_commit_and_the_one_that_follows(tmp_path: Path) -> None:
    """
    Of two histories that begin at the same file, as a power cut leaves them, no generation means two things.
    """
    clock = FrozenClock(NOW_US)
    migrate(tmp_path / "lost.db", clock=clock, release=RELEASE)
    shutil.copy(tmp_path / "lost.db", tmp_path / "after.db")

    lost = await _generation_after(tmp_path / "lost.db", clock, "1.0.0")
    clock.advance(1)
    after = await _generation_after(tmp_path / "after.db", clock, "2.0.0")

    assert lost != after
