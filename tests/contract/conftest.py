"""The engines the contract is held against, and a store of each, empty but for one source."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from registry.store.interface import Store
from tests.contract.engines import NOW_US, Engine, SqliteEngine, configure, opened, source
from tests.doubles.clock import FrozenClock


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW_US)


@pytest.fixture(params=[SqliteEngine])
def engine(request: pytest.FixtureRequest) -> Engine:
    made: Engine = request.param()
    return made


@pytest.fixture
async def store(engine: Engine, tmp_path: Path, clock: FrozenClock) -> AsyncIterator[Store]:
    async with opened(engine, tmp_path, clock) as store:
        await configure(store, source())
        yield store
