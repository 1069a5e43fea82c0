"""Where log lines go, and in which form: JSON lines, or text for a person at a terminal.

Messages read alone and carry their values as fields. Never logged: tokens, arguments of tool calls, bodies, e-mail
addresses, query strings.
"""

import io
import sys
import threading
from typing import BinaryIO, Final

import msgspec
import structlog
from structlog.types import EventDict, WrappedLogger

from registry.clock import Clock
from schemas.rfc3339 import format_instant

BoundLog = structlog.typing.FilteringBoundLogger
"""What modules log to: `log.info("mirrored 41 entries from official", upstream="official", entries=41)`."""

_encode: Final = msgspec.json.Encoder(enc_hook=str).encode
_GATHERED_BYTES: Final = 32 * 1024


class Lines:
    """Log lines of one process. `write` gathers, `flush` hands over; what is urgent is written through."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._gathered = io.BytesIO()
        self._lock = threading.Lock()

    def write(self, line: bytes) -> None:
        """Keep *line* until there is enough, or somebody flushes."""
        with self._lock:
            self._gathered.write(line)
            full = self._gathered.tell() > _GATHERED_BYTES
        if full:
            self.flush()

    def flush(self) -> None:
        """Hand over what was gathered. A reader that went away is no reason to stop."""
        with self._lock:
            gathered = self._gathered.getvalue()
            self._gathered.seek(0)
            self._gathered.truncate()
            if gathered:
                try:
                    self._stream.write(gathered)
                    self._stream.flush()
                except OSError:
                    return

    def write_through(self, line: bytes) -> None:
        self.write(line)
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
