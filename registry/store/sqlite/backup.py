"""Copies of the file: made while it is written to, verified before they are called a backup, and put back.

A restored file gets a new incarnation: its generations go back, and nothing cached before may be believed.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from registry.clock import Clock
from registry.errors import Conflict, Invalid, StoreFault, UpstreamNonsense
from registry.ids import new_id
from registry.store.sqlite.connection import APPLICATION_ID, open_reader, open_unchanged
from registry.store.sqlite.presence import Presence
from registry.store.sqlite.turnstile import Turnstile

_BESIDE: Final = ("-wal", "-shm")


def backup(path: Path, target: Path) -> int:
    """
    Write a consistent, verified copy of *path* to *target*; its size in bytes. Readers and writers go on.

    Raises:
        Conflict: *target* exists.
        StoreFault: the copy could not be made, or is not sound; nothing is left at *target*.
    """
    partial = _partial(target)
    try:
        write_copy(path, partial)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.link(partial, target)
    except (sqlite3.Error, OSError) as error:
        raise StoreFault(f"no backup was written to {target}: {error}") from error
    finally:
        discard(partial)
    return target.stat().st_size


@contextmanager
def arriving(target: Path) -> Iterator[BinaryIO]:
    """
    A file to write a copy into that comes from elsewhere. Left without an error, it is verified and named *target*.

    Whatever goes wrong, nothing is left at *target*.

    Raises:
        Conflict: *target* exists.
        UpstreamNonsense: what arrived is not a sound store.
        StoreFault: it could not be written.
    """
    partial = _partial(target)
    try:
        with open(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as written:
            yield written
            written.flush()
            os.fsync(written.fileno())
        _verify_arrived(partial, target)
        os.link(partial, target)
        _keep_name(target)
    except FileExistsError as error:
        raise Conflict(f"{target} exists; a backup never overwrites") from error
    except OSError as error:
        raise StoreFault(f"no backup was written to {target}: {error}") from error
    finally:
        discard(partial)


def write_copy(path: Path, fresh: Path) -> None:
    """
    Copy *path*, consistent and verified, to *fresh*, which must not exist. What was begun stays there if it fails.

    Raises:
        StoreFault: the copy is not sound.
        sqlite3.Error, OSError: it could not be made.
    """
    with closing(open_reader(path)) as source, closing(sqlite3.connect(fresh)) as copy:
        os.chmod(fresh, 0o600)
        # One step holds one read snapshot; several would start anew whenever somebody writes.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")
    try:
        verify(fresh)
    except Invalid as error:
        # What is wrong with the copy is wrong with the store: ours, not the caller's.
        raise StoreFault(f"no backup was written: the store {path} itself is not sound") from error


def discard(path: Path) -> None:
    """Remove the file and what SQLite may have put beside it."""
    for leftover in (path, *(path.with_name(path.name + suffix) for suffix in (*_BESIDE, "-journal"))):
        leftover.unlink(missing_ok=True)


def verify(path: Path) -> None:
    """Raises Invalid if *path* is not a sound store: wrong kind of file, damaged, or with dangling references."""
    try:
        with closing(open_unchanged(path)) as connection:
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise Invalid(f"{path} is not a store of this registry")
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise Invalid(f"{path} is not a sound store: {error}") from error
    if found != "ok" or dangling is not None:
        raise Invalid(f"{path} is not a sound store: {found if found != 'ok' else 'references that lead nowhere'}")


def restore(source: Path, path: Path, clock: Clock) -> Path | None:
    """
    Put the backup *source* in the place of the store *path*; where the store that was there is now, if any.

    Raises:
        Invalid: *source* is not a sound store.
        Conflict: a server runs on *path*; it must be stopped first.
    """
    verify(source)
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(Presence(path)) as presence, closing(Turnstile(path)) as turnstile:
        if not presence.claim_alone():
            raise Conflict(f"a process uses {path}; stop it before restoring")
        with turnstile.turn():
            fresh = path.with_name(path.name + ".restoring")
            fresh.unlink(missing_ok=True)
            try:
                _copy_renewed(source, fresh, clock)
                kept = _keep(path, clock)
                os.replace(fresh, path)
            except (sqlite3.Error, OSError) as error:
                raise StoreFault(f"could not restore {path}: {error}") from error
            finally:
                fresh.unlink(missing_ok=True)
    return kept


def _partial(target: Path) -> Path:
    """Where what becomes *target* is written first, free."""
    if target.exists():
        raise Conflict(f"{target} exists; a backup never overwrites")
    partial = target.with_name(target.name + ".partial")
    discard(partial)
    return partial


def _verify_arrived(partial: Path, target: Path) -> None:
    try:
        verify(partial)
    except Invalid as error:
        raise UpstreamNonsense(f"no backup was written to {target}: what arrived is not a sound store") from error


def _keep_name(path: Path) -> None:
    # A name is in the directory, which has its own way to the disk.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _copy_renewed(source: Path, fresh: Path, clock: Clock) -> None:
    with (
        closing(open_unchanged(source)) as original,
        closing(sqlite3.connect(fresh)) as copy,
    ):
        os.chmod(fresh, 0o600)
        original.backup(copy)
        copy.execute("UPDATE store_facts SET incarnation = ?", (new_id("store", clock.now_us()),))
        copy.commit()
        copy.execute("PRAGMA journal_mode = DELETE")


def _keep(path: Path, clock: Clock) -> Path | None:
    """Give the store at *path* a second name, under which it stays; None if there is none."""
    if path.exists():
        _fold_log(path)
    kept = _unused(path.with_name(f"{path.name}.before-restore-{clock.now_us() // 1_000_000}"))
    for suffix in _BESIDE:
        # A log that stayed belongs to the file it was written for; beside another one it would be read into that.
        leftover = path.with_name(path.name + suffix)
        if leftover.exists():
            os.replace(leftover, kept.with_name(kept.name + suffix))
    if not path.exists():
        return None
    # A link and not a move: whenever this process dies, there is a store at *path*.
    os.link(path, kept)
    return kept


def _unused(path: Path) -> Path:
    """*path*, or the first of `path-2`, `path-3` … that nothing of an earlier store lies under."""
    number, free = 1, path
    while any(free.with_name(free.name + suffix).exists() for suffix in ("", *_BESIDE)):
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _fold_log(path: Path) -> None:
    # A damaged store is what a restore is for: then file and log are kept as they are.
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode = DELETE")
