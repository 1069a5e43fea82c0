"""`POST /validate`: the verdict on a server.json (reference §1.2, §1.5, §5.1)."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from registry.api.validate import LIMIT
from schemas.validation.versions import CURRENT_URL
from tests.api.raw_request import send
from tests.doubles.loaded_store import acme, serving
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

GOOD: dict[str, Any] = {  # Any: manifests are changed in all sorts of ways
    "$schema": CURRENT_URL,
    "name": "com.acme/payroll",
    "description": "Pays people",
    "version": "1.0.0",
    "remotes": [{"type": "streamable-http", "url": "https://payroll.example/mcp"}],
}
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """One of its own: what is limited is limited for all tests of this module together."""
    with serving(tmp_path_factory.mktemp("validating"), acme()) as running:
        yield running


@pytest.fixture(autouse=True)
def _rested(registry: RunningRegistry) -> None:
    """Enough time passes before each test for the bucket to be full."""
    registry.clock.advance(LIMIT.burst * LIMIT.every_ns / 1e9)


def post(
    registry: RunningRegistry, manifest: object, *lines: str, prefix: str = "/v0.1", method: str = "POST"
) -> Answer:
    body = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    return send(registry.port, f"{prefix}/validate", f"Content-Length: {len(body)}", *lines, method=method, body=body)


@pytest.mark.parametrize("prefix", ["/v0.1", "/v0"])
class TestVerdict:
    def test_clean(self, registry: RunningRegistry, prefix: str) -> None:
        """
        reference §5.1, §8 TestValidateEndpoint: valid, and an empty list.
        """
        answer = post(registry, GOOD, prefix=prefix)

        assert (answer.status, answer.body) == (200, b'{"valid":true,"issues":[]}\n')
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"

    @pytest.mark.parametrize(
        ("version", "reference"), [("latest", "reserved-version-string"), ("^1.0.0", "version-looks-like-range")]
    )
    def test_error(self, registry: RunningRegistry, prefix: str, version: str, reference: str) -> None:
        """
        reference §5.1, §8 TestValidateEndpoint: 200 all the same, not valid; all five members of an issue.
        """
        answer = post(registry, GOOD | {"version": version}, prefix=prefix)

        verdict = answer.json()
        issue = next(each for each in verdict["issues"] if each["reference"] == reference)
        assert (answer.status, verdict["valid"]) == (200, False)
        assert list(issue) == ["type", "path", "message", "severity", "reference"]
        assert (issue["type"], issue["path"], issue["severity"]) == ("semantic", "version", "error")

    def test_warning(self, registry: RunningRegistry, prefix: str) -> None:
        """
        reference §5.1: warnings are listed, and leave it valid.
        """
        old = CURRENT_URL.replace("2025-12-11", "2025-10-17")

        verdict = post(registry, GOOD | {"$schema": old}, prefix=prefix).json()

        assert [issue["reference"] for issue in verdict["issues"]] == ["schema-version-deprecated"]
        assert verdict["valid"] is True


class TestBody:
    def test_too_large(self, registry: RunningRegistry) -> None:
        """
        reference §1.2: exactly 1 MiB is one byte too many, announced or not; one byte less is read.
        """
        body = json.dumps(GOOD).encode()
        fits, too_large = body.ljust(MIB - 1), body.ljust(MIB)

        announced = post(registry, too_large)
        chunked = send(
            registry.port,
            "/v0.1/validate",
            "Transfer-Encoding: chunked",
            method="POST",
            body=b"%x\r\n%b\r\n0\r\n\r\n" % (MIB, too_large),
        )

        assert post(registry, fits).status == 200
        for answer in (announced, chunked):
            assert (answer.status, answer.json()["detail"]) == (
                413,
                "request body is too large limit=1048576 bytes",
            )

    def test_empty(self, registry: RunningRegistry) -> None:
        """
        reference §1.2: no body is a 400 that says so.
        """
        answer = post(registry, b"")

        assert (answer.status, answer.json()["detail"]) == (400, "request body is required")

    def test_too_slow(self, registry: RunningRegistry) -> None:
        """
        reference §1.2: a body that is announced and does not come is a 408 after 5 s.
        """
        answer = send(registry.port, "/v0.1/validate", "Content-Length: 10", method="POST", body=b"{")

        assert (answer.status, answer.json()["title"]) == (408, "Request Timeout")

    @pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/x+json", ""])
    def test_types_that_are_json(self, registry: RunningRegistry, kind: str) -> None:
        """
        reference §1.2: JSON by any of its names, or no name.
        """
        assert post(registry, GOOD, *([f"Content-Type: {kind}"] if kind else [])).status == 200

    def test_other_type(self, registry: RunningRegistry) -> None:
        """
        reference §1.2: another type is a 415 that names it.
        """
        answer = post(registry, GOOD, "Content-Type: text/plain")

        problem = answer.json()
        assert (answer.status, problem["title"], problem["detail"]) == (
            415,
            "Unsupported Media Type",
            "validation failed",
        )
        assert problem["errors"][0]["message"] == "unknown content type: text/plain"

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b'{"name": ', "it is not JSON"),
            (b'{"name":"a","name":"b"}', "the member 'name' stands twice"),
            (b'{"Name":"a"}', "which some parsers read as 'name'"),
            (b"\xff", "UTF-8"),
            (b"[" * 100_000, "nested too deep"),
            (b'{"a":' * 150_000, "nested too deep"),
            (b'{"a":[' + b"0," * 400_000 + b"0]}", "more than 10000 values"),
            (b'{"a":' + b"9" * 900_000 + b"}", "it is not JSON"),
        ],
        ids=["broken", "twice", "case", "not UTF-8", "deep", "deep objects", "wide", "huge number"],
    )
    def test_broken(self, registry: RunningRegistry, body: bytes, said: str) -> None:
        """
        reference §1.2: what is no JSON is a 400 with reason and body. Ours: also what two parsers read differently.
        """
        answer = post(registry, body)

        (error,) = answer.json()["errors"]
        assert (answer.status, answer.json()["detail"], error["location"]) == (400, "validation failed", "body")
        assert said in error["message"]
        assert error["value"][:5] == body[:5].decode(errors="replace")
        assert len(answer.body) < 10_000

    @pytest.mark.parametrize(
        ("manifest", "error"),
        [
            (
                GOOD | {"packages": [{"registryType": "npm", "identifier": "a"}]},
                {
                    "message": "expected required property transport to be present",
                    "location": "body.packages[0]",
                    "value": {"registryType": "npm", "identifier": "a"},
                },
            ),
            (
                GOOD | {"description": "x" * 101},
                {"message": "expected length <= 100", "location": "body.description", "value": "x" * 101},
            ),
            (
                GOOD | {"more": 1},
                {"message": "unexpected property", "location": "body.more", "value": GOOD | {"more": 1}},
            ),
            ([], {"message": "expected object", "location": "body", "value": []}),
            ("text", {"message": "expected object", "location": "body", "value": "text"}),
        ],
    )
    def test_form(self, registry: RunningRegistry, manifest: object, error: dict[str, object]) -> None:
        """
        reference §1.2, §1.5: a wrong form is a 422, each failure with place and value.
        """
        answer = post(registry, manifest)

        problem = answer.json()
        assert (answer.status, problem["title"], problem["detail"]) == (
            422,
            "Unprocessable Entity",
            "validation failed",
        )
        assert problem["errors"] == [error]
        assert list(problem)[:4] == ["title", "status", "detail", "errors"]

    def test_large_values_are_not_sent_back(self, registry: RunningRegistry) -> None:
        """
        Ours: an answer is bounded, however large the values and names it is about.
        """
        large = {"x" * 5_000 + str(number): "y" * 5_000 for number in range(90)}

        answer = post(registry, GOOD | large | {"description": "z" * 50_000})

        assert answer.status == 422
        assert len(answer.body) < 300_000
        description = next(each for each in answer.json()["errors"] if each["location"] == "body.description")
        assert description["value"] == "z" * 999 + "…"

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "BREW"])
    def test_other_methods(self, registry: RunningRegistry, method: str) -> None:
        """
        reference §1.1.5: a wrong method is a 404.
        """
        assert send(registry.port, "/v0.1/validate", method=method).status == 404


class TestLimit:
    def test_too_many(self, registry: RunningRegistry) -> None:
        """
        Ours: after a burst one source is told to wait, how long, and that is enough; another is not affected.
        """
        answers = [post(registry, b"") for _ in range(LIMIT.burst + 20)]
        refused = [answer for answer in answers if answer.status == 429]
        reads = send(registry.port, "/v0.1/servers").status

        registry.clock.advance(int(refused[-1].headers["retry-after"]))

        assert answers[LIMIT.burst - 1].status == 400
        assert refused
        assert refused[0].json()["title"] == "Too Many Requests"
        assert refused[0].headers["access-control-allow-origin"] == "*"
        assert (reads, post(registry, GOOD).status) == (200, 200)

    def test_many_at_once(self, registry: RunningRegistry) -> None:
        """
        Ours: callers at once wait their turn, while reads go on.
        """
        with ThreadPoolExecutor(16) as callers:
            answers = list(callers.map(lambda _: post(registry, GOOD), range(30)))

        assert {answer.status for answer in answers} == {200}

    def test_without_a_credential(self, registry: RunningRegistry) -> None:
        """
        reference §1.3: no credential is needed, and one that is bad is not looked at.
        """
        assert post(registry, GOOD, "Authorization: Bearer nonsense").status == 200
