"""What a request that changes what is published must bring, on every such route (reference §4.1.1-3, §10.1-3)."""

import json
from collections.abc import Iterator

import pytest

from registry.api.policy import POLICY
from registry.policy.principal import Role
from tests.api.publishing import manifest, problem, status_body, taking
from tests.api.raw_request import send
from tests.doubles.plain_client import Answer
from tests.doubles.route_table import Route, route_table
from tests.running import RunningRegistry

_REST_S = 120
_PUBLISHERS = {Role.PUBLISHER, Role.ADMIN}
_ROUTES = [
    route
    for route in route_table()
    if route.writes and not route.path.startswith("/v1/") and not _PUBLISHERS.isdisjoint(POLICY[route.operation].needs)
]
_SPOKEN = pytest.mark.parametrize("route", _ROUTES, ids=lambda route: f"{route.method} {route.path}")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("headers")) as running:
        yield running


@pytest.fixture(autouse=True)
def _failures_are_forgotten(registry: RunningRegistry) -> None:
    registry.clock.advance(_REST_S)


def _ask(registry: RunningRegistry, route: Route, *lines: str, right: bool = True) -> Answer:
    """A request to *route* with the body it takes; with one of a wrong form unless *right*."""
    path = route.path.replace("{server_name:str}", "com.partner%2Fnone").replace("{version:str}", "1.0.0")
    body: object = manifest("com.partner/none", description="x" if right else "")
    if route.method == "PATCH":
        body = status_body("deleted" if right else "gone")
    content = b"" if route.method == "DELETE" else json.dumps(body).encode()
    return send(registry.port, path, f"Content-Length: {len(content)}", *lines, method=route.method, body=content)


class TestHeaders:
    @_SPOKEN
    def test_none_is_422(self, registry: RunningRegistry, route: Route) -> None:
        """
        reference §4.1.1, §10.1: a missing header is a failed validation, beside what is wrong with the body.
        """
        missing, both = _ask(registry, route), _ask(registry, route, right=False)

        assert problem(missing) == (422, "validation failed", ["required header parameter is missing"])
        assert missing.json()["errors"][0]["location"] == "header.Authorization"
        assert len(both.json()["errors"]) == (1 if route.method == "DELETE" else 2)

    @_SPOKEN
    @pytest.mark.parametrize("value", ["Basic dTpw", "Bearer", "token", ""])
    def test_another_scheme_is_401(self, registry: RunningRegistry, route: Route, value: str) -> None:
        """
        reference §4.1.2, with the sentence that programs know, and how one would authenticate.
        """
        answer = _ask(registry, route, f"Authorization: {value}")

        assert problem(answer) == (401, "Invalid Authorization header format. Expected 'Bearer <token>'", [])
        assert answer.headers["www-authenticate"].startswith("Bearer")

    @_SPOKEN
    def test_a_bad_token_is_401(self, registry: RunningRegistry, route: Route) -> None:
        """
        reference §4.1.3.
        """
        status, detail, (why,) = problem(_ask(registry, route, "Authorization: Bearer nonsense"))

        assert (status, detail) == (401, "Invalid or expired Registry JWT token")
        assert why.startswith("failed to parse token: ")

    @_SPOKEN
    def test_a_wrong_body_comes_before_a_bad_token(self, registry: RunningRegistry, route: Route) -> None:
        """
        reference §4.1: the form first, and nobody learns from it whether a token is good.
        """
        if route.method != "DELETE":
            assert _ask(registry, route, "Authorization: Bearer nonsense", right=False).status == 422

    def test_all_of_them_are_asked(self) -> None:
        """
        Each of the routes for publishers, under both prefixes.
        """
        operations = {route.operation for route in _ROUTES}

        assert operations == {
            "publish-server",
            "check-publication",
            "edit-server",
            "update-server-status",
            "update-server-all-versions-status",
            "delete-server-version",
        }
        assert {(route.operation, route.path.split("/")[1]) for route in _ROUTES} == {
            (operation, prefix) for operation in operations for prefix in ("v0", "v0.1")
        }
