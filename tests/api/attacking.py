"""Requests with a good credential that no well-behaved client would send, and what tells whether they did anything."""

import json
import socket

from registry.policy.principal import Role
from tests.api.publishing import Client
from tests.api.raw_request import send
from tests.doubles.issued import bearer, issue
from tests.doubles.plain_client import Answer
from tests.running import RunningRegistry

_PATIENCE_S = 5.0


def attacker(registry: RunningRegistry) -> Client:
    """Somebody who may do everything, so that nothing is refused for want of a right."""
    return Client(registry, issue(registry, *Role, owner="attacker", namespaces=["*"], expires_in_s=None))


def state(client: Client) -> str:
    """Changes whenever anything of the view does."""
    return client.request("GET", "/servers?limit=1").headers["etag"]


def sent(
    client: Client, target: str, body: object, *lines: str, method: str = "POST", host: str = "127.0.0.1"
) -> Answer:
    """A request to exactly *target*. *lines* in place of a right Content-Length."""
    assert client.token is not None
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = (bearer(client.token), *(lines or (f"Content-Length: {len(content)}",)))
    return send(client.registry.port, target, *given, method=method, body=content, host=host)


def chunked(body: bytes) -> bytes:
    """*body* as one chunk and the last one."""
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def everything(registry: RunningRegistry, request: bytes) -> bytes:
    """What comes back on one connection until it is closed."""
    received = b""
    with socket.create_connection(("127.0.0.1", registry.port), timeout=_PATIENCE_S) as connection:
        connection.sendall(request)
        while part := connection.recv(1 << 16):
            received += part
    return received
