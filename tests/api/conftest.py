"""
One registry for all tests that only read; and who publishes to, and who decides in, the `registry` of a module.
"""

from collections.abc import Iterator

import pytest

from registry.policy.principal import Role
from tests.api.governing import Person, governed
from tests.api.logins import Surroundings, surroundings
from tests.api.publishing import Client, token
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


@pytest.fixture(scope="module")
def bearer(registry: RunningRegistry) -> str:
    """Somebody who may publish everything, and reads for `everyone`."""
    return token(registry, Role.PUBLISHER, Role.READER, namespaces=("*",), team="everyone")


@pytest.fixture(params=["/v0.1", "/v0"])
def client(registry: RunningRegistry, bearer: str, request: pytest.FixtureRequest) -> Client:
    """The same, below both prefixes."""
    return Client(registry, bearer, request.param)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that shows what was decided. What a test decides is for its module to take back."""
    with governed(tmp_path_factory.mktemp("governed")) as running:
        yield running


@pytest.fixture
def admin(registry: RunningRegistry) -> Person:
    return Person(registry, "ada", Role.ADMIN, namespaces=("*",))


@pytest.fixture
def approver(registry: RunningRegistry) -> Person:
    return Person(registry, "paul", Role.APPROVER, namespaces=("*",))


@pytest.fixture
def backend(registry: RunningRegistry) -> Person:
    return Person(registry, "bob", Role.READER, teams=("backend",))


@pytest.fixture
def data(registry: RunningRegistry) -> Person:
    return Person(registry, "dora", Role.READER, teams=("data",))
