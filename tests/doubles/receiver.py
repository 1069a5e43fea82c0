"""A receiver of webhooks as others write them: it believes nothing that is not signed as Standard Webhooks says.

It verifies by itself, from the secret's text and the bytes that arrived, with none of the product's code.
"""

import hashlib
import hmac
import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

import msgspec

SECRET: Final = "whsec_" + b64encode(b"the one key of this receiver....").decode()
_PATIENCE_S: Final = 30.0
_LARGEST_BODY: Final = 64 * 1024


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A message whose signature is right. `said`: its body."""

    id: str
    timestamp: int
    headers: dict[str, str]
    said: dict[str, Any]  # Any: JSON


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What it answers."""

    status: int = 204
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Receiver:
    """
    Listens on loopback. `received`: every message in the order of arrival, those that come again too; `forged`: what
    had no right signature, which it answers with 401.

    Args:
        answer: What to say to a message; 204 to each, unless stated. It may wait.
    """

    def __init__(self, answer: Callable[[Received], Reply] | None = None) -> None:
        self.received: list[Received] = []
        self.forged: list[dict[str, str]] = []
        self.asked = 0
        self._answer = answer or (lambda _: Reply())
        self._changed = threading.Condition()
        self._free = threading.Event()
        self._free.set()
        mine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(min(int(headers.get("content-length", "0")), _LARGEST_BODY))
                reply = mine._reply(headers, body)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:
                """Not to standard error."""

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks/very-long-capability-path"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.received]

    @property
    def types(self) -> list[str]:
        return [each.said["type"] for each in self.received]

    def hold(self) -> None:
        """Answer nobody until `let_go`."""
        self._free.clear()

    def let_go(self) -> None:
        self._free.set()

    def wait_for(self, count: int) -> None:
        """Returns when so many have arrived."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.received) >= count, timeout=_PATIENCE_S)
        assert arrived, f"{count} were not sent in time: {self.types}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._free.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _reply(self, headers: dict[str, str], body: bytes) -> Reply:
        self.asked += 1
        if not genuine(SECRET, headers, body):
            self.forged.append(headers)
            return Reply(status=401)
        received = Received(
            id=headers["webhook-id"],
            timestamp=int(headers["webhook-timestamp"]),
            headers=headers,
            said=json.loads(body),
        )
        with self._changed:
            self.received.append(received)
            self._changed.notify_all()
        assert self._free.wait(_PATIENCE_S)
        return self._answer(received)


def genuine(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures in the header is right, as the libraries of Standard Webhooks decide it."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    expected = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [each.split(",", 1) for each in headers.get("webhook-signature", "").split(" ")]
    return any(version == "v1" and hmac.compare_digest(rest[0], expected) for version, *rest in given if rest)


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""
