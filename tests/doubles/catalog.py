"""What a fake upstream holds: versions in byte order of (name, version), each with the bytes it is served as.

Documents are kept verbatim. The rules for flags and times are the official registry's (reference §2-4),
including the one mirrors stumble over: `isLatest` flips without `updatedAt` moving. Safe to change from one
thread while the server reads in another; every question sees one state.
"""

import gzip
import threading
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from fixtures.latest import flagged, higher, instant_text
from registry.clock import Clock, SystemClock, microseconds

OFFICIAL = "io.modelcontextprotocol.registry/official"

Key = tuple[str, str]
Document = bytes | str | Mapping[str, object]


class Row(Struct, frozen=True, kw_only=True):
    """One version. Instants are microseconds since 1970; `item` is what a list carries for it."""

    name: str
    version: str
    server: bytes | msgspec.Raw
    item: bytes
    status: str
    status_message: str | None
    status_changed_us: int | None
    published_us: int
    updated_us: int
    is_latest: bool

    @property
    def key(self) -> Key:
        return self.name, self.version


class Question(Struct, frozen=True, kw_only=True):
    """The filters of a list. `version` is `latest` or exact; `search` is matched against the name."""

    updated_since_us: int | None = None
    include_deleted: bool = False
    version: str | None = None
    search: str | None = None


class _Named(Struct):
    name: str
    version: str


class _Official(Struct, rename="camel"):
    status: str
    published_at: datetime
    updated_at: datetime
    is_latest: bool
    status_changed_at: datetime | None = None
    status_message: str | None = None


class _Meta(Struct):
    official: _Official = msgspec.field(name=OFFICIAL)


class _Entry(Struct):
    server: msgspec.Raw
    meta: _Meta = msgspec.field(name="_meta")


class _List(Struct):
    servers: list[msgspec.Raw]


_ENTRY = msgspec.json.Decoder(_Entry)
_NAMED = msgspec.json.Decoder(_Named)
_LIST = msgspec.json.Decoder(_List)


class Catalog:
    """The rows of one upstream."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._rows: dict[Key, Row] = {}
        self._keys: list[Key] = []
        self._newest_us = 0
        self._selections: dict[Question, tuple[list[Key], list[bytes]]] = {}
        self._by_update: list[tuple[int, Key]] | None = None

    def publish(self, document: Document, *, at: str | None = None) -> Row:
        """
        Add a new version of the server.json *document*, as POST /publish would.

        Args:
            at: RFC 3339. Without it now, and later than all that was loaded or came without it.

        Raises ValueError if name and version exist.
        """
        server = _verbatim(document)
        named = _NAMED.decode(server)
        with self._lock:
            if (named.name, named.version) in self._rows:
                raise ValueError(f"cannot publish duplicate version {named.name} {named.version}")
            now_us = self._instant(at)
            holder = next((row for row in self._of(named.name) if row.is_latest), None)
            # Against the row that holds the flag, whatever its status; equal precedence does not take it.
            takes = holder is None or higher(
                named.version, now_us, than=holder.version, than_published_us=holder.published_us
            )
            if holder is not None and takes:
                self._put(_remade(holder, is_latest=False))
            row = _remade(
                Row(
                    name=named.name, version=named.version, server=server, item=b"", status="active",
                    status_message=None, status_changed_us=now_us, published_us=now_us, updated_us=now_us,
                    is_latest=takes,
                )
            )  # fmt: skip
            self._put(row)
            return row

    def edit(self, document: Document, *, at: str | None = None) -> Row:
        """Replace the body of an existing version, as PUT would: `updatedAt` moves, nothing else."""
        server = _verbatim(document)
        named = _NAMED.decode(server)
        with self._lock:
            row = _remade(self.row(named.name, named.version), server=server, updated_us=self._instant(at))
            self._put(row)
            return row

    def set_status(
        self, name: str, version: str, status: str, message: str | None = None, *, at: str | None = None
    ) -> Row:
        """Change the status, as PATCH would: `updatedAt` moves here, `isLatest` flips where it must."""
        with self._lock:
            old, now_us = self.row(name, version), self._instant(at)
            changed_us = now_us if status != old.status else old.status_changed_us
            self._put(
                _remade(
                    old,
                    status=status,
                    status_message=message,
                    status_changed_us=changed_us,
                    updated_us=now_us,
                )
            )
            rows = self._of(name)
            latest = flagged([(row.version, row.published_us, row.status) for row in rows])
            for row in rows:
                if row.is_latest != (row.version == latest):
                    self._put(_remade(row, is_latest=row.version == latest))
            return self.row(name, version)

    def remove_silently(self, name: str, version: str) -> None:
        """The row is gone without a trace, as after a manual DELETE in the database; no other row changes."""
        with self._lock:
            row = self.row(name, version)
            del self._rows[row.key]
            self._keys.remove(row.key)
            self._forget()

    def replace_silently(self, name: str, version: str, document: Document) -> None:
        """Another body under the same name and version with no time moved."""
        with self._lock:
            self._put(_remade(self.row(name, version), server=_verbatim(document)))

    def put_item(self, name: str, version: str, item: bytes, *, at: str | None = None) -> None:
        """Any *item* whatever in the place of (name, version): entries that no registry should serve."""
        with self._lock:
            now_us = self._instant(at)
            self._put(
                Row(
                    name=name, version=version, server=item, item=item, status="active", status_message=None,
                    status_changed_us=now_us, published_us=now_us, updated_us=now_us, is_latest=True,
                )
            )  # fmt: skip

    def load(self, entries: Iterable[bytes | msgspec.Raw]) -> None:
        """Add `{"server","_meta"}` entries as they are: bytes, times and flags."""
        with self._lock:
            for entry in entries:
                row = _loaded(entry if isinstance(entry, msgspec.Raw) else entry.strip())
                self._rows[row.key] = row
                self._newest_us = max(self._newest_us, row.updated_us)
            self._keys = sorted(self._rows)
            self._forget()

    def load_file(self, path: Path) -> None:
        """The entries of a `.jsonl` or of a `.json` in the list shape, either with `.gz` or without."""
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            if ".jsonl" in path.suffixes:
                self.load(file)
            else:
                self.load(_LIST.decode(file.read()).servers)

    def row(self, name: str, version: str) -> Row:
        """The row as it stands. Raises KeyError if there is none."""
        return self._rows[name, version]

    def rows(self) -> list[Row]:
        """All rows in the order of the list, deleted ones too."""
        with self._lock:
            return [self._rows[key] for key in self._keys]

    def versions(self, name: str) -> list[Row]:
        """All rows of *name*, the newest published first."""
        with self._lock:
            return sorted(self._of(name), key=lambda row: row.published_us, reverse=True)

    def page(self, question: Question, *, after: str, limit: int) -> tuple[list[bytes], Key | None]:
        """
        At most *limit* items behind the cursor *after*, and the last one's key.

        The cursor is `name:version`, split at its first colon; without one it is a name, and all its versions
        are passed over. A stale one works.
        """
        with self._lock:
            keys, items = self._select(question)
            name, colon, version = after.partition(":")
            if colon:
                start = bisect_right(keys, (name, version))
            else:
                start = bisect_right(keys, name, key=lambda key: key[0]) if name else 0
            end = min(start + limit, len(keys))
            return items[start:end], keys[end - 1] if end > start else None

    def _select(self, question: Question) -> tuple[list[Key], list[bytes]]:
        # A walk asks one question for all its pages: answered once, a page is a bisection and a slice.
        chosen = self._selections.get(question)
        if chosen is None:
            if len(self._selections) >= 32:
                self._selections.clear()
            keys = [key for key in self._candidates(question) if _admits(question, self._rows[key])]
            chosen = self._selections[question] = keys, [self._rows[key].item for key in keys]
        return chosen

    def _candidates(self, question: Question) -> list[Key]:
        since_us = question.updated_since_us
        if since_us is None:
            return self._keys
        if self._by_update is None:
            self._by_update = sorted((row.updated_us, row.key) for row in self._rows.values())
        newer = bisect_right(self._by_update, since_us, key=lambda one: one[0])
        return sorted(key for _, key in self._by_update[newer:])

    def _of(self, name: str) -> list[Row]:
        start = bisect_right(self._keys, (name, ""))
        if start and self._keys[start - 1] == (name, ""):
            start -= 1
        end = bisect_right(self._keys, name, key=lambda key: key[0])
        return [self._rows[key] for key in self._keys[start:end]]

    def _put(self, row: Row) -> None:
        if row.key not in self._rows:
            insort(self._keys, row.key)
        self._rows[row.key] = row
        self._forget()

    def _forget(self) -> None:
        self._selections.clear()
        self._by_update = None

    def _instant(self, at: str | None) -> int:
        if at is not None:
            return microseconds(msgspec.convert(at, datetime))
        self._newest_us = max(self._clock.now_us(), self._newest_us + 1)
        return self._newest_us


def _admits(question: Question, row: Row) -> bool:
    if row.status == "deleted" and not question.include_deleted:
        return False
    if question.version == "latest" and not row.is_latest:
        return False
    if question.version not in (None, "latest", row.version):
        return False
    # Literal, not a pattern: what the registry does since 2026-04-28 (reference §2, §10.29).
    return question.search is None or question.search.lower() in row.name.lower()


def _verbatim(document: Document) -> bytes:
    match document:
        case bytes():
            return document
        case str():
            return document.encode()
        case _:
            return msgspec.json.encode(document)


def _loaded(item: bytes | msgspec.Raw) -> Row:
    entry = _ENTRY.decode(item)
    named, official = _NAMED.decode(entry.server), entry.meta.official
    changed = official.status_changed_at
    return Row(
        name=named.name,
        version=named.version,
        server=entry.server,
        item=bytes(item),
        status=official.status,
        status_message=official.status_message,
        status_changed_us=None if changed is None else microseconds(changed),
        published_us=microseconds(official.published_at),
        updated_us=microseconds(official.updated_at),
        is_latest=official.is_latest,
    )


def _remade(row: Row, **changes: object) -> Row:
    """The row with *changes* and the item that says so, members in the official order."""
    row = structs.replace(row, **changes)
    official: dict[str, object] = {"status": row.status}
    if row.status_changed_us is not None:
        official["statusChangedAt"] = instant_text(row.status_changed_us)
    if row.status_message is not None:
        official["statusMessage"] = row.status_message
    official["publishedAt"] = instant_text(row.published_us)
    official["updatedAt"] = instant_text(row.updated_us)
    official["isLatest"] = row.is_latest
    meta = msgspec.json.encode({OFFICIAL: official})
    return structs.replace(row, item=b'{"server":%b,"_meta":%b}' % (bytes(row.server), meta))
