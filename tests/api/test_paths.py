"""How a path is read: encodings, slashes, prefixes, methods (reference §1.1, §10.3-5, §10.30)."""

import pytest

from tests.api.raw_request import send
from tests.api.reading import Reader, key, keys
from tests.doubles.plain_client import fetch
from tests.running import RunningRegistry

NAME = "/v0.1/servers/com.acme%2Fpayroll"
GETS = (
    "/v0.1/servers",
    "/v0.1/servers?limit=3&version=latest",
    "/v0.1/servers?search=needle&limit=2",
    "/v0.1/servers?updated_since=2020-01-01T00:00:00Z",
    "/v0.1/servers?limit=0",
    "/v0.1/servers?updated_since=x",
    f"{NAME}/versions",
    f"{NAME}/versions/latest",
    f"{NAME}/versions/1.2.0%2Bbuild.7",
    f"{NAME}/versions/9.9.9",
    "/v0.1/servers/com.acme%2Ffax/versions",
    "/v0.1/servers/com.acme%2Ffax/versions?include_deleted=true",
    "/v0.1/servers/a%25zz/versions",
    "/v0.1/servers/a%00/versions",
    NAME,
    "/v0.1/nothing",
    "/v0.1/health",
    "/v0.1/ping",
    "/v0.1/version",
)


class TestPrefix:
    @pytest.mark.parametrize("target", GETS)
    def test_v0_is_v0_1(self, reader: Reader, target: str) -> None:
        """
        reference §1.3, §10.30: both prefixes give the same status, headers and bytes.
        """
        newer, older = reader.get(target), reader.get(target.replace("/v0.1", "/v0", 1))

        assert (older.status, older.body) == (newer.status, newer.body)
        ignored = {"date", "etag", "x-request-id"}
        assert {name: value for name, value in older.headers.items() if name not in ignored} == {
            name: value for name, value in newer.headers.items() if name not in ignored
        }

    @pytest.mark.parametrize("target", ["/v0.2/servers", "/v1/servers", "/servers", "/V0.1/servers", "/v0.1/Servers"])
    def test_no_other_prefix(self, reader: Reader, target: str) -> None:
        """
        reference §1.3: the read API is under these two prefixes only, spelled exactly so.
        """
        assert reader.get(target).status == 404


class TestName:
    @pytest.mark.parametrize(
        "spelling",
        [
            "com.acme%2Fpayroll",
            "com.acme%2fpayroll",
            "com.acme%252Fpayroll",
            "com.acme%252fpayroll",
            "com%2Eacme%2Fp%61yroll",
            "com.acme/payroll",
            "com%2Eacme/p%61yroll",
        ],
    )
    @pytest.mark.parametrize("rest", ["/versions", "/versions/", "/versions/latest", "/versions/latest/"])
    def test_spellings(self, reader: Reader, spelling: str, rest: str) -> None:
        """
        reference §1.1.4, §10.4: `%2F` and `%252F` reach the same name. Ours: so does a slash that is not encoded.
        """
        answer = reader.get(f"/v0.1/servers/{spelling}{rest}")

        assert answer.status == 200
        assert answer.body == reader.get(f"{NAME}{rest.rstrip('/')}").body

    @pytest.mark.parametrize(
        "target",
        [
            "/v0.1/servers/com.acme%25252Fpayroll/versions",
            "/v0.1/servers/com/acme/payroll/versions",
            "/v0.1/servers/com.acme/payroll/versions/1.0.0/beta",
            "/v0.1/servers/../servers",
            "/v0.1/servers/com.acme%2F..%2Fpayroll/versions",
            "/v0.1/servers/com.acme%5Cpayroll/versions",
            "/v0.1/servers/com.acme%2Fpayroll%20/versions",
        ],
    )
    def test_what_is_no_spelling(self, reader: Reader, target: str) -> None:
        """
        reference §1.1.4: three times encoded, two slashes, dots that climb: none of it finds a server.
        """
        assert reader.get(target).status == 404

    @pytest.mark.parametrize("target", [NAME, f"{NAME}/", "/v0.1/servers/com.acme/payroll", "/v0.1/servers/x"])
    def test_a_server_alone_is_no_endpoint(self, reader: Reader, target: str) -> None:
        """
        reference §1.3: there is no GET /servers/{serverName}.
        """
        assert reader.get(target).json()["detail"] == "Endpoint not found. See /docs for the API documentation."

    @pytest.mark.parametrize("segment", ["a%25zz%2Fb", "a%zz%2Fb", "a%25", "%", "a%2Fb%FF", "a%2Fb%25FF"])
    def test_broken_encoding_of_a_name(self, reader: Reader, segment: str) -> None:
        """
        reference §1.1.4: what cannot be decoded, the first time or the second, is 400 with the reason in errors.
        """
        answer = reader.get(f"/v0.1/servers/{segment}/versions")

        assert answer.status == 400
        assert answer.json()["detail"] == "Invalid server name encoding"
        assert len(answer.json()["errors"]) == 1
        assert answer.json()["errors"][0].keys() == {"message"}


class TestVersion:
    @pytest.mark.parametrize("spelling", ["1.2.0+build.7", "1.2.0%2Bbuild.7", "1.2.0%2bbuild.7", "1.2.0%252Bbuild.7"])
    def test_build_metadata(self, reader: Reader, spelling: str) -> None:
        """
        reference §1.1.4, §8: a plus sign in a path is a plus sign, raw or encoded.
        """
        assert key(reader.get(f"{NAME}/versions/{spelling}").json())[1] == "1.2.0+build.7"

    @pytest.mark.parametrize("spelling", ["1.0%2Fbeta", "1.0%2fbeta", "1.0%252Fbeta"])
    def test_slash(self, reader: Reader, spelling: str) -> None:
        """
        reference §1.1.4: an encoded slash stays inside the version's segment.
        """
        answer = reader.get(f"/v0.1/servers/org.example.odd%2Fversions/versions/{spelling}")

        assert key(answer.json())[1] == "1.0/beta"

    def test_a_literal_percent_sign_is_encoded_twice(self, reader: Reader) -> None:
        """
        reference §1.1.4: decoded twice, `100%2525` is the version `100%`, and `100%25` cannot be decoded.
        """
        odd = "/v0.1/servers/org.example.odd%2Fversions/versions"

        once, twice = reader.get(f"{odd}/100%25"), reader.get(f"{odd}/100%2525")

        assert key(twice.json())[1] == "100%"
        assert once.status == 400
        assert once.json()["detail"] == "Invalid version encoding"
        assert once.json()["errors"] == [{"message": 'invalid URL escape "%"'}]

    def test_a_version_called_versions(self, reader: Reader) -> None:
        """
        reference §1.1.4: a segment is what its place says, whatever its text.
        """
        for name in ("org.example.odd%2Fversions", "org.example.odd/versions"):
            answer = reader.get(f"/v0.1/servers/{name}/versions/versions")

            assert key(answer.json()) == ("org.example.odd/versions", "versions")


class TestSlash:
    @pytest.mark.parametrize(
        "target",
        [
            "/v0.1/servers",
            "/v0/servers",
            f"{NAME}/versions",
            f"{NAME}/versions/latest",
            "/health",
            "/v0.1/ping",
            "/docs",
        ],
    )
    def test_both_spellings_answer(self, reader: Reader, target: str) -> None:
        """
        Ours, unlike reference §1.1.2 and §10.5 (308): a trailing slash changes nothing, and nothing redirects.
        """
        plain, slashed = reader.get(target), reader.get(f"{target}/")

        assert (plain.status, slashed.status) == (200, 200)
        assert plain.body == slashed.body

    def test_with_a_query(self, reader: Reader) -> None:
        """
        Ours: the query stays, whatever the slash.
        """
        assert keys(reader.get("/v0.1/servers/?limit=1")) == keys(reader.get("/v0.1/servers?limit=1"))

    @pytest.mark.parametrize(
        "target",
        [
            "//v0.1/servers",
            "/v0.1//servers",
            "/v0.1/servers//",
            f"{NAME}//versions",
            "//health",
            "//t/a.b/v0.1/servers",
        ],
    )
    def test_an_empty_segment_is_no_endpoint(self, reader: Reader, target: str) -> None:
        """
        reference §1.1.4: nothing is folded into a route's own path; what was sent is not repeated.
        """
        answer = reader.get(target)

        assert answer.status == 404
        assert answer.json()["detail"] == "Endpoint not found. See /docs for the API documentation."

    @pytest.mark.parametrize(
        "target",
        ["/nope/", "/v0.1/", "/v0.1", "/v0.1/servers/com.acme%2F/", "/v0.1/servers/com.acme%2F/versions/", "//"],
    )
    def test_never_a_redirect(self, reader: Reader, target: str) -> None:
        """
        clients.md §0, §1: VS Code follows no redirect, so no path answers one.
        """
        answer = reader.get(target)

        assert not 300 <= answer.status < 400
        assert "location" not in answer.headers


class TestMethod:
    @pytest.mark.parametrize(
        ("target", "method"),
        [
            (target, method)
            for target in ("/v0.1/servers", f"{NAME}/versions", f"{NAME}/versions/latest", "/health", "/docs")
            for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND")
            # A version can be edited and deleted.
            if not (target.endswith("/latest") and method in ("PUT", "DELETE"))
        ],
    )
    def test_wrong_one_is_404(self, world: RunningRegistry, method: str, target: str) -> None:
        """
        reference §1.1.5, §10.3: a wrong method is answered like an unknown path, never 405.
        """
        answer = send(world.port, target, method=method)

        assert answer.status == 404
        assert "allow" not in answer.headers
        assert answer.json()["detail"].startswith("Endpoint not found.")

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_wrong_one_with_a_body(self, world: RunningRegistry, method: str) -> None:
        """
        reference §1.1.5: a body that nobody reads changes nothing.
        """
        body = b'{"name":"x"}' * 100

        answer = send(world.port, "/v0.1/servers", f"Content-Length: {len(body)}", method=method, body=body)

        assert answer.status == 404


class TestHead:
    @pytest.mark.parametrize(
        "target",
        [
            *GETS,
            "/health",
            "/ping",
            "/version",
            "/metrics",
            "/docs",
            "/",
            "/openapi.json",
            "/openapi.yaml",
            "/v1/sync-runs",
            "/v1/sync-runs/run_none",
        ],
    )
    def test_is_get_without_a_body(self, world: RunningRegistry, reader: Reader, target: str) -> None:
        """
        reference §1.1.5, §10.30: HEAD gives the status and the headers of GET, content-length too, and no body.
        """
        got, head = reader.get(target), fetch(world.url, target, method="HEAD")

        assert head.body == b""
        assert head.status == got.status
        # What a body counts moves from one request to the next where it tells of requests.
        ignored = {"date", "x-request-id"} | ({"content-length"} if target == "/metrics" else set())
        assert {name: value for name, value in head.headers.items() if name not in ignored} == {
            name: value for name, value in got.headers.items() if name not in ignored
        }
        assert head.headers["content-length"].isdigit()
