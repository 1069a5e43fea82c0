"""Rows of the file to the catalog's types, and back. The only place that knows the order of columns."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from registry.catalog.entry import Digest, Entry, Facets
from registry.catalog.ranking import rank
from registry.catalog.view import Official, StoredEntry, VisibleEntry
from registry.store.records import EntryFinding, Finding, FindingPosition
from schemas.validation.issue import Issue, Severity

# What sqlite3 hands over is untyped; each function here gives it its types back.
Row = Sequence[Any]

BodyOf = Callable[[int], bytes]
"""The document with that id."""

_issues: Final = msgspec.msgpack.Decoder(tuple[Issue, ...])

_FIELD_BREAK: Final = "\x1f"
# Beyond these a term's own text decides; every further one costs time that cannot be interrupted.
_MOST_GRAMS: Final = 64
_IN_NO_ROW: Final = "\n"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored under a key of a source: see interface.HeldEntry."""

    id: int
    digest: Digest
    withdrawn: bool
    facts: tuple[object, ...]


class ViewRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stored row of a view, without its item."""

    entry_id: int
    official: Official
    changed_us: int
    mirrored_us: int
    source_updated_us: int | None
    text_id: int
    registry_types: str
    transports: str
    approval: str | None
    expires_us: int | None
    overlay: bytes | None

    @property
    def ours(self) -> tuple[object, ...]:
        """What only our own part of `_meta` says: a change of it is no change of the entry."""
        return self.mirrored_us, self.source_updated_us, self.entry_id, self.approval, self.expires_us, self.overlay


def ours(visible: VisibleEntry) -> tuple[object, ...]:
    """The same of a row to be written."""
    entry, overlaid = visible.entry, visible.overlaid
    overlay = None if overlaid is None else overlaid.stamp
    return entry.mirrored_us, entry.source_updated_us, entry.id, visible.approval, visible.expires_us, overlay


def held_row(row: Row) -> Held:
    entry_id, digest, withdrawn, *facts = row
    return Held(id=entry_id, digest=Digest(digest), withdrawn=bool(withdrawn), facts=tuple(facts))


def stored_entry(row: Row) -> StoredEntry:
    return StoredEntry(
        id=row[0],
        source=row[1],
        version=row[2],
        document_id=row[3],
        digest=Digest(row[4]),
        text_id=row[5],
        registry_types=row[6],
        transports=row[7],
        rank=row[8],
        status=row[9],
        status_message=row[10],
        status_changed_us=row[11],
        published_us=row[12],
        source_updated_us=row[13],
        mirrored_us=row[14],
        withdrawn_us=row[15],
        fresh_from_us=row[16] if row[17] is None else None,
        waived_by=row[17],
        waived_digest=None if row[18] is None else Digest(row[18]),
    )


def view_row(row: Row) -> ViewRow:
    return ViewRow(
        entry_id=row[1],
        official=Official(
            version=row[0],
            document_id=row[2],
            status=row[3],
            status_message=row[4],
            status_changed_us=row[5],
            published_us=row[6],
            is_latest=bool(row[7]),
            shown=row[16],
        ),
        changed_us=row[8],
        mirrored_us=row[9],
        source_updated_us=row[10],
        text_id=row[11],
        registry_types=row[12],
        transports=row[13],
        approval=row[14],
        expires_us=row[15],
        overlay=row[17],
    )


def departed_entry(entry: StoredEntry, row: ViewRow, digest: Digest) -> StoredEntry:
    """*entry* as *row* shows it, whatever its source says by now. *digest* is of the row's document."""
    official = row.official
    return msgspec.structs.replace(
        entry,
        document_id=official.document_id,
        digest=digest,
        text_id=row.text_id,
        registry_types=row.registry_types,
        transports=row.transports,
        rank=rank(official.version, official.published_us),
        published_us=official.published_us,
        mirrored_us=row.mirrored_us,
        source_updated_us=row.source_updated_us,
    )


def entry_parameters(entry: Entry, *, published_us: int, mirrored_us: int, seen_in: int) -> dict[str, object]:
    """What NEW_ENTRY and CHANGE_ENTRY bind, but for the ids."""
    return {
        "name": entry.name,
        "version": entry.version,
        "registry_types": words(entry.facets.registry_types),
        "transports": words(entry.facets.transports),
        "rank": rank(entry.version, published_us),
        "status": entry.status.value,
        "status_message": entry.status_message,
        "status_changed_us": entry.status_changed_us,
        "published_us": published_us,
        "source_updated_us": entry.source_updated_us,
        "mirrored_us": mirrored_us,
        "seen_in": seen_in,
    }


def view_parameters(visible: VisibleEntry, *, view: int, name: str, changed_us: int, item: bytes) -> dict[str, object]:
    """What NEW_VIEW_ROW and CHANGE_VIEW_ROW bind."""
    entry, official = visible.entry, visible.official
    return {
        "view": view,
        "name": name,
        "version": official.version,
        "deleted": visible.deleted,
        "is_latest": official.is_latest,
        "changed_us": changed_us,
        "published_us": official.published_us,
        "status": official.status,
        "status_message": official.status_message,
        "status_changed_us": official.status_changed_us,
        "entry": entry.id,
        "document": entry.document_id,
        "mirrored_us": entry.mirrored_us,
        "source_updated_us": entry.source_updated_us,
        "text": entry.text_id,
        "registry_types": entry.registry_types,
        "transports": entry.transports,
        "item": item,
        "approval": visible.approval,
        "expires_us": visible.expires_us,
        "shown": official.shown,
        "overlay": None if visible.overlaid is None else visible.overlaid.stamp,
    }


def entry_finding(row: Row) -> EntryFinding:
    rule, document, entry, source, name, version, digest, severity, count, record = row
    return EntryFinding(
        source=source,
        name=name,
        version=version,
        digest=digest,
        finding=Finding(rule=rule, severity=Severity(severity), count=count, issues=_issues.decode(record)),
        position=FindingPosition(rule=rule, document=document, entry=entry),
    )


def words(values: tuple[str, ...]) -> str:
    """` npm oci `: every value between blanks, so that one can be found without finding a part of another."""
    return f" {' '.join(sorted(set(values)))} " if values else ""


def wanted_word(value: str) -> str:
    """What to look for in a column of words: *value* as one of them, nothing at all if *value* is empty."""
    if not value:
        return ""
    # A column with ` npm oci ` does not hold the word `npm oci`.
    return _IN_NO_ROW if any(map(str.isspace, value)) else words((value,))


def search_text(name: str, facets: Facets) -> str:
    """Where a search looks, case-folded: name, title and description, with a break between that no term holds."""
    return _FIELD_BREAK.join(map(search_term, (name, facets.title, facets.description)))


def search_term(term: str) -> str:
    """*term* as texts are kept: case-folded, without the field break, and without NUL, where FTS5 stops reading."""
    return term.casefold().replace(_FIELD_BREAK, "\uffff").replace("\x00", "\ufffe")


def grams(term: str) -> str:
    """An FTS5 expression that every text with *term* in it matches: its first trigrams, as literals."""
    distinct = dict.fromkeys(term[start : start + 3] for start in range(min(len(term) - 2, _MOST_GRAMS)))
    return " AND ".join('"{}"'.format(gram.replace('"', '""')) for gram in distinct)
