"""The real registry of one day: in through a local http upstream and a real run, out of the API, equal and in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.reading import Reader
from tests.api.world import OFFICIAL
from tests.conftest import real_data
from tests.doubles.loaded_store import ANONYMOUS
from tests.doubles.upstream import FakeUpstream
from tests.running import RunningRegistry

pytestmark = pytest.mark.real_data

Block = dict[str, Any]  # Any: members of JSON


class _Entry(msgspec.Struct):
    """One item, its document as bytes."""

    server: msgspec.Raw
    meta: dict[str, Block] = msgspec.field(name="_meta")


class _Metadata(msgspec.Struct, rename="camel"):
    count: int
    next_cursor: str = ""


class _Page(msgspec.Struct):
    servers: list[_Entry]
    metadata: _Metadata


def _official(block: Block) -> Block:
    """What "equal" means: all but when the row changed here; statusChangedAt, where absent, is publishedAt."""
    members = {"statusChangedAt": block["publishedAt"]} | block
    del members["updatedAt"]
    return members


def _comparable(entry: _Entry) -> tuple[bytes, Block]:
    return bytes(entry.server), _official(entry.meta[OFFICIAL])


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningRegistry, list[tuple[bytes, Block]]]]:
    """A registry after its first full run, and what its upstream lists, comparable and in order."""
    data: Path | None = real_data()
    assert data is not None, "tests marked real_data are deselected where there is none"
    with FakeUpstream() as upstream:
        upstream.load_jsonl(data)
        expected = [_comparable(msgspec.json.decode(row.item, type=_Entry)) for row in upstream.catalog.rows()]
        configuration = (
            f'{ANONYMOUS}\n[[upstream]]\nname = "official"\nkind = "http"\nurl = "{upstream.url}"\n'
            "max_rate = 1000\nallow_private = true\n"
        )
        with RunningRegistry(tmp_path_factory.mktemp("real"), configuration) as registry:
            registry.wait_for("synced")
            yield registry, expected


@pytest.mark.parametrize("limit", [1, 30, 100])
def test_comes_out_equal_and_in_order(mirrored: tuple[RunningRegistry, list[tuple[bytes, Block]]], limit: int) -> None:
    """
    Every real entry: `server` byte for byte, the official block without updatedAt, in order, at every page size.
    """
    registry, expected = mirrored
    reader, cursor = Reader(registry.url), ""
    found: list[tuple[bytes, Block]] = []
    while True:
        answer = reader.page(f"include_deleted=true&limit={limit}&cursor={cursor}")
        page = msgspec.json.decode(answer.body, type=_Page)
        assert page.metadata.count == len(page.servers) <= limit
        found += map(_comparable, page.servers)
        cursor = page.metadata.next_cursor
        if not cursor:
            break

    assert len(found) == len(expected)
    assert found == expected


def test_nothing_was_quarantined(mirrored: tuple[RunningRegistry, list[tuple[bytes, Block]]]) -> None:
    """
    280 of the real entries fail the current schema, and every one of them is served.
    """
    registry, expected = mirrored

    (run,) = Reader(registry.url).get("/v1/sync-runs").json()["items"]

    assert (run["state"], run["quarantined"], run["new"]) == ("completed", 0, len(expected))


def test_search_finds_every_server_first_by_its_name(
    mirrored: tuple[RunningRegistry, list[tuple[bytes, Block]]],
) -> None:
    """
    A search for an exact name answers with that server first, whatever else matches.
    """
    registry, expected = mirrored
    reader = Reader(registry.url)
    names = sorted({msgspec.json.decode(document)["name"] for document, _ in expected})

    for name in names[::10]:
        found = reader.page({"search": name, "limit": "1", "include_deleted": "true"}).json()["servers"]

        assert found[0]["server"]["name"] == name
