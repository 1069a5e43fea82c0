"""A small web server on loopback, in a thread: what every fake that speaks HTTP stands on."""

import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import msgspec


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request. Header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def host(self) -> str:
        return self.headers.get("host", "")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""


def json_reply(value: object, *, status: int = 200, **headers: str) -> Reply:
    """*value* as JSON; *headers* are spelt with underscores."""
    spelt = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status=status, headers={"Content-Type": "application/json", **spelt}, body=msgspec.json.encode(value))


class WebServer:
    """
    Answers GET with what *answer* says, and keeps what was asked in `asked`.

    Args:
        tls: Speaks https with it.
    """

    def __init__(self, answer: Callable[[Asked], Reply], *, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        kept = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(method="GET", target=self.path, headers=headers)
                kept.append(asked)
                reply = answer(asked)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:
                """Not to standard error."""

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or trusts nobody here, is no news."""
