"""A row of before there were migrations that change it."""

import sqlite3


def insert_row(connection: sqlite3.Connection, version: str) -> None:
    ignore = "INSERT OR IGNORE INTO"
    bound = {"version": version, "flagged": version == "2"}
    for statement in (
        f"{ignore} sources (id, name, kind, precedence, claims, configured) VALUES (1, 'official', 'http', 1, '[]', 1)",
        f"{ignore} documents (id, digest, body) VALUES (1, zeroblob(32), x'7b7d')",
        f"{ignore} search_texts (id, name, digest, text) VALUES (1, 'a/b', x'00', 'a/b')",
        f"{ignore} names (name, folded, folded_slug) VALUES ('a/b', 'a/b', 'b')",
        "INSERT INTO entries (source_id, name, version, document_id, text_id, registry_types, transports, rank, status,"
        " published_us, mirrored_us, seen_in) VALUES (1, 'a/b', :version, 1, 1, '', '', x'00', 'active', 1, 1, 1)",
        "INSERT INTO view_entries (view_id, name, version, deleted, is_latest, changed_us, published_us, status,"
        " status_changed_us, entry_id, document_id, mirrored_us, text_id, registry_types, transports, item)"
        " SELECT 1, 'a/b', :version, 0, :flagged, 1, 1, 'active', 1, id, 1, 1, 1, '', '', x'00'"
        " FROM entries WHERE version = :version",
    ):
        connection.execute(statement, bound)
