"""ToolHive's command line and UI (clients.md §5)."""

import time
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
import yaml

from tests.api.reading import Item, key
from tests.clients.decoding import Page, one, page
from tests.doubles.plain_client import fetch

_START_S = 10.0


def _pages(base: str, **asked: str) -> Iterator[Page]:
    """The pages of a list as its client asks for them: every parameter again, the cursor encoded."""
    while True:
        found = page(fetch(base, f"/v0.1/servers?{urlencode(asked)}", method="GET", Accept="application/json"))
        yield found
        if found.metadata.next_cursor is None:
            return
        asked["cursor"] = found.metadata.next_cursor


class TestConfiguring:
    def test_what_kind_of_address_it_is(self, base: str) -> None:
        """
        The probe wants 2xx, application/json, `servers` an array and `metadata` an object, within five seconds.
        """
        answer = fetch(base, "/v0.1/servers?limit=1&version=latest", method="GET", timeout_s=5.0)

        assert answer.status == 200
        assert "application/json" in answer.headers["content-type"]
        assert isinstance(answer.json()["servers"], list)
        assert isinstance(answer.json()["metadata"], dict)

    def test_the_base_can_be_asked_for_its_head(self, base: str) -> None:
        """
        `HEAD {base}` has to connect.
        """
        assert fetch(base, "/", method="HEAD").status == 200

    def test_openapi(self, base: str) -> None:
        """
        The optional check of the description: version 1.0.0 and the official registry's address.
        """
        info = yaml.safe_load(fetch(base, "/openapi.yaml").body)["info"]

        assert info["version"] == "1.0.0"
        assert "https://github.com/modelcontextprotocol/registry" in info["description"]


class TestStart:
    def test_walks_everything_one_at_a_time(self, base: str, latest: list[Item]) -> None:
        """
        At its start it lists with limit=1 through every page within ten seconds: each server is met once.
        """
        started = time.monotonic()

        found = [
            response.server.name for each in _pages(base, limit="1", version="latest") for response in each.servers
        ]

        assert found == [key(item)[0] for item in latest]
        assert time.monotonic() - started < _START_S

    def test_walks_every_version_one_at_a_time(self, base: str) -> None:
        """
        Without `version` the same walk meets every version once, and ends without an empty page.
        """
        pages = list(_pages(base, limit="1"))
        keys = [(response.server.name, response.server.version) for each in pages for response in each.servers]

        assert len(set(keys)) == len(keys) == len(pages)
        assert keys == sorted(keys)

    def test_then_by_the_hundred(self, base: str, latest: list[Item]) -> None:
        """
        The list proper comes in pages of a hundred.
        """
        pages = list(_pages(base, limit="100", version="latest"))

        assert [response.server.name for each in pages for response in each.servers] == [
            key(item)[0] for item in latest
        ]
        assert all(len(each.servers) == 100 for each in pages[:-1])


class TestFinding:
    def test_a_guessed_name_then_the_name_then_a_search(self, base: str) -> None:
        """
        `thv run weather` tries its own reverse-DNS name, the name as it is, and searches: 404, 404, found first.
        """
        guesses = ["io.github.stacklok/weather", "weather"]

        missed = [fetch(base, f"/v0.1/servers/{quote(guess, safe='')}/versions/latest").status for guess in guesses]
        found = next(_pages(base, search="weather", version="latest"))

        assert missed == [404, 404]
        assert found.servers[0].server.name == "io.github.octavia/weather"

    @pytest.mark.parametrize("name", ["com.acme/payroll", "io.github.Boreal-Labs/Ledger-Reader"])
    def test_the_name(self, base: str, name: str) -> None:
        """
        PathEscape encodes the slash.
        """
        assert one(fetch(base, f"/v0.1/servers/{quote(name, safe='')}/versions/latest")).server.name == name

    @pytest.mark.parametrize("target", ["/v0.1/x/skills", "/v0.1/skills", "/v0.1/plugins", "/v0.1/x/plugins?limit=1"])
    def test_what_it_also_looks_for(self, base: str, target: str) -> None:
        """
        Skills and plugins are asked for in passing; 404 is fine.
        """
        assert fetch(base, target).status == 404


class TestCredential:
    def test_a_token_is_not_ignored(self, base: str) -> None:
        """
        401 and 403 are told to the user and never answered from its cache: a token that is bad is 401.
        """
        answer = fetch(base, "/v0.1/servers?limit=1", method="GET", Authorization="Bearer expired")

        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
