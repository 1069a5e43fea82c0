"""How much goes into one transaction: as much as fits into ten milliseconds, because other writers wait."""

from collections.abc import Iterator, Sequence
from typing import Final

from registry.catalog.entry import Entry

_TARGET_NS: Final = 10_000_000
_START: Final = 50
_MOST: Final = 200
_LEAST: Final = 5
_MOST_BYTES: Final = 512 * 1024


class BatchSize:
    """Learns from how long the batches before took."""

    def __init__(self) -> None:
        self.count = _START

    def took(self, count: int, duration_ns: int) -> None:
        """*count* entries were written in *duration_ns*, commit not included."""
        if duration_ns > _TARGET_NS:
            self.count = max(_LEAST, min(count, self.count) * _TARGET_NS // duration_ns)
        elif duration_ns * 2 < _TARGET_NS and count >= self.count:
            self.count = min(_MOST, self.count * 2)

    def cut(self, entries: Sequence[Entry]) -> Iterator[tuple[Sequence[Entry], bool]]:
        """
        *entries* in parts, and whether each is the last; one empty part if there are none.

        A part has the size that is right when it is asked for.
        """
        start = 0
        while True:
            end, size_bytes = start, 0
            while end < len(entries) and end - start < self.count and size_bytes < _MOST_BYTES:
                size_bytes += len(entries[end].document)
                end += 1
            yield entries[start:end], end >= len(entries)
            if end >= len(entries):
                return
            start = end
