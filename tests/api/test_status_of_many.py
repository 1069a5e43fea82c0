"""All statuses of a name with many and large versions: the answer is long, and never in memory as a whole."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from registry.policy.principal import Role
from tests.api.publishing import Client, manifest, own, server_path, taking, token
from tests.running import RunningRegistry

_NAME: Final = "com.partner/large"
_VERSIONS: Final = 48
_TEXT: Final = "x" * 900_000
_PATIENCE_S: Final = 10.0


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("many")) as running:
        yield running


@pytest.fixture(scope="module")
def client(registry: RunningRegistry) -> Client:
    """Who has published all the versions."""
    made = Client(registry, token(registry, Role.PUBLISHER, namespaces=("com.partner/*",)))
    secret = {"name": "TOKEN", "description": _TEXT, "isSecret": True}
    package = {"registryType": "npm", "identifier": "x", "version": "1.0.0", "transport": {"type": "stdio"}}
    for number in range(_VERSIONS):
        document = manifest(_NAME, f"1.0.{number}", packages=[package | {"environmentVariables": [secret]}])
        assert made.publish(document).status == 200
    return made


class TestSetAll:
    def test_is_whole(self, registry: RunningRegistry, client: Client) -> None:
        """
        TestUpdateAllVersionsStatusEndpoint: all versions, newest published first, each as a read of it answers.
        """
        answer = client.set_all(_NAME, "deprecated", "use another")

        body = answer.json()
        versions = [each["server"]["version"] for each in body["servers"]]
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert (list(body), body["updatedCount"]) == (["updatedCount", "servers"], _VERSIONS)
        assert versions == [f"1.0.{number}" for number in reversed(range(_VERSIONS))]
        assert body["servers"][3] == own(Client(registry, None).read(_NAME, "1.0.44"))
        assert answer.body.endswith(b"]}\n")

    def test_whoever_reads_slowly_costs_no_memory(self, registry: RunningRegistry, client: Client) -> None:
        """
        Ours: while 43 MB are on their way, a worker holds a few of them, and answers others.
        """
        # What the change itself takes, its worker keeps for the next one.
        for status in ("deleted", "active"):
            assert client.set_all(_NAME, status).status == 200
        before = _anonymous_kib(registry)
        body = json.dumps({"status": "deleted"}).encode()
        with socket.create_connection(("127.0.0.1", registry.port), timeout=_PATIENCE_S) as connection:
            connection.sendall(
                f"PATCH /v0.1{server_path(_NAME)}/status HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {client.token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            begun = connection.recv(1 << 12)
            listed = client.mine("?limit=1").status
            held = _anonymous_kib(registry) - before

        assert begun.startswith(b"HTTP/1.1 200")
        assert listed == 200
        assert held < 16_000

    def test_who_left_changed_it_all_the_same(self, registry: RunningRegistry, client: Client) -> None:
        """
        Ours: the change is made before there is an answer, so a connection that breaks takes nothing back.
        """
        assert client.set_all(_NAME, "active").status == 200
        body = json.dumps({"status": "deleted"}).encode()
        with socket.create_connection(("127.0.0.1", registry.port), timeout=_PATIENCE_S) as connection:
            connection.sendall(
                f"PATCH /v0.1{server_path(_NAME)}/status HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {client.token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            assert connection.recv(16)

        statuses = Client(registry, None).request("GET", f"{server_path(_NAME)}/versions?include_deleted=true").body
        assert statuses.count(b'"status":"deleted"') == _VERSIONS


def _anonymous_kib(registry: RunningRegistry) -> int:
    (worker,) = registry.worker_pids()
    status = Path(f"/proc/{worker}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1])
