"""Where log lines go, and in which form: JSON lines, or text for a person at a terminal.

Messages read alone and carry their values as fields. Never logged: tokens, arguments of tool calls, bodies, e-mail
addresses, query strings.
"""

import sys
import threading
from contextlib import suppress
from typing import BinaryIO, Final

import msgspec
import structlog
from structlog.types import EventDict, WrappedLogger

from registry.clock import Clock
from schemas.rfc3339 import format_instant

BoundLog = structlog.typing.FilteringBoundLogger
"""What modules log to: `log.info("mirrored 41 entries from official", upstream="official", entries=41)`."""

_encode: Final = msgspec.json.Encoder(enc_hook=str).encode
_MOST_GATHERED_BYTES: Final = 1 << 20
_FLUSH_EVERY_S: Final = 0.2
_LAST_S: Final = 1.0


class Lines:
    """
    Log lines of one process. They are gathered, and handed over when somebody flushes.

    A reader that is slow or gone must not slow down whoever writes: what nobody takes is dropped beyond a bound, and
    the next line that gets through says how many were.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._gathered: list[bytes] = []
        self._size_bytes = 0
        self._dropped = 0
        self._lock = threading.Lock()
        self._handing_over = threading.Lock()
        self._aside: threading.Thread | None = None
        self._ended = threading.Event()

    def write(self, line: bytes) -> None:
        """Keep *line* until somebody flushes. Never waits for the reader."""
        with self._lock:
            if self._size_bytes + len(line) > _MOST_GATHERED_BYTES:
                self._dropped += 1
                return
            self._gathered.append(line)
            self._size_bytes += len(line)

    def write_through(self, line: bytes) -> None:
        """The same, and hand it over at once, unless a thread does that."""
        self.write(line)
        if self._aside is None:
            self.flush()

    def flush(self) -> None:
        """Hand over what was gathered; waits for the reader. One that went away is no reason to stop."""
        with self._handing_over:
            with self._lock:
                gathered, self._gathered, self._size_bytes = self._gathered, [], 0
                dropped, self._dropped = self._dropped, 0
            if dropped:
                gathered.append(
                    b'{"event":"%d log lines were dropped: nobody read them","level":"warning"}\n' % dropped
                )
            if gathered:
                with suppress(OSError):
                    self._stream.write(b"".join(gathered))
                    self._stream.flush()

    def flush_aside(self) -> None:
        """From now on a thread hands over, every fifth of a second; `close` ends it."""
        self._aside = threading.Thread(target=self._flush_until_ended, name="log-lines", daemon=True)
        self._aside.start()

    def close(self) -> None:
        """Hand over the last lines, if the reader takes them within a second."""
        self._ended.set()
        if self._aside is not None:
            self._aside.join(_LAST_S)

    def _flush_until_ended(self) -> None:
        while not self._ended.wait(_FLUSH_EVERY_S):
            self.flush()
        self.flush()


def standard_lines() -> Lines:
    """Lines to standard error."""
    return Lines(sys.stderr.buffer)


def logger(lines: Lines, clock: Clock, *, for_people: bool) -> BoundLog:
    """A structured logger that writes to *lines*; *for_people* as text with colours instead of JSON."""

    def stamp(_: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {"event": event.pop("event"), "level": method, "timestamp": format_instant(clock.now_us()), **event}

    def as_json(_: WrappedLogger, __: str, event: EventDict) -> bytes:
        return _encode(event) + b"\n"

    def as_text(log: WrappedLogger, method: str, event: EventDict) -> bytes:
        text = console(log, method, event)
        return text.encode(errors="replace") + b"\n"

    console = structlog.dev.ConsoleRenderer(colors=True)
    return structlog.wrap_logger(  # type: ignore[no-any-return]  # what it returns depends on wrapper_class
        _Output(lines),
        processors=[structlog.processors.format_exc_info, stamp, as_text if for_people else as_json],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )


class _Output:
    """What structlog calls with a finished line, by the name of its level."""

    def __init__(self, lines: Lines) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = self.exception = lines.write_through
