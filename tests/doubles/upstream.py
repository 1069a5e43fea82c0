"""A fake upstream registry: the official read API over real HTTP on loopback, its catalog changed at will.

In a test, in its own thread:

    with FakeUpstream() as upstream:
        upstream.load_file(Path("fixtures/acme/official.json"))
        upstream.publish({"name": "com.acme/payroll", "version": "1.0.0", "description": "Pays"})
        upstream.faults.append(Fault(throttled("7"), times=1))
        …upstream.url…
        assert len(upstream.requests) == 2

As a process of its own, for measurements; the first line it writes is its URL, SIGTERM ends it:

    python -m tests.doubles.upstream --catalog catalog.jsonl.gz --port 0
"""

import argparse
import signal
import sys
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from registry.clock import Clock
from tests.doubles.catalog import Catalog, Document, Row
from tests.doubles.faults import Faults
from tests.doubles.read_api import ReadApi
from tests.doubles.server import LoopbackServer
from tests.doubles.wire import Request, Response

_REMEMBERED_REQUESTS = 100_000


class FakeUpstream:
    """
    Catalog, faults and request log behind one address.

    The catalog's own methods are documented in `tests.doubles.catalog`; `catalog` reaches the rest of them.

    Args:
        clock: What `publish`, `edit` and `set_status` take the time from when they are told none.
        port: 0 for any free one.
    """

    def __init__(self, *, clock: Clock | None = None, port: int = 0) -> None:
        self.catalog = Catalog(clock)
        self.faults = Faults()
        self._api = ReadApi(self.catalog)
        self._requests: deque[Request] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._server = LoopbackServer(self._respond, port=port)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The registry's own address, without prefix and slash."""
        return self._server.url

    @property
    def requests(self) -> list[Request]:
        """All requests so far, oldest first; at most the newest 100,000."""
        return list(self._requests)

    def forget_requests(self) -> None:
        self._requests.clear()

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        """Connections are refused until `start()`, which brings the same catalog back at the same address."""
        self._server.stop()

    def publish(self, document: Document, *, at: str | None = None) -> Row:
        return self.catalog.publish(document, at=at)

    def edit(self, document: Document, *, at: str | None = None) -> Row:
        return self.catalog.edit(document, at=at)

    def set_status(
        self, name: str, version: str, status: str, message: str | None = None, *, at: str | None = None
    ) -> Row:
        return self.catalog.set_status(name, version, status, message, at=at)

    def remove_silently(self, name: str, version: str) -> None:
        self.catalog.remove_silently(name, version)

    def replace_silently(self, name: str, version: str, document: Document) -> None:
        self.catalog.replace_silently(name, version, document)

    def load_jsonl(self, source: Path | Iterable[bytes]) -> None:
        """Entries as they are, from a `.jsonl[.gz]` file or from lines."""
        if isinstance(source, Path):
            self.catalog.load_file(source)
        else:
            self.catalog.load(source)

    def load_file(self, path: Path) -> None:
        """Entries as they are, from a `.jsonl[.gz]` file or from a `.json[.gz]` in the list shape."""
        self.catalog.load_file(path)

    def _respond(self, request: Request) -> Response:
        self._requests.append(request)
        return self.faults.apply(request, self._api.answer(request))


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.upstream", description=FakeUpstream.__doc__)
    parser.add_argument("--catalog", type=Path, required=True, help="FILE.jsonl[.gz] or FILE.json[.gz]")
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    # Before the server's thread exists, so that the signals wait for this thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    upstream = FakeUpstream(port=chosen.port)
    upstream.load_file(chosen.catalog)
    with upstream:
        sys.stdout.write(f"{upstream.url}\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    _main()
