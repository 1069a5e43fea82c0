"""A request as exact bytes over one connection: for what no well-behaved client would send."""

import contextlib
import http.client
import socket
from collections.abc import Iterable
from io import BytesIO

from tests.doubles.plain_client import Answer

_PATIENCE_S = 10.0


class _Received(BytesIO):
    """What http.client reads an answer from instead of a socket."""

    def makefile(self, mode: str) -> BytesIO:
        return self


def send(
    port: int,
    target: str | bytes,
    *lines: str,
    method: str = "GET",
    host: str | None = "127.0.0.1",
    body: bytes = b"",
) -> Answer:
    """
    One request with exactly these header *lines*, after a Host line unless *host* is None.

    Raises ConnectionError if the server closes the connection without an answer.
    """
    target = target.encode() if isinstance(target, str) else target
    hosts = [] if host is None else [f"Host: {host}"]
    head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method.encode(), target, _head([*hosts, *lines, "Connection: close"]))
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as connection:
        # A server that refuses what is too long may stop reading before all of it was sent.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(head + body)
        received = _everything(connection)
    if not received:
        raise ConnectionError("the connection was closed without an answer")
    # typeshed wants a socket; makefile is all of it that is used.
    answer = http.client.HTTPResponse(_Received(received), method=method)  # type: ignore[arg-type]
    answer.begin()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(status=answer.status, headers=headers, body=answer.read())


def _head(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def _everything(connection: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)
