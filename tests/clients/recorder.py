"""A server that writes down every byte it is sent, and answers with what it was told to."""

import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

_PATIENCE_S: Final = 10.0


class Recorder:
    """
    Args:
        answers: Status and body for each request, in their order, over all connections.
    """

    def __init__(self, answers: Sequence[tuple[int, bytes]]) -> None:
        self.connections: list[bytes] = []
        self._answers = list(answers)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(_PATIENCE_S)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(_PATIENCE_S)
                self.connections.append(self._conversation(connection))

    def _conversation(self, connection: socket.socket) -> bytes:
        received, unanswered = b"", b""
        while part := connection.recv(1 << 16):
            received += part
            unanswered += part
            if _complete(unanswered):
                unanswered = b""
                status, body = self._answers.pop(0)
                connection.sendall(b"HTTP/1.1 %d Told\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        return received


def _complete(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    lengths = [line.partition(b": ")[2] for line in head.split(b"\r\n") if line.startswith(b"Content-Length")]
    return bool(end) and len(body) >= sum(map(int, lengths))
