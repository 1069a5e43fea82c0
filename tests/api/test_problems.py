"""Errors: their shape, their texts, and the NUL filter (reference §1.1.1, §1.2)."""

import pytest

from tests.api.raw_request import send
from tests.api.reading import Reader
from tests.running import RunningRegistry

PROBLEMS = [
    ("/v0.1/servers?updated_since=x", 400, "Bad Request"),
    ("/v0.1/servers/a%25zz/versions", 400, "Bad Request"),
    ("/v0.1/servers/com.acme%2Fnobody/versions", 404, "Not Found"),
    ("/v0.1/servers/com.acme%2Fnobody/versions/latest", 404, "Not Found"),
    ("/v0.1/servers?limit=0", 422, "Unprocessable Entity"),
    ("/v0.1/servers/com.acme%2Fpayroll/versions?include_deleted=x", 422, "Unprocessable Entity"),
    ("/nowhere", 404, "Not Found"),
    ("/v0.1/nowhere", 404, "Not Found"),
    ("/v1/sync-runs/run_none", 404, "Not Found"),
    ("/v1/sync-runs?limit=0", 422, "Unprocessable Entity"),
]


class TestShape:
    @pytest.mark.parametrize(("target", "status", "title"), PROBLEMS)
    def test_problem_with_error(self, reader: Reader, target: str, status: int, title: str) -> None:
        """
        reference §1.2, §10.2: problem+json without charset. Ours: `error` repeats `detail` for readers of either.
        """
        answer = reader.get(target)

        problem = answer.json()
        assert answer.status == problem["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["title"] == title
        assert problem["error"] == problem["detail"]
        assert [member for member in problem if member != "errors"] == ["title", "status", "detail", "error"]

    def test_validation_failed(self, reader: Reader) -> None:
        """
        reference §1.2, §10.1: 422 says `validation failed`, and message, location and value of each error.
        """
        problem = reader.page("limit=500").json()

        assert problem == {
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "validation failed",
            "errors": [{"message": "expected number <= 100", "location": "query.limit", "value": 500}],
            "error": "validation failed",
        }

    def test_nothing_internal_in_an_error(self, reader: Reader) -> None:
        """
        reference §1.2: no text of the database or of the framework reaches a caller.
        """
        for target, _, _ in PROBLEMS:
            text = reader.get(target).body.lower()

            assert not any(word in text for word in (b"sqlite", b"traceback", b"litestar", b"exception"))


class TestUnknownPath:
    @pytest.mark.parametrize("path", ["/servers", "/nope", "/v2/servers", "/v0", "/v0.1", "/%3Cb%3E", "/%22%0A"])
    def test_without_a_prefix_it_hints_at_both(self, reader: Reader, path: str) -> None:
        """
        reference §1.2: outside the prefixes the answer asks whether one was forgotten.
        """
        detail = reader.get(path).json()["detail"]

        assert detail.startswith("Endpoint not found. Did you mean '/v0.1/")
        assert detail.endswith("'? See /docs for the API documentation.")

    @pytest.mark.parametrize("path", ["/v0/nope", "/v0.1/nope", "/v0.1/servers/x/y/z/w", "/v0.1/servers/x"])
    def test_with_a_prefix(self, reader: Reader, path: str) -> None:
        """
        reference §1.2: below a prefix there is nothing to guess.
        """
        assert reader.get(path).json()["detail"] == "Endpoint not found. See /docs for the API documentation."

    @pytest.mark.parametrize("path", ["/%FF", "/%ED%A0%80", "/%", "/%zz", "/" + "a" * 5000, "/é".encode(), b"/\xff"])
    def test_whatever_the_bytes(self, world: RunningRegistry, path: str | bytes) -> None:
        """
        threats "parser differential": no bytes in a path are more than an unknown path.
        """
        answer = send(world.port, path)

        assert answer.status in (400, 404)
        assert len(answer.body) < 1500


class TestNul:
    @pytest.mark.parametrize(
        "target",
        [
            "/v0.1/servers/a%00/versions",
            "/v0.1/servers/a%2500/versions",
            "/v0.1/servers/com.acme%2Fpayroll/versions/%00",
            "/v0.1/servers/com.acme%2Fpayroll/versions/1%25001",
            "/%00",
            "/health%00",
        ],
    )
    def test_in_the_path(self, reader: Reader, target: str) -> None:
        """
        reference §1.1.1, §10.2: a NUL, or the text `%00` after decoding, is 400 and not problem+json.
        """
        answer = reader.get(target)

        assert answer.status == 400
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {
            "title": "Bad Request",
            "status": 400,
            "detail": "Invalid request: URL path contains null bytes",
        }

    @pytest.mark.parametrize("query", ["search=%00", "search=a%00b", "x=%00", "%00", "cursor=a:%00"])
    def test_in_the_query(self, reader: Reader, query: str) -> None:
        """
        reference §1.1.1: `%00` anywhere in the raw query is 400.
        """
        answer = reader.page(query)

        assert answer.status == 400
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["detail"] == "Invalid request: query parameters contain null bytes"

    def test_encoded_twice_in_the_query_passes(self, reader: Reader) -> None:
        """
        reference §1.1.1, §8: a query `%2500` is the text `%00`, which one may look for.
        """
        assert reader.page("search=%2500").json()["servers"] == []
