"""What is stored of a name in a view, against what it should be: columns, bytes, and when it changes by itself."""

import sqlite3
from collections.abc import Iterator, Sequence

from registry.catalog.changes import Overlay
from registry.catalog.entry import ServerName
from registry.catalog.standing import Verdict
from registry.catalog.view import VisibleEntry, item
from registry.store.sqlite import decisions, queries, rows
from registry.store.sqlite.overlays import OverlaysInForce
from registry.store.sqlite.projection import Memory, Projection, next_change
from registry.store.sqlite.rows import Row


def different_rows(
    connection: sqlite3.Connection,
    view: int,
    name: ServerName,
    verdicts: Sequence[Verdict],
    team: str,
    overlays: Sequence[Overlay],
) -> list[tuple[VisibleEntry, str]]:
    """The rows that are not as they should be: as they should be, and what is wrong, in words."""

    def body(document_id: int) -> bytes:
        found = connection.execute(queries.DOCUMENT_BODY, {"id": document_id}).fetchone()
        return bytes(found[0])

    overlaying = OverlaysInForce(overlays, body).concerning(team, name)
    projection = Projection(connection, body, lambda: 0, Memory(), overlaying)
    stored, computed = projection.computed(view, name, verdicts)
    served = {row[0]: row for row in connection.execute(queries.VIEW_SERVED, {"view": view, "name": name})}
    return [
        (visible, what)
        for visible in computed
        if (what := _wrong(stored.get(visible.official.version), served.get(visible.official.version), visible, body))
    ]


def different_time(
    connection: sqlite3.Connection, view: int, name: ServerName, verdicts: Sequence[Verdict]
) -> Iterator[str]:
    """Whether it is known when the answer changes by itself."""
    row = connection.execute(decisions.TIME, {"view": view, "name": name}).fetchone()
    stored, computed = None if row is None else row[0], next_change(verdicts)
    if stored != computed:
        yield f"changes by itself at {computed}, and {stored} is stored"
    earliest = connection.execute(queries.GENERATION, {"view": view}).fetchone()[1]
    if stored is not None and (earliest is None or earliest > stored):
        yield f"changes by itself at {stored}, and the view only at {earliest}"


def _wrong(stored: rows.ViewRow | None, served: Row | None, visible: VisibleEntry, body: rows.BodyOf) -> str | None:
    version = visible.official.version
    if stored is None or served is None:
        return f"{version} is missing"
    if stored.official != visible.official:
        return f"{version} is stored as {stored.official}, and should be {visible.official}"
    if stored.ours != rows.ours(visible):
        return f"{version} is stored with {stored.ours}, and should be with {rows.ours(visible)}"
    found = (bool(served[1]), stored.text_id, stored.registry_types, stored.transports)
    entry = visible.entry
    wanted = (visible.deleted, entry.text_id, entry.registry_types, entry.transports)
    if found != wanted:
        return f"{version} is found by {found}, and should be by {wanted}"
    if served[2] != item(visible, document=body(entry.document_id), updated_us=stored.changed_us):
        return f"{version} is served as other bytes than it should be"
    return None
