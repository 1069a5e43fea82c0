"""What of a page can be taken over, and what is set aside with a reason.

One bad entry never spoils its neighbours. Where a page contradicts itself about a key, nothing it says about that key
is believed, and what is mirrored of it stays. The same entry said twice is said once.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from registry.catalog.entry import Entry
from registry.errors import UpstreamNonsense
from registry.ids import new_id
from registry.store.records import Quarantined
from sync.normalize import Label, Unservable, normalize, require_size, take_apart
from sync.selection import Selection

_EXCERPT_BYTES: Final = 2048
_LONGEST_LABEL: Final = 300
_LONGEST_REASON: Final = 500
_AT_A_TIME: Final = 16
_BYTES_AT_A_TIME: Final = 64 * 1024

Key = tuple[str, str]


class SortedPage(msgspec.Struct, frozen=True, kw_only=True):
    """
    `kept`: keys that were set aside. `newest_us`: the newest `updatedAt` among the entries, None if none says.
    """

    entries: Sequence[Entry]
    quarantined: Sequence[Quarantined]
    kept: Sequence[Key]
    newest_us: int | None


class Sorter:
    """
    Sorts the pages of one run.

    Args:
        upstream, run: Their names, for the record.
        max_entry_bytes: Of a document.
        most: So many may be set aside in the whole run.
    """

    def __init__(self, *, upstream: str, run: str, selection: Selection, max_entry_bytes: int, most: int) -> None:
        self._upstream = upstream
        self._run = run
        self._selection = selection
        self._max_entry_bytes = max_entry_bytes
        self._most = most

    async def sort(self, items: Sequence[bytes], *, before: int, now_us: int) -> SortedPage:
        """
        Gives way to other tasks now and then: a page is some milliseconds of work, a hostile one much more.

        Args:
            before: How many were set aside in this run already.

        Raises:
            UpstreamNonsense: there are more than may be set aside; what follows was not looked at.
        """
        page = _Page(self._most - before)
        judged, size_bytes = 0, 0
        for item in items:
            if len(item) > _BYTES_AT_A_TIME:
                # Reading a large document takes longer than anybody on the loop should wait.
                await asyncio.to_thread(self._judge, item, page)
            else:
                self._judge(item, page)
            judged, size_bytes = judged + 1, size_bytes + len(item)
            if page.is_full:
                break
            if judged >= _AT_A_TIME or size_bytes >= _BYTES_AT_A_TIME:
                await asyncio.sleep(0)
                judged, size_bytes = 0, 0
        page.set_contradictions_aside()
        if page.is_full:
            raise UpstreamNonsense(f"more than {self._most} of its entries cannot be served")
        return self._sorted(page, now_us)

    def _judge(self, item: bytes, page: "_Page") -> None:
        label = Label()
        try:
            require_size(item, max_entry_bytes=self._max_entry_bytes)
            parts = take_apart(item)
            label = parts.label
            if label.name is not None and not self._selection.takes(label.name):
                return
            entry = normalize(item, parts, max_entry_bytes=self._max_entry_bytes)
        except Unservable as reason:
            page.set_aside(item, str(reason), reason.label if label == Label() else label)
        else:
            page.admit(item, entry)

    def _sorted(self, page: "_Page", now_us: int) -> SortedPage:
        stamps = [entry.source_updated_us for entry, _ in page.entries.values() if entry.source_updated_us is not None]
        return SortedPage(
            entries=[entry for entry, _ in page.entries.values()],
            quarantined=[self._record(item, reason, label, now_us) for item, reason, label in page.aside],
            kept=sorted(page.aside_keys),
            newest_us=max(stamps, default=None),
        )

    def _record(self, item: bytes, reason: str, label: Label, now_us: int) -> Quarantined:
        return Quarantined(
            id=new_id("qua", now_us),
            upstream=self._upstream,
            run=self._run,
            reason=reason[:_LONGEST_REASON],
            name=None if label.name is None else label.name[:_LONGEST_LABEL],
            version=None if label.version is None else label.version[:_LONGEST_LABEL],
            digest=hashlib.sha256(item).digest(),
            excerpt=item[:_EXCERPT_BYTES],
            size_bytes=len(item),
            first_seen_us=now_us,
            last_seen_us=now_us,
        )


class _Page:
    """What is known of a page while it is sorted. *room* is how many of it may be set aside."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.entries: dict[Key, tuple[Entry, bytes]] = {}
        self.aside: list[tuple[bytes, str, Label]] = []
        self.aside_keys: set[Key] = set()
        self._contradicted: set[Key] = set()

    @property
    def is_full(self) -> bool:
        return len(self.aside) > self._room

    def admit(self, item: bytes, entry: Entry) -> None:
        key = (entry.name, entry.version)
        before = self.entries.setdefault(key, (entry, item))
        if before[0] != entry:
            self._contradicted.add(key)
            self._contradict(item, key)

    def set_aside(self, item: bytes, reason: str, label: Label) -> None:
        self.aside.append((item, reason, label))
        if label.name is not None and label.version is not None:
            self.aside_keys.add((label.name, label.version))

    def set_contradictions_aside(self) -> None:
        for key in (self._contradicted | self.aside_keys) & self.entries.keys():
            _, item = self.entries.pop(key)
            self._contradict(item, key)

    def _contradict(self, item: bytes, key: Key) -> None:
        label = Label(name=key[0], version=key[1])
        self.set_aside(item, "the same page says something else about this name and version", label)
