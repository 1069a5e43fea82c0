"""VS Code's gallery (clients.md §1): no credential, no redirects, cursors appended as they are."""

from urllib.parse import quote

import pytest

from tests.api.reading import Item, key
from tests.clients.decoding import Page, one, page
from tests.doubles.plain_client import Answer, fetch

ORIGIN = "vscode-file://vscode-app"


def _get(base: str, target: str) -> Answer:
    answer = fetch(base, target, method="GET", Origin=ORIGIN)
    # The renderer cannot see an answer without it, whatever its status.
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not 300 <= answer.status < 400
    return answer


def _all_pages(base: str, first: str, following: str) -> list[Page]:
    """The pages as VS Code asks for them: the cursor is appended without encoding."""
    pages = [page(_get(base, first))]
    while (cursor := pages[-1].metadata.next_cursor) is not None:
        pages.append(page(_get(base, f"{following}&cursor={cursor}")))
    return pages


def _names(pages: list[Page]) -> list[str]:
    return [response.server.name for each in pages for response in each.servers]


class TestProbe:
    def test_v0_1_is_found(self, base: str) -> None:
        """
        The probe of v0.1 is 2xx, so VS Code asks there and caches that for the life of its process.
        """
        assert page(_get(base, "/v0.1/servers?limit=1")).metadata.count == 1

    def test_v0_would_be_too(self, base: str) -> None:
        """
        The fallback of an older VS Code has the same, wrapped shape.
        """
        assert page(_get(base, "/v0/servers?limit=1")).servers[0].server.name


class TestGallery:
    def test_every_server_once(self, base: str, latest: list[Item]) -> None:
        """
        Fifty a page, cursors as they are: every server comes once, and every item has what VS Code reads.
        """
        pages = _all_pages(base, "/v0.1/servers?limit=50&version=latest", "/v0.1/servers?limit=50&version=latest")

        assert _names(pages) == [key(item)[0] for item in latest]
        assert all(each.metadata.count == len(each.servers) for each in pages)
        for each in pages:
            for response in each.servers:
                assert all((response.server.name, response.server.description, response.server.version))

    def test_names_with_pluses_and_the_like_page_well(self, base: str) -> None:
        """
        A plain `name:1.0.0+build` cursor would break here: a plus sign arrives as a blank. Ours has none.
        """
        pages = _all_pages(base, "/v0.1/servers?limit=1&search=org.example", "/v0.1/servers?limit=1&search=org.example")

        assert len(_names(pages)) == len(pages)
        assert "org.example.odd/versions" in _names(pages)

    @pytest.mark.parametrize("term", ["payroll", "server", "org.example", "needle", "%", "a b"])
    def test_search_is_dropped_on_page_two(self, base: str, term: str) -> None:
        """
        VS Code forgets `search` from the second page on: the cursor has to know it.
        """
        first = f"/v0.1/servers?limit=50&version=latest&search={quote(term)}"
        repeated = _all_pages(base, first.replace("50", "2"), first.replace("50", "2"))

        dropped = _all_pages(base, first.replace("50", "2"), "/v0.1/servers?limit=2&version=latest")

        assert _names(dropped) == _names(repeated)

    def test_nothing_found(self, base: str) -> None:
        """
        An empty gallery is an empty page with its metadata, not an error.
        """
        found = page(_get(base, "/v0.1/servers?limit=50&version=latest&search=nobody%20has%20this"))

        assert (found.servers, found.metadata.count, found.metadata.next_cursor) == ([], 0, None)


class TestOneServer:
    def test_every_server_by_its_name(self, base: str, latest: list[Item]) -> None:
        """
        The name comes as encodeURIComponent makes it, the answer is of that name, and nothing redirects.
        """
        for item in latest:
            name = key(item)[0]

            found = one(_get(base, f"/v0.1/servers/{quote(name, safe=_UNRESERVED)}/versions/latest"))

            assert found.server.name == name
            assert found.meta.official.is_latest

    @pytest.mark.parametrize("name", ["com.acme/nobody", "com.acme/fax", "not a name", "com.acme"])
    def test_404_means_not_in_the_registry(self, base: str, name: str) -> None:
        """
        Only 404 is an answer to VS Code; 401, 403, 429, 5xx and 3xx leave a server undetermined.
        """
        assert _get(base, f"/v0.1/servers/{quote(name, safe=_UNRESERVED)}/versions/latest").status == 404

    def test_a_remote_is_allowed_by_its_exact_address(self, base: str) -> None:
        """
        Registry-only mode compares addresses as texts, so remotes come back byte for byte.
        """
        body = _get(base, "/v0.1/servers/com.acme%2Fpayroll/versions/latest").json()

        assert [remote["url"] for remote in body["server"]["remotes"]] == ["https://payroll.acme.example/mcp"]

    def test_metadata_outside_the_document_is_there(self, base: str) -> None:
        """
        Every item is destructured for an outer `_meta`; without it VS Code throws.
        """
        assert "_meta" in _get(base, "/v0.1/servers/com.acme%2Fpayroll/versions/latest").json()

    def test_of_the_product_registry_only(self, base: str) -> None:
        """
        Addresses that VS Code uses with its own registry are unknown here: 404, not an error.
        """
        for target in ("/v0.1/servers/by-name/com.acme/payroll", "/v0/servers/123e4567-e89b-12d3-a456-426614174000"):
            assert _get(base, target).status == 404


# What encodeURIComponent leaves as it is, beside letters and digits.
_UNRESERVED = "-_.!~*'()"
