"""Docker's MCP gateway: `/v0` only, any answer but 200 aborts (clients.md §6)."""

from urllib.parse import quote

from tests.api.reading import Item, key
from tests.clients.decoding import one, page
from tests.doubles.plain_client import fetch


def test_catalog_create(base: str, latest: list[Item]) -> None:
    """
    `catalog create --from-community-registry` walks /v0 a hundred at a time and reads the wrapped shape.
    """
    names, cursor = [], None
    while True:
        found = page(fetch(base, "/v0/servers?version=latest&limit=100" + (f"&cursor={cursor}" if cursor else "")))
        names += [response.server.name for response in found.servers]
        cursor = found.metadata.next_cursor
        if cursor is None:
            break

    assert names == [key(item)[0] for item in latest]


def test_one_server_by_its_whole_address(base: str) -> None:
    """
    A profile holds `{base}/v0…/servers/{enc}/versions/{v}`, with any v-segment of ours.
    """
    for prefix in ("/v0", "/v0.1"):
        for version in ("latest", quote("1.2.0+build.7", safe="")):
            found = one(fetch(base, f"{prefix}/servers/{quote('com.acme/payroll', safe='')}/versions/{version}"))

            assert (found.server.name, found.server.version) == ("com.acme/payroll", "1.2.0+build.7")


def test_the_versions_of_one(base: str) -> None:
    """
    Updates are found by the history, newest first.
    """
    found = page(fetch(base, "/v0/servers/com.globex%2Fsearch/versions"))

    assert [response.server.version for response in found.servers] == ["10.0.0", "9.0.0", "2.0.0"]
    assert found.metadata.next_cursor is None
