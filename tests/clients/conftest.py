"""One registry for all clients that read: the acme world, the odd one, and some hundred generated versions; and two for
those that publish."""

from collections.abc import Iterator
from itertools import count

import pytest

from fixtures.generator import generate
from tests.api.publishing import CONFIGURATION, taking
from tests.api.reading import Item, Reader
from tests.api.world import everything
from tests.clients.logins import NAMESPACE, with_a_token
from tests.clients.stock_publisher import StockPublisher
from tests.doubles.loaded_store import ANONYMOUS, Upstream, serving
from tests.running import RunningRegistry

_GENERATED = 400
_NUMBERS = count(1)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address somebody configured a client with."""
    generated = Upstream(name="generated", items=[line.strip() for line in generate(_GENERATED, seed=11)])
    with serving(tmp_path_factory.mktemp("clients"), [*everything(), generated]) as registry:
        yield registry.url


@pytest.fixture(scope="session")
def latest(base: str) -> list[Item]:
    """The newest version of every server, in the order of the list."""
    return Reader(base).walk(100, version="latest").items


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """One that takes publications, and that everybody reads."""
    with taking(tmp_path_factory.mktemp("opened")) as running:
        yield running


@pytest.fixture(scope="session")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """One that takes publications, and that nobody reads without a credential."""
    with taking(tmp_path_factory.mktemp("closed"), CONFIGURATION.replace(ANONYMOUS, "")) as running:
        yield running


@pytest.fixture(scope="session")
def logged_in(registry: RunningRegistry, tmp_path_factory: pytest.TempPathFactory) -> StockPublisher:
    """mcp-publisher at the registry that everybody reads, with a token."""
    client = StockPublisher(tmp_path_factory.mktemp("home"))
    with_a_token(client, registry)
    return client


@pytest.fixture
def name() -> str:
    """A name that nobody published yet."""
    return f"{NAMESPACE}/stock-{next(_NUMBERS)}"
