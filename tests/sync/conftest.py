"""The world of sync, with one fake upstream that runs."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.doubles.upstream import FakeUpstream
from tests.sync.world import World
from tests.sync.world import world as made_world


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncIterator[World]:
    async with made_world(tmp_path) as made:
        yield made


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as fake:
        yield fake
