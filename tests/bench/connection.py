"""One kept-alive connection of a load generator, with at most one request under way; and the requests themselves."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

_READ_BYTES: Final = 1 << 20
_SENT_BYTES: Final = 1 << 20


class Connection:
    """`ok`: whether the last answer was a 200. `scheduled_ns`: when the request under way was due."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENT_BYTES)
        self.socket.setblocking(False)
        self.scheduled_ns = 0
        self._head = b""
        self._missing = -1
        self.ok = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, request: bytes, scheduled_ns: int) -> None:
        self.scheduled_ns = scheduled_ns
        self._head, self._missing = b"", -1
        # A request is smaller than the socket's buffer, which is empty: it goes out whole.
        if self.socket.send(request) != len(request):
            raise ValueError("a request did not fit into an empty socket buffer")

    def receive(self) -> bool:
        """Whether that was the end of the answer. Raises ValueError where there will be none."""
        received = self.socket.recv(_READ_BYTES)
        if not received:
            raise ValueError("the server closed a connection in the middle of a run")
        if self._missing < 0:
            self._head += received
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self._head[:end].lower()
            start = head.find(b"content-length:") + 15
            if start < 15:
                raise ValueError("an answer without Content-Length cannot be measured here")
            self.ok = head.startswith(b"http/1.1 200")
            self._missing = int(head[start:].partition(b"\r\n")[0]) - (len(self._head) - end - 4)
        else:
            self._missing -= len(received)
        return self._missing <= 0


def get(port: int, target: str, *, token: str | None = None) -> bytes:
    """A request for *target*, with a credential if there is one."""
    return f"GET {target} HTTP/1.1\r\n{_head(port, token)}\r\n".encode()


def post(port: int, target: str, body: bytes, *, token: str) -> bytes:
    """A request that sends *body*, JSON."""
    about = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"POST {target} HTTP/1.1\r\n{_head(port, token)}{about}\r\n".encode() + body


def save_requests(path: Path, requests: Sequence[bytes]) -> Path:
    """For a generator in another process."""
    path.write_bytes(msgspec.msgpack.encode(requests))
    return path


def load_requests(path: Path) -> list[bytes]:
    return msgspec.msgpack.decode(path.read_bytes(), type=list[bytes])


def _head(port: int, token: str | None) -> str:
    credential = "" if token is None else f"Authorization: Bearer {token}\r\n"
    return f"Host: 127.0.0.1:{port}\r\nAccept: application/json\r\n{credential}"
