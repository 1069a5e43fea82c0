"""Addresses for a client that loses a page to one entry it cannot decode. All of it is ours."""

from collections.abc import Iterator

import msgspec
import pytest

from registry.catalog.compat import Compat
from tests.api.reading import Reader, key
from tests.doubles.addresses import open_address
from tests.doubles.loaded_store import Upstream, serving
from tests.running import RunningRegistry

NAMES = [f"com.acme/s{number:02d}" for number in range(30)]
BROKEN = [name for index, name in enumerate(NAMES) if index % 3]


def _entry(name: str) -> bytes:
    hint = {} if name in BROKEN else {"valueHint": "file"}
    package = {
        "registryType": "npm",
        "identifier": "x",
        "version": "1.0.0",
        "transport": {"type": "stdio"},
        "packageArguments": [{"type": "positional", "value": "x"} | hint],
    }
    server = {"name": name, "description": "A server", "version": "1.0.0", "packages": [package]}
    official = {
        "status": "active",
        "publishedAt": "2025-09-09T00:00:00Z",
        "updatedAt": "2025-09-09T00:00:00Z",
        "isLatest": True,
    }
    return msgspec.json.encode({"server": server, "_meta": {"io.modelcontextprotocol.registry/official": official}})


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry of which two entries in three cannot be decoded by Xcode."""
    odd = Upstream(name="odd", items=[_entry(name) for name in NAMES])
    with serving(tmp_path_factory.mktemp("compat"), [odd]) as running:
        yield running


@pytest.fixture(scope="module")
def plain(registry: RunningRegistry) -> Reader:
    return Reader(registry.url, f"{open_address(registry, 'everyone').base}/v0.1")


@pytest.fixture(scope="module")
def xcode(registry: RunningRegistry) -> Reader:
    return Reader(registry.url, f"{open_address(registry, 'everyone', compat=Compat.XCODE).base}/v0.1")


class TestCompat:
    @pytest.mark.parametrize("limit", [1, 3, 4, 10, 100])
    def test_lists_leave_out_what_it_cannot_decode(self, plain: Reader, xcode: Reader, limit: int) -> None:
        """
        Every other entry comes once, unaltered, on full pages.
        """
        walk = xcode.walk(limit)

        decodable = [item for item in plain.walk(100).items if key(item)[0] not in BROKEN]
        assert walk.items == decodable
        assert all(len(page) == limit for page in walk.pages[:-1])

    def test_a_search(self, xcode: Reader) -> None:
        """
        Searched lists too.
        """
        found = xcode.walk(3, search="com.acme").keys

        assert {name for name, _ in found} == set(NAMES) - set(BROKEN)

    def test_a_history(self, plain: Reader, xcode: Reader) -> None:
        """
        The list of a server's versions leaves them out as well; one version is not a list and is served as it is.
        """
        for target, count in ((f"servers/{BROKEN[0]}/versions", 0), (f"servers/{NAMES[0]}/versions", 1)):
            assert xcode.get(f"{xcode.prefix}/{target}").json()["metadata"]["count"] == count
        one = f"servers/{BROKEN[0]}/versions/1.0.0"
        assert xcode.get(f"{xcode.prefix}/{one}").body == plain.get(f"{plain.prefix}/{one}").body
