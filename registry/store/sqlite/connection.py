"""Opening a connection to the file.

The page size is chosen for the widest hot row, a whole item of a list of about a kilobyte, so that neighbours in
a page of a list are neighbours in the file. Reads go through a memory map: the pages belong to the operating
system's cache and not to each worker's heap.
"""

import sqlite3
from pathlib import Path
from typing import Final

APPLICATION_ID: Final = 0x4D435052
"""Marks the file as ours (`MCPR`)."""

_PAGE_BYTES: Final = 8192
_MAPPED_BYTES: Final = 8 << 30
_READER_CACHE_KIB: Final = 8 * 1024
_WRITER_CACHE_KIB: Final = 32 * 1024
# The turnstile keeps writers apart; this only covers a checkpoint or a recovery after a crash.
_BUSY_MS: Final = 5000


def open_writer(path: Path) -> sqlite3.Connection:
    """The connection of a writing thread; makes the file if there is none. Raises sqlite3.Error if it cannot."""
    return _prepared(
        sqlite3.connect(path, isolation_level=None, check_same_thread=False),
        f"PRAGMA page_size = {_PAGE_BYTES}",
        "PRAGMA journal_mode = WAL",
        *_common(cache_kib=_WRITER_CACHE_KIB),
        "PRAGMA foreign_keys = ON",
        "PRAGMA synchronous = FULL",
        # The writer checkpoints outside its turn (writer.py): inside a commit it would keep the others waiting.
        "PRAGMA wal_autocheckpoint = 0",
        # Without this a log that once grew during a full sync keeps its size for ever.
        f"PRAGMA journal_size_limit = {64 << 20}",
    )


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Raises sqlite3.OperationalError if there is no file."""
    # Read and write, since who reads beside a log has to write to the memory that is shared about it.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return _prepared(
        sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False),
        *_common(cache_kib=_READER_CACHE_KIB),
        "PRAGMA query_only = ON",
    )


def open_unchanged(path: Path) -> sqlite3.Connection:
    """A connection for looking at a file of unknown origin. Raises sqlite3.OperationalError if there is none."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _common(*, cache_kib: int) -> tuple[str, ...]:
    return (
        f"PRAGMA busy_timeout = {_BUSY_MS}",
        f"PRAGMA cache_size = -{cache_kib}",
        f"PRAGMA mmap_size = {_MAPPED_BYTES}",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA trusted_schema = OFF",
    )


def _prepared(connection: sqlite3.Connection, *statements: str) -> sqlite3.Connection:
    try:
        for statement in statements:
            connection.execute(statement)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
