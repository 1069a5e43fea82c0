"""Writing the stored views: the difference between what is stored of a name and what compute_view gives.

A row that says the same as before keeps its `changed_us`, so that whoever mirrors us is not told of changes that
were none. A row whose `_meta` of ours moved (`sourceUpdatedAt`, say) is written anew under the old instant: its
bytes are fresh and the view's generation grows, and nobody is told that the entry changed.
"""

import sqlite3
from collections.abc import Callable, Iterable

from registry.catalog.entry import ServerName, Status
from registry.catalog.view import StoredEntry, VisibleEntry, compute_view, item
from registry.store.sqlite import queries, rows


class Projection:
    """
    Args:
        body: The document with that id.
        instant_us: The instant of the transaction; asked only if something changed.
    """

    def __init__(
        self, connection: sqlite3.Connection, body: Callable[[int], bytes], instant_us: Callable[[], int]
    ) -> None:
        self._connection = connection
        self._body = body
        self._instant_us = instant_us

    def replace(self, name: ServerName, entries: list[StoredEntry]) -> int:
        """Bring *name* up to date in every view, given the entries of its owner; how many rows were written."""
        views = self._connection.execute(queries.VIEW_IDS).fetchall()
        return sum(self._replace_in(view, name, entries) for (view,) in views)

    def _replace_in(self, view: int, name: ServerName, entries: list[StoredEntry]) -> int:
        stored_rows = self._connection.execute(queries.VIEW_ROWS, {"view": view, "name": name})
        stored = {row.official.version: row for row in map(rows.view_row, stored_rows)}
        present = {entry.version for entry in entries}
        departed = [self._departed(row) for version, row in stored.items() if version not in present]
        changes: list[tuple[VisibleEntry, int | None]] = []
        for visible in compute_view(entries, departed=departed):
            row = stored.get(visible.official.version)
            if row is None or row.official != visible.official:
                changes.append((visible, None))
            elif (row.mirrored_us, row.source_updated_us, row.entry_id) != (
                visible.entry.mirrored_us,
                visible.entry.source_updated_us,
                visible.entry.id,
            ):
                changes.append((visible, row.changed_us))
        if changes:
            self._write(view, name, changes)
        return len(changes)

    def _departed(self, row: rows.ViewRow) -> tuple[StoredEntry, int]:
        """What was shown last, and since when it is not: a source that lost the name changes nothing in it."""
        entry = self._connection.execute(queries.ENTRY_BY_ID, {"id": row.entry_id}).fetchone()
        digest = self._connection.execute(queries.DIGEST, {"id": row.official.document_id}).fetchone()[0]
        gone = row.official.status == Status.DELETED
        since_us = row.official.status_changed_us if gone else self._instant_us()
        return rows.departed_entry(rows.stored_entry(entry), row, digest), since_us

    def _write(self, view: int, name: ServerName, changes: Iterable[tuple[VisibleEntry, int | None]]) -> None:
        # At most one row of a name is flagged, and the schema holds us to it: unflag before flagging.
        for visible, unchanged_since_us in sorted(changes, key=lambda change: change[0].official.is_latest):
            changed_us = self._instant_us() if unchanged_since_us is None else unchanged_since_us
            body = item(visible, document=self._body(visible.entry.document_id), updated_us=changed_us)
            bound = rows.view_parameters(visible, view=view, name=name, changed_us=changed_us, item=body)
            self._connection.execute(queries.PUT_VIEW_ROW, bound)
        self._connection.execute(queries.NEXT_GENERATION, {"view": view, "instant_us": self._instant_us()})
