"""Overlays, on one connection: the table, and how what is in force has a name shown in each view."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from registry.catalog.changes import Overlay, applying
from registry.catalog.rewrite import Overlaid, overlaid
from registry.catalog.view import StoredEntry
from registry.store.sqlite.projection import Overlaying

OVERLAYS_TABLE: Final = (
    """
    CREATE TABLE overlays (
      id TEXT PRIMARY KEY,
      ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
      record BLOB NOT NULL               -- the whole overlay, JSON
    ) STRICT
    """,
    "CREATE INDEX overlays_in_force ON overlays (id) WHERE ended = 0",
    # The digest of what is shown in place of the document, and a digest of what our own block says of that. NULL: it is
    # shown as it is.
    "ALTER TABLE view_entries ADD COLUMN shown BLOB",
    "ALTER TABLE view_entries ADD COLUMN overlay BLOB",
)

OVERLAYS: Final = "SELECT record FROM overlays ORDER BY id"
OVERLAYS_IN_FORCE: Final = "SELECT record FROM overlays INDEXED BY overlays_in_force WHERE ended = 0 ORDER BY id"
PUT_OVERLAY: Final = """
INSERT INTO overlays (id, ended, record) VALUES (:id, :ended, :record)
ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, record = excluded.record
"""

_MOST_HELD: Final = 4 * 1024 * 1024
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Overlay).decode


def read_overlays(connection: sqlite3.Connection, *, in_force: bool) -> list[Overlay]:
    """Oldest first. Raises sqlite3.Error."""
    return [_decode(row[0]) for row in connection.execute(OVERLAYS_IN_FORCE if in_force else OVERLAYS)]


def put_overlay(connection: sqlite3.Connection, overlay: Overlay) -> None:
    bound = {"id": overlay.id, "ended": not overlay.in_force, "record": _encode(overlay)}
    connection.execute(PUT_OVERLAY, bound)


class OverlaysInForce:
    """
    What they make of documents. Teams that the same overlays are for share what these make of the documents of a name.

    Args:
        body: The document with that id.
    """

    def __init__(self, overlays: Iterable[Overlay], body: Callable[[int], bytes]) -> None:
        self._overlays = list(overlays)
        self._body = body
        self._of_team: dict[str, list[Overlay]] = {}
        self._name = ""
        self._made: dict[tuple[object, ...], Overlaid] = {}
        self._held = 0

    def concerning(self, team: str, name: str) -> Overlaying | None:
        """How entries of *name* are shown to *team*; None if no overlay concerns them."""
        if not self._overlays:
            return None
        if team not in self._of_team:
            self._of_team[team] = [each for each in self._overlays if each.is_for(team)]
        found = applying(self._of_team[team], name)
        return (lambda entry: self._shown(entry, found, team, name)) if found else None

    def _shown(self, entry: StoredEntry, overlays: tuple[Overlay, ...], team: str, name: str) -> Overlaid | None:
        if name != self._name or self._held > _MOST_HELD:
            self._name, self._held = name, 0
            self._made.clear()
        whose = team if any(each.team_by_team for each in overlays) else None
        key = (entry.document_id, whose, *(each.id for each in overlays))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = overlaid(self._body(entry.document_id), overlays, team=team, name=name)
            self._held += len(made.document or b"")
        return made if made.applied else None
