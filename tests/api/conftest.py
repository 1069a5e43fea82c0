"""One registry for all tests that only read."""

from collections.abc import Iterator

import pytest

from tests.api.logins import Surroundings, surroundings
from tests.api.reading import Item, Reader
from tests.api.world import everything
from tests.doubles.loaded_store import serving
from tests.running import RunningRegistry


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A running registry that nobody changes, loaded in many small steps so that `updatedAt` differs."""
    with serving(tmp_path_factory.mktemp("world"), everything(), batch=3) as registry:
        # What is found in a document shows in its detail, and so in the ETag of that.
        registry.wait_for("validated")
        yield registry


@pytest.fixture(scope="session")
def reader(world: RunningRegistry) -> Reader:
    return Reader(world.url)


@pytest.fixture(scope="session")
def catalog(reader: Reader) -> list[Item]:
    """Every item there is, deleted ones too, in the order of the list."""
    return reader.walk(100, include_deleted="true").items


@pytest.fixture(scope="session")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """Everybody that logins ask. What a test tells them, it takes back."""
    with surroundings(tmp_path_factory.mktemp("around")) as made:
        yield made
