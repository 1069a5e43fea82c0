"""Copilot's command line, and the language server of JetBrains, Eclipse, Xcode, Visual Studio (clients.md §3, §4)."""

from urllib.parse import quote, urlencode

import pytest

from tests.api.reading import Item, key
from tests.clients.decoding import one, page, server
from tests.doubles.plain_client import Answer, fetch


def _language_server(base: str, target: str) -> Answer:
    return fetch(base, target, method="GET", Accept="application/json", Content_Type="application/json")


class TestPolicy:
    @pytest.mark.parametrize(
        "target",
        [
            "/v0.1/servers",
            "/v0.1/servers/com.acme%2Fpayroll/versions/latest",
            "/v0.1/servers/com.acme%2Fpayroll/versions/1.0.0",
        ],
    )
    def test_headers_github_asks_of_a_registry(self, base: str, target: str) -> None:
        """
        clients.md §2: anonymous, with Allow-Origin on the answer and methods and headers in the preflight.
        """
        answer = fetch(base, target)
        preflight = fetch(base, target, method="OPTIONS", Access_Control_Request_Method="GET")

        assert answer.status == 200
        assert answer.headers["access-control-allow-origin"] == preflight.headers["access-control-allow-origin"] == "*"
        assert {"GET", "OPTIONS"} <= set(preflight.headers["access-control-allow-methods"].split(", "))
        assert preflight.headers["access-control-allow-headers"] == "Authorization, Content-Type"


class TestCommandLine:
    def test_search(self, base: str) -> None:
        """
        /mcp search lists thirty.
        """
        assert len(page(fetch(base, "/v0.1/servers?limit=30")).servers) == 30

    def test_address_without_a_version(self, base: str) -> None:
        """
        1.0.49 asked `{base}/servers`: that is a 404 that says what to ask instead.
        """
        answer = fetch(base, "/servers")

        assert answer.status == 404
        assert "Did you mean '/v0.1/servers'" in answer.json()["detail"]

    @pytest.mark.parametrize("name", ["com.acme/payroll", "com.acme%2Fpayroll"])
    def test_a_server_that_is_there(self, base: str, name: str) -> None:
        """
        200 is verified, whether the slash is encoded or not.
        """
        answer = fetch(base, f"/v0.1/servers/{name}/versions/latest", method="GET", Accept="application/json")

        assert one(answer).server.name == "com.acme/payroll"

    def test_a_server_that_is_not_there(self, base: str) -> None:
        """
        404 is not found; anything else blocks every server of the user.
        """
        target = "/v0.1/servers/com.acme%2Fnobody/versions/latest"

        assert fetch(base, target, method="GET", Accept="application/json").status == 404

    def test_fingerprints_are_not_there_yet(self, base: str) -> None:
        """
        clients.md §4: the `repo` parameter of a proposal is tolerated.
        """
        assert page(fetch(base, "/v0.1/servers?repo=acme/payroll&limit=1")).metadata.count == 1


class TestLanguageServer:
    def test_list(self, base: str, latest: list[Item]) -> None:
        """
        All five parameters are always sent, empty ones too, and the cursor encoded.
        """
        names, cursor = [], ""
        while True:
            asked = {"limit": "60", "cursor": cursor, "search": "", "updated_since": "", "version": "latest"}
            found = page(_language_server(base, f"/v0.1/servers?{urlencode(asked)}"))
            names += [response.server.name for response in found.servers]
            cursor = found.metadata.next_cursor or ""
            if not cursor:
                break

        assert names == [key(item)[0] for item in latest]

    @pytest.mark.parametrize(
        ("name", "version"),
        [
            ("com.acme/payroll", "1.0.0"),
            ("com.acme/payroll", "1.2.0+build.7"),
            ("com.globex/search", "2.0.0"),
            ("com.globex/catalogue", "1.0.0"),
            ("dev.hooli/metrics", "v1.0.0"),
        ],
    )
    def test_the_exact_version_a_user_has(self, base: str, name: str, version: str) -> None:
        """
        The x-metadata of a user's configuration names a version; an approved older one must still be found.
        """
        metadata = {"api": {"baseUrl": f"{base}/", "version": "v0.1"}, "mcpServer": {"name": name, "version": version}}
        api = metadata["api"]
        target = f"/{api['version']}/servers/{quote(name, safe='')}/versions/{quote(version, safe='')}"

        found = one(_language_server(api["baseUrl"].rstrip("/"), target))

        assert {"name": found.server.name, "version": found.server.version} == metadata["mcpServer"]

    @pytest.mark.parametrize(
        ("name", "version"),
        [("com.acme/payroll", "9.9.9"), ("com.acme/fax", "1.0.0"), ("org.initech/files", "1.0.1"), ("x/y", "1")],
    )
    def test_a_version_that_was_taken_back(self, base: str, name: str, version: str) -> None:
        """
        404 blocks it: what was deleted, or never was, is no longer found.
        """
        target = f"/v0.1/servers/{quote(name, safe='')}/versions/{quote(version, safe='')}"

        assert _language_server(base, target).status == 404

    def test_remote_addresses_are_compared(self, base: str) -> None:
        """
        An entry with an address is allowed if a remote has the same: remotes come back as the source wrote them.
        """
        found = server(_language_server(base, "/v0.1/servers/com.globex%2Fcatalogue/versions/2.0.0"))

        assert [remote["type"] for remote in found["remotes"]] == ["streamable-http", "sse"]

    def test_a_strict_decoder_reads_every_envelope(self, base: str) -> None:
        """
        Xcode loses a page whose outer `_meta` lacks the official block, or whose status it does not know.
        """
        cursor: str | None = ""
        while cursor is not None:
            found = page(fetch(base, f"/v0.1/servers?limit=100&include_deleted=true&cursor={cursor}"))
            for response in found.servers:
                assert response.meta.official.status in ("active", "deprecated", "deleted")
            cursor = found.metadata.next_cursor
