"""Who may read: the anonymous view, or nobody (issue: `[anonymous] team` is unset by default)."""

from collections.abc import Iterator

import pytest

from tests.api.raw_request import send
from tests.doubles.loaded_store import acme, serving
from tests.running import RunningRegistry

READS = (
    "/v0.1/servers",
    "/v0/servers?limit=0",
    "/v0.1/servers/com.acme%2Fpayroll/versions",
    "/v0.1/servers/com.acme%2Fpayroll/versions/latest",
    "/v0.1/servers/com.acme%2Fnobody/versions/latest",
    "/v0.1/servers/a%25zz/versions",
)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry whose configuration says nothing about anonymous reading."""
    with serving(tmp_path_factory.mktemp("closed"), acme(), configuration="") as registry:
        yield registry


class TestUnset:
    @pytest.mark.parametrize("target", READS)
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_reads_are_401(self, closed: RunningRegistry, target: str, method: str) -> None:
        """
        Ours: without configuration nobody reads, whatever is asked for, and the answer says how one would.
        """
        answer = send(closed.port, target, method=method)

        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "etag" not in answer.headers

    def test_there_and_not_there_look_alike(self, closed: RunningRegistry) -> None:
        """
        Ours: a 401 tells nothing about what there is.
        """
        there = send(closed.port, "/v0.1/servers/com.acme%2Fpayroll/versions")
        nowhere = send(closed.port, "/v0.1/servers/com.acme%2Fnobody/versions", "If-None-Match: *")

        assert there.body == nowhere.body

    @pytest.mark.parametrize("target", ["/health", "/v0/ping", "/version", "/docs", "/openapi.json"])
    def test_the_rest_answers(self, closed: RunningRegistry, target: str) -> None:
        """
        reference §1.3: probes and documentation need no credential.
        """
        assert send(closed.port, target).status == 200


class TestCredential:
    @pytest.mark.parametrize(
        "value",
        ["Bearer x", "bearer x", "Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "", "x", "Bearer x, Bearer y", "null"],
    )
    @pytest.mark.parametrize("target", ["/v0.1/servers", "/v0/servers/com.acme%2Fpayroll/versions/latest"])
    def test_a_bad_one_is_401(self, world: RunningRegistry, target: str, value: str) -> None:
        """
        Ours: any Authorization header that is not known here is 401, never the anonymous view.
        """
        answer = send(world.port, target, f"Authorization: {value}")

        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert b"payroll" not in answer.body

    def test_it_is_not_repeated(self, world: RunningRegistry) -> None:
        """
        Ours: a credential is in no answer.
        """
        assert b"sesame" not in send(world.port, "/v0.1/servers", "Authorization: Bearer sesame").body

    def test_a_validator_does_not_get_past_it(self, world: RunningRegistry) -> None:
        """
        Ours: who is asking comes before what they have already.
        """
        assert send(world.port, "/v0.1/servers", "Authorization: Bearer x", "If-None-Match: *").status == 401

    @pytest.mark.parametrize("values", [("Bearer x", "Bearer y"), ("Bearer x", "Bearer x"), ("", "")])
    def test_two_are_400(self, world: RunningRegistry, values: tuple[str, str]) -> None:
        """
        Ours: two Authorization lines are refused, even if they agree.
        """
        answer = send(world.port, "/v0.1/servers", *(f"Authorization: {value}" for value in values))

        assert answer.status == 400
