"""One line for every request, for operators. Lines are gathered and written together; a crash may lose the last.

No query string, no header: what a caller sends there may be a secret. A path is cut where it is long, and a token that
somebody wrote into one is named without its secret.
"""

import os
from typing import Final, Protocol

import msgspec
from litestar.types import HTTPScope

from registry.api.noted import Noted
from registry.clock import Clock
from registry.policy.token import without_secrets
from schemas.rfc3339 import format_instant

_LONGEST_PATH: Final = 300
_encode: Final = msgspec.json.Encoder().encode


class Lines(Protocol):
    """Where lines go."""

    def write(self, line: bytes, /) -> object: ...


class _Line(msgspec.Struct, frozen=True):
    event: str
    level: str
    timestamp: str
    client: str
    method: str
    path: str
    status: int
    size_bytes: int
    duration_ms: float
    pid: int
    request: str


class AccessLog:
    """One JSON object a line."""

    def __init__(self, lines: Lines, clock: Clock) -> None:
        self._lines = lines
        self._clock = clock
        self._pid = os.getpid()

    def line(self, scope: HTTPScope, noted: Noted, path: str, *, status: int, size_bytes: int, elapsed_ns: int) -> None:
        """Note that a request for *path* was answered."""
        method, shown = scope["method"], without_secrets(path)[:_LONGEST_PATH]
        self._lines.write(
            _encode(
                _Line(
                    f"{method} {shown} {status}",
                    "info" if status < 500 else "error",
                    format_instant(self._clock.now_us()),
                    noted.source,
                    method,
                    shown,
                    status,
                    size_bytes,
                    elapsed_ns // 1000 / 1000,
                    self._pid,
                    noted.request,
                )
            )
            + b"\n"
        )
