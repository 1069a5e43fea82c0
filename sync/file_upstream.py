"""A file as an upstream: a list as the API gives it, an array of entries, or an entry per line; `.gz` of each.

A line is read when it is asked for. A `.json` file is one document and has to be in memory whole, hence its lower cap.
A position is `<identity>:<entries passed>`; when the file is another one by then, the position is refused, as a
registry would refuse a cursor it does not know. What changed cannot be asked of a file: every walk is a full one.
"""

import asyncio
import gzip
import os
import stat
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from registry.errors import UpstreamNonsense, UpstreamRefused, UpstreamUnreachable
from registry.settings import UpstreamSettings
from sync.normalize import AROUND_BYTES
from sync.upstream import UpstreamPage

_MOST_JSON_BYTES: Final = 256 * 1024 * 1024
_MOST_LINES_BYTES: Final = 8 * 1024 * 1024 * 1024
_STEP_BYTES: Final = 1024 * 1024
_GONE: Final = 410


class _List(msgspec.Struct):
    servers: list[msgspec.Raw]


class _Shape(msgspec.Struct):
    # Empty where absent.
    server: msgspec.Raw = msgspec.Raw()
    name: msgspec.Raw = msgspec.Raw()


_DOCUMENT: Final = msgspec.json.Decoder(_List | list[msgspec.Raw])
_SHAPE: Final = msgspec.json.Decoder(_Shape)


class FileUpstream:
    """One run's view of a file: it is opened once, so that a file moved into its place does not mix with it."""

    def __init__(self, settings: UpstreamSettings) -> None:
        if settings.path is None:
            raise ValueError("an upstream of kind file has a path")
        self._path = settings.path
        self._page_limit = settings.page_limit
        self._longest = settings.max_entry_bytes + AROUND_BYTES
        self._file: BinaryIO | None = None
        self._identity = ""
        self._items: Iterator[bytes] = iter(())
        self._passed = 0
        # A cancelled run leaves its read behind on a thread; the file is closed after it, not under it.
        self._reading = threading.Lock()

    async def page(self, *, since_us: int | None, cursor: str | None) -> UpstreamPage:
        return await asyncio.to_thread(self._page, cursor)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._close)

    def _page(self, cursor: str | None) -> UpstreamPage:
        with self._reading:
            try:
                if self._file is None:
                    self._open()
                self._go_to(cursor)
                items = [item for _, item in zip(range(self._page_limit), self._items, strict=False)]
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise UpstreamNonsense(f"{self._path} is compressed and damaged or cut short") from error
            except OSError as error:
                raise UpstreamUnreachable(
                    f"cannot read {self._path}: {(error.strerror or 'failed').lower()}"
                ) from error
            self._passed += len(items)
            more = len(items) == self._page_limit
            return UpstreamPage(items=items, next_cursor=f"{self._identity}:{self._passed}" if more else None)

    def _close(self) -> None:
        with self._reading:
            self._items = iter(())
            if self._file is not None:
                self._file.close()
                self._file = None

    def _open(self) -> None:
        # O_NONBLOCK: a named pipe in this place must not hang the run.
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise UpstreamUnreachable(f"cannot read {self._path}: it is not a regular file")
        self._file = os.fdopen(descriptor, "rb")
        self._identity = f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"
        suffixes = [suffix.lower() for suffix in self._path.suffixes[-2:]]
        packed = suffixes[-1:] == [".gz"]
        # A GzipFile reads as any other binary file does, but does not say so.
        content = cast(BinaryIO, gzip.GzipFile(fileobj=self._file)) if packed else self._file
        kind = suffixes[0] if packed and len(suffixes) == 2 else (suffixes or [""])[-1]
        match kind:
            case ".json":
                self._items = map(_wrapped, _document(content, self._path))
            case ".jsonl" | ".ndjson":
                self._items = map(_wrapped, _lines(content, self._longest, self._path))
            case _:
                raise UpstreamNonsense(f"{self._path} is of no known kind; expected .json or .jsonl, or .gz of these")

    def _go_to(self, cursor: str | None) -> None:
        if cursor is None:
            return
        identity, _, passed = cursor.rpartition(":")
        if identity != self._identity or not passed.isdigit() or int(passed) < self._passed:
            raise UpstreamRefused(f"{self._path} is another file than the position belongs to", status=_GONE)
        while self._passed < int(passed) and next(self._items, None) is not None:
            self._passed += 1


def _document(file: BinaryIO, path: Path) -> Iterator[bytes]:
    body = bytearray()
    while chunk := file.read(_STEP_BYTES):
        body += chunk
        if len(body) > _MOST_JSON_BYTES:
            raise UpstreamNonsense(f"{path} has more than {_MOST_JSON_BYTES} bytes; use one entry per line (.jsonl)")
    try:
        decoded = _DOCUMENT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        short = "nested too deep" if isinstance(error, RecursionError) else str(error)[:200].lower()
        raise UpstreamNonsense(f"{path} is no list of servers: {short}") from error
    return map(bytes, decoded.servers if isinstance(decoded, _List) else decoded)


def _lines(file: BinaryIO, longest: int, path: Path) -> Iterator[bytes]:
    read = 0
    while line := file.readline(longest + 1):
        read += len(line)
        if read > _MOST_LINES_BYTES:
            raise UpstreamNonsense(f"{path} has more than {_MOST_LINES_BYTES} bytes")
        if len(line) > longest and not line.endswith(b"\n"):
            # One entry that is too large: its beginning is set aside with a reason, the rest of it passed over.
            while (rest := file.readline(longest + 1)) and not rest.endswith(b"\n"):
                read += len(rest)
                if read > _MOST_LINES_BYTES:
                    raise UpstreamNonsense(f"{path} has more than {_MOST_LINES_BYTES} bytes")
        if stripped := line.strip():
            yield stripped


def _wrapped(item: bytes) -> bytes:
    """The item as a list has it: a document that stands alone is put into its place."""
    try:
        shape = _SHAPE.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return item
    return b'{"server":%b}' % item if bytes(shape.name) and not bytes(shape.server) else item
