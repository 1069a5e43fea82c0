"""How a file becomes a store of this release, and which files are left alone."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlite_utils import Database

from registry import RELEASE
from registry.clock import SystemClock
from registry.errors import StoreFault, StoreTooNew
from registry.store.sqlite.connection import APPLICATION_ID, open_reader, open_writer
from registry.store.sqlite.migrations import MIGRATIONS, Migration, migrate
from tests.store.migrating import insert_row

TITLES = [step.title for step in MIGRATIONS]


def _migrate(path: Path, *more: Migration, release: str = RELEASE) -> list[str]:
    return migrate(path, clock=SystemClock(), release=release, migrations=(*MIGRATIONS, *more))


def _around(title: str) -> tuple[tuple[Migration, ...], list[str]]:
    """The steps before the one called *title*, and the titles of that one and those after it."""
    titles = [step.title for step in MIGRATIONS]
    start = titles.index(title)
    return MIGRATIONS[:start], titles[start:]


def _step(oldest_release: str = RELEASE, *statements: str) -> Migration:
    def apply(db: Database, _: int) -> None:
        for statement in statements:
            db.execute(statement)

    return Migration(number=99, title="later", oldest_release=oldest_release, apply=apply)


def _tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _files(folder: Path) -> dict[str, bytes]:
    """Every file but the locks, which are empty."""
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.stat().st_size}


class TestSteps:
    def test_are_numbered_without_gaps(self) -> None:
        """
        Numbers grow by one from one, and no title is used twice.
        """
        assert [step.number for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
        assert len(set(TITLES)) == len(TITLES)

    def test_a_fresh_file(self, tmp_path: Path) -> None:
        """
        Where there is no file, not even its folder, all steps are taken, in order.
        """
        path = tmp_path / "new" / "folder" / "registry.db"

        assert _migrate(path) == TITLES
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    def test_again(self, tmp_path: Path) -> None:
        """
        A file that is up to date is left as it is.
        """
        path = tmp_path / "registry.db"
        _migrate(path)
        before = _tables(path)

        assert _migrate(path) == []
        assert _tables(path) == before

    def test_only_what_is_missing(self, tmp_path: Path) -> None:
        """
        A newer release takes the steps it adds, and records who took them and who may still use the file.
        """
        path = tmp_path / "registry.db"
        _migrate(path)

        assert _migrate(path, _step("0.1.0", "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT"), release="9.1.0") == [
            "later"
        ]
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute(
                "SELECT title, oldest_release, applied_by FROM schema_migrations WHERE number = 99"
            )
            assert found.fetchall() == [("later", "0.1.0", "9.1.0")]

    def test_a_step_that_fails_leaves_nothing(self, tmp_path: Path) -> None:
        """
        A step is whole or not at all: afterwards it can be taken again.
        """
        path = tmp_path / "registry.db"
        _migrate(path)
        before = _tables(path)

        with pytest.raises(StoreFault, match="cannot prepare"):
            _migrate(path, _step("0.1.0", "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT", "CREATE NONSENSE"))

        assert _tables(path) == before
        assert _migrate(path, _step()) == ["later"]


class TestFindings:
    def test_what_was_mirrored_before_is_due(self, tmp_path: Path) -> None:
        """
        Documents that an older release mirrored are judged once the newer one runs; those of withdrawn entries are not.
        """
        path = tmp_path / "registry.db"
        before, after = _around("findings")
        migrate(path, clock=SystemClock(), release=RELEASE, migrations=before)
        with closing(open_writer(path)) as connection:
            insert_row(connection, "1")
            insert_row(connection, "2")
            connection.execute("INSERT INTO documents (id, digest, body) VALUES (2, randomblob(32), x'7b7d')")
            connection.execute("UPDATE entries SET document_id = 2, withdrawn_us = 1 WHERE version = '2'")

        assert _migrate(path) == after

        with closing(open_reader(path)) as connection:
            assert connection.execute("SELECT document_id FROM unjudged_documents").fetchall() == [(1,)]


class TestGovernance:
    def test_what_was_shown_is_approved(self, tmp_path: Path) -> None:
        """
        What an older release showed is granted and approved for everyone, byte for byte; what it hid is not.
        """
        path = tmp_path / "registry.db"
        before, after = _around("governance")
        migrate(path, clock=SystemClock(), release=RELEASE, migrations=before)
        with closing(open_writer(path)) as connection:
            insert_row(connection, "1")
            insert_row(connection, "2")
            connection.execute("DELETE FROM view_entries WHERE version = '2'")

        assert _migrate(path) == after

        with closing(open_reader(path)) as connection:
            assert connection.execute("SELECT name, version, digest FROM approved_versions").fetchall() == [
                ("a/b", "1", bytes(32))
            ]
            grants = connection.execute("SELECT team, pattern, revoked FROM grants").fetchall()
            decided = connection.execute("SELECT record FROM rules UNION ALL SELECT record FROM approvals").fetchall()
        assert grants == [("everyone", "*", 0)]
        # What comes is seen as soon as it was.
        assert [json.loads(record)["without_cool_off"] for (record,) in decided] == [True, True]

    def test_a_new_store_shows_nothing(self, tmp_path: Path) -> None:
        """
        Where nothing was shown before, nothing is granted and nothing is approved.
        """
        path = tmp_path / "registry.db"
        _migrate(path)

        with closing(open_reader(path)) as connection:
            found = connection.execute(
                "SELECT id FROM grants UNION SELECT id FROM approvals UNION SELECT id FROM rules"
            )
            assert found.fetchall() == []
            assert connection.execute("SELECT name FROM approved_versions").fetchall() == []


class TestAnnouncing:
    def test_what_ends_is_found(self, tmp_path: Path) -> None:
        """
        When an approval of before ends is known as that of one to come, and none of them was announced.
        """
        path = tmp_path / "registry.db"
        before, _ = _around("announcing")
        migrate(path, clock=SystemClock(), release=RELEASE, migrations=before)
        with closing(open_writer(path)) as connection:
            connection.execute(
                "INSERT INTO approvals (id, name, state, record) VALUES ('ends', 'a/b', 'approved', :ends),"
                " ('never', 'a/b', 'approved', :never)",
                {"ends": b'{"id":"ends","expires_us":7}', "never": b'{"id":"never"}'},
            )

        _migrate(path)

        with closing(open_reader(path)) as connection:
            found = connection.execute("SELECT id, expires_us, announced FROM approvals ORDER BY id").fetchall()
        assert found == [("ends", 7, 0), ("never", None, 0)]


class TestEndsOfTokens:
    def test_what_was_issued_before(self, tmp_path: Path) -> None:
        """
        Of a token of an older release it is known when it ends: when it expires, or was revoked before that.
        """
        path = tmp_path / "registry.db"
        before, after = _around("ends of tokens")
        migrate(path, clock=SystemClock(), release=RELEASE, migrations=before)
        with closing(open_writer(path)) as connection:
            for token, ends in (
                ("tokn0001", {}),
                ("tokn0002", {"expires_us": 7, "revoked_us": None}),
                ("tokn0003", {"expires_us": 7, "revoked_us": 5}),
            ):
                connection.execute(
                    "INSERT INTO tokens (id, owner, created_us, record) VALUES (:id, 'x', 1, :record)",
                    {"id": token, "record": msgspec.msgpack.encode({"id": token} | ends)},
                )

        assert _migrate(path) == after

        with closing(open_reader(path)) as connection:
            found = connection.execute("SELECT ends_us FROM tokens ORDER BY id").fetchall()
        assert found == [(None,), (7,), (5,)]


class TestFirewall:
    def test_what_is_there_is_not_held_back(self, tmp_path: Path) -> None:
        """
        What an older release has mirrored waits for nothing, and what looks like a claimed namespace is on record as
        released; from then on it is found by what looks like it.
        """
        path = tmp_path / "registry.db"
        before, after = _around("cool-off")
        migrate(path, clock=SystemClock(), release=RELEASE, migrations=before)
        with closing(open_writer(path)) as connection:
            insert_row(connection, "1")
            connection.execute("UPDATE sources SET claims = '[\"com.acme\"]'")
            connection.execute(
                "INSERT INTO names (name, folded, folded_slug) VALUES ('com.acrne/x', 'com.acrne/x', 'x')"
            )

        assert _migrate(path) == after

        with closing(open_reader(path)) as connection:
            assert connection.execute("SELECT fresh_from_us FROM entries").fetchall() == [(None,)]
            found = connection.execute("SELECT name, held, record FROM look_alikes").fetchall()
            known = connection.execute("SELECT DISTINCT name FROM name_shapes ORDER BY name").fetchall()
        assert [(name, held) for name, held, _ in found] == [("com.acrne/x", 0)]
        assert json.loads(found[0][2])["reason"] == "before governance"
        assert known == [("a/b",), ("com.acrne/x",)]


class TestOlderCode:
    @pytest.mark.parametrize("needed", ["0.2.1", "0.3.0", "0.10.0", "9.0.0"])
    def test_refuses_a_newer_file(self, tmp_path: Path, needed: str) -> None:
        """
        A file with a step this release must not touch is refused with the release it needs, and left as it is.
        """
        path = tmp_path / "registry.db"
        _migrate(path, _step(needed), release="9.1.0")
        before = _files(tmp_path)

        with pytest.raises(StoreTooNew, match=f"needs {needed} or newer"):
            _migrate(path)

        assert _files(tmp_path) == before

    def test_goes_on_where_it_may(self, tmp_path: Path) -> None:
        """
        A step that older code can ignore does not lock it out.
        """
        path = tmp_path / "registry.db"
        _migrate(path, _step("0.1.0"), release="9.1.0")

        assert _migrate(path) == []


class TestOtherFiles:
    def test_a_database_of_something_else(self, tmp_path: Path) -> None:
        """
        A foreign database is refused with what to do, and not one of its bytes is changed.
        """
        path = tmp_path / "theirs.db"
        with closing(sqlite3.connect(path)) as theirs:
            theirs.execute("CREATE TABLE precious (id INTEGER)")
        before = _files(tmp_path)

        with pytest.raises(StoreFault, match="something else"):
            _migrate(path)

        assert _files(tmp_path) == before

    def test_no_database(self, tmp_path: Path) -> None:
        """
        A file that is no database is refused and left as it is.
        """
        path = tmp_path / "letter.txt"
        path.write_bytes(b"Dear registry, " * 1000)
        before = _files(tmp_path)

        with pytest.raises(StoreFault, match="cannot open"):
            _migrate(path)

        assert _files(tmp_path) == before

    def test_a_damaged_store(self, tmp_path: Path) -> None:
        """
        A store whose schema cannot be read is a fault, not a fresh start.
        """
        path = tmp_path / "registry.db"
        _migrate(path)
        damaged = bytearray(path.read_bytes())
        damaged[100:4000] = bytes(3900)
        path.write_bytes(damaged)

        with pytest.raises(StoreFault, match="cannot"):
            _migrate(path)

        assert path.read_bytes() == damaged

    def test_an_empty_file(self, tmp_path: Path) -> None:
        """
        An empty file is as good as none.
        """
        path = tmp_path / "registry.db"
        path.touch()

        assert _migrate(path) == TITLES


class TestSchema:
    def test_every_table_is_strict(self, path: Path) -> None:
        """
        A column holds what its type says, in every table of ours.
        """
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute(
                "SELECT name, strict, type FROM pragma_table_list WHERE schema = 'main'"
            ).fetchall()

        ours = {name: strict for name, strict, kind in tables if kind == "table" and not name.startswith("sqlite_")}
        assert {"entries", "view_entries", "runs", "store_facts", "schema_migrations"} <= set(ours)
        assert set(ours.values()) == {1}

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO views (id, team, generation) VALUES (2, 'everyone', 0)",
            "INSERT INTO views (id, team, generation) VALUES (2, 'x', 'many')",
            "INSERT INTO names (name, folded, folded_slug, remembered) VALUES ('a/b', 'a/b', 'b', 77)",
            "INSERT INTO documents (digest, body) VALUES (x'00', x'00')",
            "INSERT INTO superseded_documents (entry_id, document_id, superseded_us) VALUES (7, 7, 7)",
            "UPDATE sources SET configured = 2",
            "UPDATE entries SET status = 'gone'",
            "UPDATE entries SET published_us = 'yesterday'",
            "UPDATE entries SET name = 'a/none'",
            "UPDATE entries SET version = '1'",
            "UPDATE view_entries SET is_latest = 1",
            "UPDATE view_entries SET deleted = 2",
            "UPDATE view_entries SET status = ''",
            "UPDATE view_entries SET entry_id = 77",
            "DELETE FROM documents",
            "DELETE FROM entries",
            "INSERT INTO store_facts (id, incarnation, instant_us, run_sequence) VALUES (2, 'x', 0, 0)",
            "INSERT INTO runs (sequence, id, upstream, state, requested_us, record) VALUES (1, 'r', 'u', 'x', 0, x'')",
        ],
    )
    def test_holds_what_it_can(self, path: Path, statement: str) -> None:
        """
        One flagged version a name, closed sets, sizes, and references that lead somewhere are the schema's own.
        """
        with closing(open_writer(path)) as connection:
            for version in ("1", "2"):
                insert_row(connection, version)

            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)

    def test_a_reader_cannot_write(self, path: Path) -> None:
        """
        The connections that answer requests are not able to change anything.
        """
        with closing(open_reader(path)) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("UPDATE views SET generation = 7")

    def test_a_reader_makes_no_file(self, tmp_path: Path) -> None:
        """
        Reading a store that is not there fails and leaves nothing.
        """
        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            open_reader(tmp_path / "none.db")

        assert list(tmp_path.iterdir()) == []
