"""One registry for all clients: the acme world, the odd one, and some hundred generated versions."""

from collections.abc import Iterator

import pytest

from fixtures.generator import generate
from tests.api.reading import Item, Reader
from tests.api.world import everything
from tests.doubles.loaded_store import Upstream, serving

_GENERATED = 400


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
