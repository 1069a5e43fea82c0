"""Bodies that do not come: every route that takes one stops waiting (reference §1.2), and nobody else waits for it."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry.api.policy import POLICY, Access
from registry.policy.principal import Role
from tests.api.publishing import CONFIGURATION, LOGINS, Client, manifest, taking
from tests.api.raw_request import send
from tests.doubles.issued import bearer, issue
from tests.doubles.plain_client import Answer
from tests.doubles.route_table import Route, route_table
from tests.running import RunningRegistry

_LIMIT_S = 5.0
_PATIENCE_S = 9.0
# Of these the body is not looked at, so it is not waited for either.
_WITHOUT_A_BODY = {
    "delete-server-version",
    "end-rule",
    "exchange-none-token",
    "make-backup",
    "remove-overlay",
    "revoke-capability",
    "revoke-grant",
    "revoke-token",
    "test-webhook",
    "unblock-server",
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("slow"), CONFIGURATION + LOGINS) as running:
        yield running


@pytest.fixture(scope="module")
def token(registry: RunningRegistry) -> str:
    return issue(registry, *Role, owner="slow", namespaces=["*"], expires_in_s=None)


def _path(route: Route) -> str:
    path = route.path
    for parameter, value in {
        "{server_name:str}": "com.partner%2Fslow",
        "{version:str}": "1.0.0",
        "{token_id:str}": "mcpr_00000000",
        "{capability_id:str}": f"cap_{'0' * 26}",
        "{grant_id:str}": "grt_0",
        "{rule_id:str}": "rule_0",
        "{approval_id:str}": "apr_0",
        "{team_name:str}": "everyone",
    }.items():
        path = path.replace(parameter, value)
    return f"{path}?name=com.partner%2Fslow&reason=slow" if route.method == "DELETE" else path


def _begun(registry: RunningRegistry, route: Route, *lines: str) -> Answer:
    """The answer to a body that is announced, begun, and not continued."""
    given = ("Content-Type: application/json", "Content-Length: 10", *lines)
    return send(registry.port, _path(route), *given, method=route.method, body=b"{")


class TestSlow:
    def test_every_route_stops_waiting(self, registry: RunningRegistry, token: str) -> None:
        """
        reference §1.2: 408 after 5 s; whatever else is asked meanwhile is answered.
        """
        routes = [route for route in route_table() if route.writes and route.operation not in _WITHOUT_A_BODY]
        started = time.monotonic()
        with ThreadPoolExecutor(len(routes)) as pool:
            waiting = [pool.submit(_begun, registry, route, bearer(token)) for route in routes]
            published = Client(registry, token).publish(manifest("com.partner/meanwhile"))
            meanwhile_s = time.monotonic() - started
            answers = {route.path: each.result().status for route, each in zip(routes, waiting, strict=True)}

        assert answers == {route.path: 408 for route in routes}
        assert published.status == 200
        assert meanwhile_s < _LIMIT_S < time.monotonic() - started < _PATIENCE_S

    def test_nobody_without_a_credential_is_waited_for(self, registry: RunningRegistry) -> None:
        """
        Ours: where the credential comes before the body, it is asked for before the body is there.
        """
        started = time.monotonic()
        asked = [
            route
            for route in route_table()
            if route.method == "POST"
            and route.path.startswith("/v1/")
            and Access.LOOPBACK not in POLICY[route.operation].needs
        ]
        assert {route.path: _begun(registry, route).status for route in asked} == {route.path: 401 for route in asked}
        assert time.monotonic() - started < _LIMIT_S

    def test_what_is_not_looked_at_is_not_waited_for(self, registry: RunningRegistry, token: str) -> None:
        """
        Ours: a body beside a deletion keeps nobody.
        """
        started = time.monotonic()
        for route in route_table():
            if route.operation in _WITHOUT_A_BODY:
                assert _begun(registry, route, bearer(token)).status in (200, 404)
        assert time.monotonic() - started < _LIMIT_S

    def test_a_body_that_trickles(self, registry: RunningRegistry, token: str) -> None:
        """
        Ours: it is the whole body that has 5 s, however often another byte of it comes.
        """
        head = f"POST /v0.1/publish HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer(token)}\r\nContent-Length: 100000\r\n\r\n"
        started = time.monotonic()
        received = b""
        with socket.create_connection(("127.0.0.1", registry.port), timeout=0.5) as connection:
            connection.sendall(head.encode())
            while not received and time.monotonic() - started < _PATIENCE_S:
                connection.sendall(b" ")
                try:
                    received = connection.recv(4096)
                except TimeoutError:
                    continue

        assert received.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started < _PATIENCE_S
