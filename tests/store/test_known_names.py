"""What an older release has mirrored is not held back by the firewall of a newer one."""

import json
from contextlib import closing
from pathlib import Path

from registry import RELEASE
from registry.clock import SystemClock
from registry.store.sqlite.connection import open_reader, open_writer
from registry.store.sqlite.migrations import MIGRATIONS, migrate


def test_what_is_there_is_not_held_back(tmp_path: Path) -> None:
    """
    It waits for nothing; what looks like a claimed namespace is on record as released, and is found by what looks like
    it from then on.
    """
    path = tmp_path / "registry.db"
    before = tuple(step for step in MIGRATIONS if step.title not in ("cool-off", "look-alikes"))
    migrate(path, clock=SystemClock(), release=RELEASE, migrations=before)
    with closing(open_writer(path)) as connection:
        for statement in (
            "INSERT INTO sources (id, name, kind, precedence, claims, configured)"
            " VALUES (1, 'internal', 'http', 1, '[\"com.acme\"]', 1)",
            "INSERT INTO names (name, folded, folded_slug) VALUES ('com.acrne/x', 'com.acrne/x', 'x')",
            "INSERT INTO documents (id, digest, body) VALUES (1, zeroblob(32), x'7b7d')",
            "INSERT INTO search_texts (id, name, digest, text) VALUES (1, 'com.acrne/x', x'00', 'x')",
            "INSERT INTO entries (source_id, name, version, document_id, text_id, registry_types, transports, rank,"
            " status, published_us, mirrored_us, seen_in) VALUES (1, 'com.acrne/x', '1', 1, 1, '', '', x'00', 'active',"
            " 1, 1, 1)",
        ):
            connection.execute(statement)

    assert migrate(path, clock=SystemClock(), release=RELEASE) == ["cool-off", "look-alikes"]

    with closing(open_reader(path)) as connection:
        assert connection.execute("SELECT fresh_from_us FROM entries").fetchall() == [(None,)]
        ((name, held, record),) = connection.execute("SELECT name, held, record FROM look_alikes").fetchall()
        known = connection.execute("SELECT DISTINCT name FROM name_shapes").fetchall()
    assert (name, held, json.loads(record)["reason"]) == ("com.acrne/x", 0, "before governance")
    assert known == [("com.acrne/x",)]
