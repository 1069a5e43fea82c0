"""The schema, as the numbered steps that made it.

Append only: a step that was released is never edited. Each states the oldest release that may still use a file
that has it, so that older code refuses instead of damaging; adding a table or an index that old code can ignore
keeps the previous value.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from registry.clock import Clock
from registry.errors import StoreFault, StoreTooNew
from registry.ids import new_id
from registry.store.sqlite.announcing import ANNOUNCING
from registry.store.sqlite.connection import APPLICATION_ID, open_unchanged, open_writer
from registry.store.sqlite.drift_schema import DRIFT
from registry.store.sqlite.firewall_schema import COOL_OFF, LOOK_ALIKES, OFFERS, WAIVED_BYTES
from registry.store.sqlite.governance_schema import (
    APPROVED_UNREFERENCED,
    BEFORE_GOVERNANCE,
    CLIENTS_OF_TEAMS,
    GOVERNANCE,
)
from registry.store.sqlite.known_names import know_what_there_is
from registry.store.sqlite.overlays import OVERLAYS_TABLE
from registry.store.sqlite.record_schema import AUDIT_CHAIN, AUDIT_KEPT
from registry.store.sqlite.schema import (
    CAPABILITIES,
    CATALOG,
    EDITORS,
    ENDS_OF_TOKENS,
    FINDINGS,
    LOGINS,
    OPERATIONS,
    PLAIN_STATEMENTS,
    PUBLISHING,
    TOKENS,
    VIEWS,
)
from registry.store.sqlite.sealing import seal_what_there_is
from registry.store.sqlite.subjects import REVOKED_SUBJECTS_TABLE
from registry.store.sqlite.turnstile import Turnstile

if TYPE_CHECKING:
    from sqlite_utils import Database


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """
    One step. `oldest_release`: the oldest release that may use a file which has this step.

    `apply` is given the instant, in microseconds since 1970.
    """

    number: int
    title: str
    oldest_release: str
    apply: Callable[["Database", int], None]


def _all(statements: Iterable[str]) -> Callable[["Database", int], None]:
    """A step that is these statements, one after the other."""

    def apply(db: "Database", _: int) -> None:
        for statement in statements:
            db.execute(statement)

    return apply


def _govern(db: "Database", now_us: int) -> None:
    """What a store in use showed is recorded as decisions, so that upgrading neither hides nor reveals anything."""
    for statement in GOVERNANCE:
        db.execute(statement)
    ids = {"grant": new_id("grt", now_us), "approval": new_id("apr", now_us), "rule": new_id("rule", now_us)}
    for statement in BEFORE_GOVERNANCE:
        db.execute(statement, ids | {"now_us": now_us})


def _ends(db: "Database", now_us: int) -> None:
    """When each token ends stands beside its record, so that retention finds those that ended long ago."""
    _all(ENDS_OF_TOKENS)(db, now_us)
    for token_id, record in db.execute("SELECT id, record FROM tokens").fetchall():
        token = msgspec.msgpack.decode(record, type=dict[str, object])
        ends = [each for each in (token.get("expires_us"), token.get("revoked_us")) if isinstance(each, int)]
        db.execute(
            "UPDATE tokens SET ends_us = :ends WHERE id = :id", {"ends": min(ends, default=None), "id": token_id}
        )


def _look_alikes(db: "Database", now_us: int) -> None:
    """What is there already is not held for its name: of what looks like a claimed namespace that is on record."""
    _all(LOOK_ALIKES)(db, now_us)
    know_what_there_is(db.conn, now_us)


def _seal(db: "Database", now_us: int) -> None:
    """What was recorded until now is the beginning of the chain, as it stands."""
    _all(AUDIT_CHAIN)(db, now_us)
    seal_what_there_is(db.conn)
    _all(AUDIT_KEPT)(db, now_us)


MIGRATIONS: Final = (
    Migration(number=1, title="catalog", oldest_release="0.1.0", apply=_all(CATALOG)),
    Migration(number=2, title="views", oldest_release="0.1.0", apply=_all(VIEWS)),
    Migration(number=3, title="operations", oldest_release="0.1.0", apply=_all(OPERATIONS)),
    # Older code knows no private source, and would take what was published out of the views.
    Migration(number=4, title="publishing", oldest_release="0.2.0", apply=_all(PUBLISHING)),
    Migration(number=5, title="logins", oldest_release="0.2.0", apply=_all(LOGINS)),
    Migration(number=6, title="tokens", oldest_release="0.2.0", apply=_all(TOKENS)),
    Migration(number=7, title="findings", oldest_release="0.2.0", apply=_all(FINDINGS)),
    # Older code would append without a seal.
    Migration(number=8, title="audit chain", oldest_release="0.2.0", apply=_seal),
    Migration(number=9, title="governance", oldest_release="0.2.0", apply=_govern),
    Migration(number=10, title="capabilities", oldest_release="0.2.0", apply=_all(CAPABILITIES)),
    Migration(
        number=11,
        title="plain statements",
        oldest_release="0.2.0",
        apply=_all((*PLAIN_STATEMENTS, *APPROVED_UNREFERENCED)),
    ),
    Migration(number=12, title="revoked subjects", oldest_release="0.2.0", apply=_all(REVOKED_SUBJECTS_TABLE)),
    Migration(number=13, title="announcing", oldest_release="0.2.0", apply=_all(ANNOUNCING)),
    Migration(number=14, title="overlays", oldest_release="0.2.0", apply=_all(OVERLAYS_TABLE)),
    Migration(number=15, title="drift", oldest_release="0.2.0", apply=_all(DRIFT)),
    Migration(number=16, title="ends of tokens", oldest_release="0.2.0", apply=_ends),
    Migration(number=17, title="clients of teams", oldest_release="0.2.0", apply=_all(CLIENTS_OF_TEAMS)),
    Migration(number=18, title="cool-off", oldest_release="0.2.0", apply=_all(COOL_OFF)),
    Migration(number=19, title="look-alikes", oldest_release="0.2.0", apply=_look_alikes),
    Migration(number=20, title="offers", oldest_release="0.2.0", apply=_all(OFFERS)),
    # Older code would not write down who edits.
    Migration(number=21, title="editors", oldest_release="0.2.0", apply=_all(EDITORS)),
    Migration(number=22, title="waived bytes", oldest_release="0.2.0", apply=_all(WAIVED_BYTES)),
)


def migrate(path: Path, *, clock: Clock, release: str, migrations: tuple[Migration, ...] = MIGRATIONS) -> list[str]:
    """
    Bring the file to this release's schema, making it if needed; the titles of the steps taken.

    Processes that start together take turns; each step is one transaction with its record.

    Raises:
        StoreTooNew: the file has steps that this release must not touch; names the release it needs.
        StoreFault: the file is not a store of ours, or is damaged.
    """
    from sqlite_utils import Database  # it takes as long to import as the rest of the store

    path.parent.mkdir(parents=True, exist_ok=True)
    # Only its owner may read it; what SQLite puts beside it follows.
    path.touch(mode=0o600)
    with closing(Turnstile(path)) as turnstile, turnstile.turn():
        try:
            _require_ours(path)
            connection = open_writer(path)
        except sqlite3.DatabaseError as error:
            raise StoreFault(f"cannot open the store {path}: {error}") from error
        try:
            db = Database(connection)
            _require_not_newer(db, path, release)
            return _apply(db, migrations, clock, release)
        except sqlite3.DatabaseError as error:
            raise StoreFault(f"cannot prepare the store {path}: {error}") from error
        finally:
            connection.close()


def require_current(connection: sqlite3.Connection, path: Path) -> None:
    """Raises StoreFault if the file lacks a step: it was put in place after the process had brought it up to date."""
    applied = {row[0] for row in connection.execute("SELECT number FROM schema_migrations")}
    if any(migration.number not in applied for migration in MIGRATIONS):
        raise StoreFault(f"the store {path} was restored meanwhile and is of an older release; start again")


def _require_ours(path: Path) -> None:
    """Before anything is written: opening a file as ours already changes it."""
    if not path.exists():
        return
    with closing(open_unchanged(path)) as connection:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application_id != APPLICATION_ID and tables:
        raise StoreFault(f"{path} is a database of something else; point [store] path to another file")


def _require_not_newer(db: "Database", path: Path, release: str) -> None:
    if "schema_migrations" not in db.table_names():
        return
    for number, oldest in db.execute("SELECT number, oldest_release FROM schema_migrations ORDER BY number"):
        if _ordered(oldest) > _ordered(release):
            raise StoreTooNew(
                f"the store {path} was migrated by a newer release (step {number}): this is {release}, "
                f"it needs {oldest} or newer; install that, or restore a backup made before"
            )


def _apply(db: "Database", migrations: tuple[Migration, ...], clock: Clock, release: str) -> list[str]:
    if "schema_migrations" not in db.table_names():
        with db.atomic():
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(_SCHEMA_MIGRATIONS)
            db.execute(_STORE_FACTS)
            db.execute(_NEW_STORE_FACTS, {"incarnation": new_id("store", clock.now_us())})
    applied = {row[0] for row in db.execute("SELECT number FROM schema_migrations")}
    taken = []
    for migration in migrations:
        if migration.number in applied:
            continue
        with db.atomic():
            migration.apply(db, clock.now_us())
            db.table("schema_migrations").insert(
                {
                    "number": migration.number,
                    "title": migration.title,
                    "oldest_release": migration.oldest_release,
                    "applied_by": release,
                    "applied_us": clock.now_us(),
                }
            )
        taken.append(migration.title)
    return taken


def _ordered(release: str) -> tuple[int, ...]:
    """Numbers alone: what precedes a release may use what the release may."""
    return tuple(int(number) for number in re.findall(r"\d+", release)[:3])


_SCHEMA_MIGRATIONS: Final = """
CREATE TABLE schema_migrations (
  number INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  oldest_release TEXT NOT NULL, -- may still use a file that has this step
  applied_by TEXT NOT NULL,     -- the release that took it
  applied_us INTEGER NOT NULL
) STRICT
"""

_STORE_FACTS: Final = """
CREATE TABLE store_facts (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  incarnation TEXT NOT NULL,        -- new with every restore, so that what was cached before is stale
  instant_us INTEGER NOT NULL,      -- the latest instant any change was given
  run_sequence INTEGER NOT NULL,    -- the number of the latest run
  unprojected TEXT                  -- the views of names behind this one follow an earlier configuration; NULL: none
) STRICT
"""

_NEW_STORE_FACTS: Final = """
INSERT INTO store_facts (id, incarnation, instant_us, run_sequence) VALUES (1, :incarnation, 0, 0)
"""
