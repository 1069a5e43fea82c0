"""Writing a stored view: the difference between what is stored of a name and what compute_view gives.

A row that says the same as before keeps its `changed_us`, so that whoever mirrors us is not told of changes that
were none. A row whose `_meta` of ours moved (`sourceUpdatedAt`, say) is written anew under the old instant: its
bytes are fresh and the view's generation grows, and nobody is told that the entry changed.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import msgspec

from registry.catalog.entry import ServerName, Status
from registry.catalog.rewrite import Overlaid
from registry.catalog.standing import Verdict
from registry.catalog.view import Admitted, Departed, StoredEntry, VisibleEntry, compute_view, item, shown_before
from registry.store.sqlite import queries, rows

_DEPARTED: Final = "no longer served from this source"
_MOST_HELD: Final = 4 * 1024 * 1024
"""Bytes of items of one name: many versions of documents that are large are made anew for each team."""


Overlaying: TypeAlias = Callable[[StoredEntry], Overlaid | None]
"""How overlays have an entry of a name shown in a view; None for as it is."""


class Memory:
    """
    What the views of one transaction share: most teams are shown the same bytes of a name.

    `grown`: the views whose generation was moved: once is enough for all changes of a transaction.
    """

    def __init__(self) -> None:
        self.grown: set[int] = set()
        self._name = ""
        self._items: dict[tuple[object, ...], bytes] = {}
        self._held = 0

    def item(self, name: str, visible: VisibleEntry, changed_us: int, body: Callable[[int], bytes]) -> bytes:
        if name != self._name:
            self._name, self._held = name, 0
            self._items.clear()
        entry = visible.entry
        # With the official block these are all that an item says: see catalog.view.item.
        key = (visible.official, changed_us, entry.digest, rows.ours(visible))
        known = self._items.get(key)
        if known is None:
            known = item(visible, document=body(entry.document_id), updated_us=changed_us)
            if self._held + len(known) <= _MOST_HELD:
                self._held += len(known)
                self._items[key] = known
        return known


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A row to be written: over which one, None if there is none, and as of when, None for now."""

    visible: VisibleEntry
    before: rows.ViewRow | None
    changed_us: int | None = None


class Projection:
    """
    Args:
        body: The document with that id.
        instant_us: The instant at which this becomes true; asked only if something changed.
        memory: What the views of one transaction share.
        overlaying: None where no overlay concerns the name in this view.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        body: Callable[[int], bytes],
        instant_us: Callable[[], int],
        memory: Memory,
        overlaying: Overlaying | None = None,
    ) -> None:
        self._connection = connection
        self._body = body
        self._instant_us = instant_us
        self._memory = memory
        self._overlaying = overlaying

    def replace(self, view: int, name: ServerName, verdicts: Sequence[Verdict]) -> int:
        """Bring *name* up to date in one view; how many rows were written."""
        stored, computed = self.computed(view, name, verdicts)
        changes = []
        for visible in computed:
            row = stored.get(visible.official.version)
            if row is None or row.official != visible.official:
                changes.append(Change(visible=visible, before=row))
            elif row.ours != rows.ours(visible):
                changes.append(Change(visible=visible, before=row, changed_us=row.changed_us))
        if changes:
            self.write(view, name, changes)
        return len(changes)

    def computed(
        self, view: int, name: ServerName, verdicts: Sequence[Verdict]
    ) -> tuple[dict[str, rows.ViewRow], list[VisibleEntry]]:
        """What is stored, by version, and what should be."""
        stored_rows = self._connection.execute(queries.VIEW_ROWS, {"view": view, "name": name})
        stored = {row.official.version: row for row in map(rows.view_row, stored_rows)}
        admitted = [_admitted(verdict, self._overlaying) for verdict in verdicts if verdict.shown is not None]
        hidden = {verdict.version: verdict.reason for verdict in verdicts if verdict.shown is None}
        present = {each.entry.version for each in admitted}
        departed = [
            self._departed(view, name, row, hidden.get(version))
            for version, row in stored.items()
            if version not in present
        ]
        return stored, compute_view(admitted, departed=departed)

    def _departed(self, view: int, name: str, row: rows.ViewRow, reason: str | None) -> Departed:
        """What was shown last, and since when it is not. What is gone already stays as it is."""
        entry = self._connection.execute(queries.ENTRY_BY_ID, {"id": row.entry_id}).fetchone()
        digest = self._connection.execute(queries.DIGEST, {"id": row.official.document_id}).fetchone()[0]
        shown = rows.departed_entry(rows.stored_entry(entry), row, digest)
        overlaid = None if row.overlay is None else self._shown_before(view, name, row)
        since_us, message = row.official.status_changed_us, row.official.status_message
        if row.official.status != Status.DELETED:
            since_us, message = self._instant_us(), reason or _DEPARTED
        return Departed(entry=shown, since_us=since_us, message=message, overlaid=overlaid)

    def _shown_before(self, view: int, name: str, row: rows.ViewRow) -> Overlaid | None:
        """As what overlays had *row* shown last, whatever they say by now; None if the row was damaged since."""
        bound = {"view": view, "name": name, "version": row.official.version, "deleted": True}
        served = self._connection.execute(queries.ITEM, bound).fetchone()
        overlaid = shown_before(served[0])
        return overlaid if overlaid and (overlaid.digest, overlaid.stamp) == (row.official.shown, row.overlay) else None

    def write(self, view: int, name: ServerName, changes: Iterable[Change]) -> None:
        """Store these rows."""
        # At most one row of a name is flagged, and the schema holds us to it: unflag before flagging.
        for change in sorted(changes, key=lambda change: change.visible.official.is_latest):
            visible, before = change.visible, change.before
            changed_us = self._instant_us() if change.changed_us is None else change.changed_us
            body = self._memory.item(name, visible, changed_us, self._body)
            bound = rows.view_parameters(visible, view=view, name=name, changed_us=changed_us, item=body)
            if before is None:
                self._connection.execute(queries.NEW_VIEW_ROW, bound)
                continue
            self._connection.execute(queries.CHANGE_VIEW_ROW, bound)
            if before.entry_id != visible.entry.id:
                self._connection.execute(queries.CHANGE_VIEW_ENTRY, bound)
        if view not in self._memory.grown:
            self._memory.grown.add(view)
            self._connection.execute(queries.NEXT_GENERATION, {"view": view, "instant_us": self._instant_us()})


def next_change(verdicts: Iterable[Verdict]) -> int | None:
    """When the answer changes by time alone; None if it does not."""
    return min((each.until_us for each in verdicts if each.until_us is not None), default=None)


def _admitted(verdict: Verdict, overlaying: Overlaying | None) -> Admitted:
    assert verdict.shown is not None
    approval = None if verdict.approved is None else verdict.approved.approval
    return Admitted(
        entry=verdict.shown,
        approval=None if approval is None else approval.id,
        expires_us=None if approval is None else approval.expires_us,
        overlaid=None if overlaying is None else overlaying(verdict.shown),
    )
