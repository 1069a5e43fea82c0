"""Copies of the file: what is believed of one, and how one is put back."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from registry import RELEASE
from registry.clock import SystemClock
from registry.errors import Conflict, Invalid, StoreFault
from registry.store.sqlite.backup import backup, restore, verify
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.presence import Presence
from registry.store.sqlite.store import SqliteStore
from tests.contract.engines import configure, entry, everything, put, source
from tests.doubles.clock import FrozenClock
from tests.store.processes import another

pytestmark = pytest.mark.anyio


def dangle(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO superseded_documents (entry_id, document_id, superseded_us) VALUES (7, 7, 7)")


def _overwrite(path: Path, *, at: int) -> None:
    damaged = bytearray(path.read_bytes())
    damaged[at : at + 4096] = b"\xa5" * 4096
    path.write_bytes(damaged)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20_000])


def _disown(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 7")


DAMAGES: list[Callable[[Path], None]] = [
    dangle,
    _truncate,
    _disown,
    lambda path: _overwrite(path, at=0),
    lambda path: _overwrite(path, at=9 * 8192),
    lambda path: _replace_by(path, b""),
    lambda path: _replace_by(path, b"no database" * 1000),
    Path.unlink,
]


def _replace_by(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _replace(path: Path, other: Path, content: bytes) -> None:
    """*other* with *content* instead of *path*."""
    path.unlink()
    other.write_bytes(content)


def content(path: Path) -> bytes:
    return path.read_bytes()


def _past_header(path: Path, header_bytes: int = 100) -> bytes:
    # The header says among other things whether there is a log beside the file, which a restore folds in.
    return path.read_bytes()[header_bytes:]


def _damaged(path: Path, damage: Callable[[Path], None]) -> bytes:
    damage(path)
    return _past_header(path)


def _modes_of_copies(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir() if each.name.startswith("copy")}


async def _names(path: Path) -> list[str]:
    store = SqliteStore(path, SystemClock())
    try:
        return [name for name, _ in await everything(store)]
    finally:
        await store.aclose()


@pytest.fixture
async def copy(path: Path, tmp_path: Path) -> Path:
    """A backup of a store with one server in it, `com.acme/before`; the store itself has `com.acme/after` too."""
    store = SqliteStore(path, SystemClock())
    await configure(store, source())
    await put(store, entry("com.acme/before"))
    await store.backup(tmp_path / "copy")
    await put(store, entry("com.acme/after"))
    await store.aclose()
    return tmp_path / "copy"


class TestVerify:
    async def test_a_sound_copy(self, copy: Path) -> None:
        """
        A backup is a single file that is believed, readable by its owner alone, and verifying leaves nothing beside it.
        """
        verify(copy)

        assert _modes_of_copies(copy.parent) == {"copy": 0o600}

    @pytest.mark.parametrize("damage", DAMAGES)
    async def test_any_damage(self, copy: Path, damage: Callable[[Path], None]) -> None:
        """
        What is not a whole, sound store of ours is not believed, whatever is wrong with it.
        """
        damage(copy)

        with pytest.raises(Invalid, match="not a"):
            verify(copy)


class TestBackup:
    def test_an_unsound_store_is_our_fault(self, path: Path, tmp_path: Path) -> None:
        """
        A copy that is not sound is not called a backup, and the fault is with the store, not with who asked.
        """
        dangle(path)

        with pytest.raises(StoreFault, match="itself is not sound"):
            backup(path, tmp_path / "copy")

        assert not [each for each in tmp_path.iterdir() if each.name.startswith("copy")]

    def test_no_store(self, tmp_path: Path) -> None:
        """
        A store that does not exist is not made by backing it up.
        """
        with pytest.raises(StoreFault, match="no backup was written"):
            backup(tmp_path / "none.db", tmp_path / "copy")

        assert list(tmp_path.iterdir()) == []


class TestRestore:
    async def test_puts_the_backup_in_place_and_keeps_what_was_there(self, path: Path, copy: Path) -> None:
        """
        Afterwards the store is what the backup was; what it replaced lies beside it, whole.
        """
        kept = restore(copy, path, SystemClock())

        assert kept is not None
        assert await _names(path) == ["com.acme/before"]
        verify(kept)
        migrate(kept, clock=SystemClock(), release=RELEASE)
        assert await _names(kept) == ["com.acme/after", "com.acme/before"]

    async def test_where_there_was_none(self, copy: Path, tmp_path: Path) -> None:
        """
        A backup can be put where there is no store, nor a folder for one.
        """
        assert restore(copy, tmp_path / "else" / "where.db", SystemClock()) is None
        assert await _names(tmp_path / "else" / "where.db") == ["com.acme/before"]

    async def test_refused_while_another_process_uses_it(self, path: Path, copy: Path) -> None:
        """
        Nothing is put under a running server; once it has ended, however it did, the way is free.
        """
        with another("stay", path) as server:
            assert server.line() == "open"
            with pytest.raises(Conflict, match="stop it"):
                restore(copy, path, SystemClock())
            server.kill()

        restore(copy, path, SystemClock())

        assert await _names(path) == ["com.acme/before"]

    def test_no_server_starts_meanwhile(self, path: Path) -> None:
        """
        A store that is being restored cannot be opened.
        """
        with closing(Presence(path)) as restoring:
            assert restoring.claim_alone()

            with pytest.raises(StoreFault, match="being restored"):
                SqliteStore(path, SystemClock())

    @pytest.mark.parametrize("damage", DAMAGES)
    async def test_a_bad_backup_changes_nothing(self, path: Path, copy: Path, damage: Callable[[Path], None]) -> None:
        """
        What is not believed is not put in place.
        """
        damage(copy)

        with pytest.raises(Invalid, match="not a"):
            restore(copy, path, SystemClock())

        assert await _names(path) == ["com.acme/after", "com.acme/before"]

    @pytest.mark.parametrize("damage", DAMAGES[:-1])
    async def test_over_a_damaged_store(self, path: Path, copy: Path, damage: Callable[[Path], None]) -> None:
        """
        A damaged store is what a restore is for: it is replaced, and kept as it is.
        """
        damaged = _damaged(path, damage)

        kept = restore(copy, path, SystemClock())

        assert kept is not None
        assert _past_header(kept) == damaged
        assert await _names(path) == ["com.acme/before"]

    async def test_a_log_without_its_store(self, path: Path, copy: Path) -> None:
        """
        A log that stayed behind is set aside too, never read into the file that comes.
        """
        store = SqliteStore(path, SystemClock())
        await put(store, entry("com.acme/logged"))
        log = path.with_name(path.name + "-wal")
        kept = _past_header(log, 0)
        await store.aclose()
        _replace(path, log, kept)

        restore(copy, path, SystemClock())

        assert await _names(path) == ["com.acme/before"]

    async def test_twice_at_the_same_instant(self, path: Path, copy: Path) -> None:
        """
        Nothing that was set aside is ever overwritten, however fast one restores.
        """
        clock = FrozenClock(1_000_000)

        kept = {restore(copy, path, clock) for _ in range(3)}

        assert len(kept) == 3
        assert None not in kept
        assert await _names(path) == ["com.acme/before"]
