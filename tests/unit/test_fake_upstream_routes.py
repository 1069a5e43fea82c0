"""The fake upstream's other routes, and how it reads a path: reference §1 and §2, one test a rule."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.plain_client import Answer, fetch
from tests.doubles.upstream import FakeUpstream

ACME = Path(__file__).parents[2] / "fixtures" / "acme"
LIST = "/v0.1/servers"


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as fake:
        fake.load_file(ACME / "official.json")
        yield fake


def keys(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 200, answer.body
    return [(item["server"]["name"], item["server"]["version"]) for item in answer.json()["servers"]]


class TestOneServer:
    def test_detail_is_the_item_of_the_list(self, upstream: FakeUpstream) -> None:
        """
        GET of one version answers what the list carries for it.
        """
        listed = fetch(upstream.url, f"{LIST}?search=octavia&version=1.0.0").json()["servers"]

        answer = fetch(upstream.url, f"{LIST}/io.github.octavia%2Fweather/versions/1.0.0")

        assert answer.json() == listed[0]

    def test_detail_latest(self, upstream: FakeUpstream) -> None:
        """
        `latest` is the flagged version.
        """
        answer = fetch(upstream.url, f"{LIST}/com.globex%2Fsearch/versions/latest")

        assert answer.json()["server"]["version"] == "10.0.0"

    def test_deleted_detail_needs_to_be_asked_for(self, upstream: FakeUpstream) -> None:
        """
        A deleted version is 404 without include_deleted and 200 with it.
        """
        target = f"{LIST}/org.initech%2Ffiles/versions/1.0.1"

        assert fetch(upstream.url, target).status == 404
        assert fetch(upstream.url, f"{target}?include_deleted=true").status == 200

    @pytest.mark.parametrize("tail", ["versions", "versions/1.0.0", "versions/latest"])
    def test_nobody_of_that_name(self, upstream: FakeUpstream, tail: str) -> None:
        """
        A name that does not exist is 404 `Server not found`.
        """
        answer = fetch(upstream.url, f"{LIST}/com.acme%2Fnobody/{tail}")

        assert (answer.status, answer.json()["detail"]) == (404, "Server not found")

    def test_history_is_newest_first_without_cursor(self, upstream: FakeUpstream) -> None:
        """
        All versions in one answer, the newest published first; metadata has only the count.
        """
        answer = fetch(upstream.url, f"{LIST}/dev.hooli%2Fmetrics/versions")

        assert [version for _, version in keys(answer)] == ["snapshot", "v1.2.0", "v1.0.0"]
        assert answer.json()["metadata"] == {"count": 3}

    def test_history_hides_deleted(self, upstream: FakeUpstream) -> None:
        """
        Deleted versions are in the history only on request.
        """
        target = f"{LIST}/org.initech%2Ffiles/versions"

        assert len(keys(fetch(upstream.url, target))) == 1
        assert len(keys(fetch(upstream.url, f"{target}?include_deleted=true"))) == 2

    @pytest.mark.parametrize("name", ["com.globex%2Fsearch", "com.globex%2fsearch", "com.globex%252Fsearch"])
    def test_name_is_decoded_twice(self, upstream: FakeUpstream, name: str) -> None:
        """
        The slash of a name may be encoded once or twice.
        """
        assert fetch(upstream.url, f"{LIST}/{name}/versions/2.0.0").status == 200

    def test_a_bare_slash_does_not_match(self, upstream: FakeUpstream) -> None:
        """
        An unencoded slash in a name is another path: 404 of the router.
        """
        answer = fetch(upstream.url, f"{LIST}/com.globex/search/versions/2.0.0")

        assert (answer.status, answer.json()["detail"]) == (
            404,
            "Endpoint not found. See /docs for the API documentation.",
        )

    def test_a_bad_second_escape(self, upstream: FakeUpstream) -> None:
        """
        What cannot be decoded a second time is a 400 that names the part.
        """
        answer = fetch(upstream.url, f"{LIST}/com.globex%2Fsearch/versions/1%25zz")

        assert answer.json() == {
            "title": "Bad Request",
            "status": 400,
            "detail": "Invalid version encoding",
            "errors": [{"message": 'invalid URL escape "%zz"'}],
        }

    @pytest.mark.parametrize("version", ["1.0.0+build", "1.0.0%2Bbuild", "1.0.0%252Bbuild"])
    def test_plus_in_a_version(self, upstream: FakeUpstream, version: str) -> None:
        """
        A plus sign in a path is a plus sign, encoded or not.
        """
        upstream.publish({"name": "a.b/c", "version": "1.0.0+build"})

        assert fetch(upstream.url, f"{LIST}/a.b%2Fc/versions/{version}").status == 200


class TestAround:
    @pytest.mark.parametrize(
        "path", ["/servers?limit=3", "/servers/com.globex%2Fsearch/versions", "/health", "/version"]
    )
    def test_both_prefixes_are_the_same(self, upstream: FakeUpstream, path: str) -> None:
        """
        Every route exists under /v0 and /v0.1 with the same answer.
        """
        assert fetch(upstream.url, f"/v0{path}").body == fetch(upstream.url, f"/v0.1{path}").body

    def test_health(self, upstream: FakeUpstream) -> None:
        """
        Health says ok.
        """
        assert fetch(upstream.url, "/v0.1/health").json() == {"status": "ok"}

    @pytest.mark.parametrize(("method", "path"), [("POST", LIST), ("OPTIONS", LIST), ("GET", "/v0.1/nothing")])
    def test_no_405(self, upstream: FakeUpstream, method: str, path: str) -> None:
        """
        A wrong method is the 404 of an unknown route, members in alphabetical order and no final newline.
        """
        answer = fetch(upstream.url, path, method=method)

        assert answer.status == 404
        assert answer.body == (
            b'{"detail":"Endpoint not found. See /docs for the API documentation.","status":404,"title":"Not Found"}'
        )

    def test_a_path_without_prefix_gets_a_hint(self, upstream: FakeUpstream) -> None:
        """
        Outside of the two prefixes the 404 says where it would have been.
        """
        detail = fetch(upstream.url, "/servers").json()["detail"]

        assert detail == (
            "Endpoint not found. Did you mean '/v0.1/servers' or '/v0/servers'? See /docs for the API documentation."
        )

    def test_head(self, upstream: FakeUpstream) -> None:
        """
        HEAD answers with the headers of GET and no body.
        """
        head, get = fetch(upstream.url, LIST, method="HEAD"), fetch(upstream.url, LIST)

        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(len(get.body))

    @pytest.mark.parametrize(
        ("target", "location"),
        [
            (f"{LIST}/", LIST),
            (f"{LIST}/?limit=3", f"{LIST}?limit=3"),
            (f"{LIST}//", f"{LIST}/"),
            (f"{LIST}/com.ex%2Fa/", f"{LIST}/com.ex/a"),
            (f"{LIST}/com.ex%2F", f"{LIST}/com.ex"),
        ],
    )
    def test_trailing_slash_redirects(self, upstream: FakeUpstream, target: str, location: str) -> None:
        """
        308 to the decoded path without its slash, even where that leads nowhere.
        """
        answer = fetch(upstream.url, target)

        assert (answer.status, answer.headers["location"]) == (308, location)

    @pytest.mark.parametrize(
        ("target", "where"),
        [
            (f"{LIST}/a%00b/versions", "URL path contains"),
            (f"{LIST}/a%2500b/versions", "URL path contains"),
            (f"{LIST}?search=%00", "query parameters contain"),
        ],
    )
    def test_null_bytes(self, upstream: FakeUpstream, target: str, where: str) -> None:
        """
        A null byte is a 400 in plain JSON, before anything else is looked at.
        """
        answer = fetch(upstream.url, target)

        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["detail"] == f"Invalid request: {where} null bytes"

    def test_doubly_encoded_null_in_a_query_passes(self, upstream: FakeUpstream) -> None:
        """
        In a query only %00 itself counts.
        """
        assert fetch(upstream.url, f"{LIST}?search=%2500").status == 200

    def test_cors_only_with_an_origin(self, upstream: FakeUpstream) -> None:
        """
        Without Origin only `Vary` is sent, with one the answer may be read from anywhere.
        """
        plain = fetch(upstream.url, LIST).headers
        cross = fetch(upstream.url, LIST, Origin="https://app.example").headers

        assert plain["vary"] == "Origin"
        assert "access-control-allow-origin" not in plain
        assert cross["access-control-allow-origin"] == "*"
        assert cross["access-control-expose-headers"] == "Content-Type, Content-Length"

    def test_no_caching_headers(self, upstream: FakeUpstream) -> None:
        """
        The registry sends nothing a cache could use.
        """
        assert not {"etag", "cache-control", "last-modified", "link"} & set(fetch(upstream.url, LIST).headers)
