"""A copy of the file for somebody who reads it over a network: verified, measured, and without a name.

Its name is taken away before anybody reads it, so that the kernel frees it whatever becomes of who reads, or of this
process. What a process leaves behind that dies while it copies is removed by whoever copies next, and at the start.
"""

import asyncio
import errno
import hashlib
import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO, Final

from registry.errors import StoreFault, StoreFull, Throttled
from registry.store.sqlite.backup import discard, write_copy
from registry.store.sqlite.presence import Presence

_SPARED_BYTES: Final = 64 << 20
"""What stays free beside a copy, so that the store itself can go on growing meanwhile."""

_RETRY_AFTER_S: Final = 10
_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
_FULL_ERRNO: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class SqliteCopy:
    """See interface.Copy."""

    def __init__(self, file: BinaryIO, alone: Presence, *, size_bytes: int, sha256: bytes) -> None:
        self.size_bytes: Final = size_bytes
        self.sha256: Final = sha256
        self._file = file
        self._alone = alone

    async def read(self, count: int) -> bytes:
        return await asyncio.to_thread(self._file.read, count)

    def close(self) -> None:
        """The copy is gone, and another one may be made."""
        self._file.close()
        self._alone.close()


def lend(path: Path) -> SqliteCopy:
    """
    A copy of the store at *path*, to be closed. Blocks while it is made.

    Raises:
        Throttled: one is being made or read, by whichever process.
        StoreFull: there is not enough space beside the store.
        StoreFault: the copy could not be made, or is not sound.
    """
    with ExitStack() as opened:
        try:
            alone = Presence(path, "copy")
            opened.callback(alone.close)
            if not alone.claim_alone():
                raise Throttled(
                    "a backup is being taken already; try again when it is through", retry_after_s=_RETRY_AFTER_S
                )
            discard(_named(path))
            _require_room(path)
            try:
                write_copy(path, _named(path))
                file = opened.enter_context(_named(path).open("rb"))
            finally:
                discard(_named(path))
            sha256 = hashlib.file_digest(file, "sha256").digest()
            size_bytes = file.tell()
            file.seek(0)
        except (sqlite3.Error, OSError) as error:
            if _is_full(error):
                raise _no_room(path) from error
            raise StoreFault(f"no backup was made of {path.name}: {error}") from error
        opened.pop_all()
    return SqliteCopy(file, alone, size_bytes=size_bytes, sha256=sha256)


def discard_leftovers(path: Path) -> None:
    """Remove what a process left behind that died while it copied. Harmless while another one copies."""
    with closing(Presence(path, "copy")) as alone:
        if alone.claim_alone():
            discard(_named(path))


def _named(path: Path) -> Path:
    # Nobody would call a backup of his own like this.
    return path.with_name(f".{path.name}.copying-for-download")


def _require_room(path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    needed = path.stat().st_size + (log.stat().st_size if log.exists() else 0) + _SPARED_BYTES
    if shutil.disk_usage(path.parent).free < needed:
        raise _no_room(path)


def _no_room(path: Path) -> StoreFull:
    return StoreFull(
        f"no space left for a copy of {path.name} beside it; free some, or take the backup on the machine that has the "
        "store, with --config, to another disk"
    )


def _is_full(error: sqlite3.Error | OSError) -> bool:
    if isinstance(error, OSError):
        return error.errno in _FULL_ERRNO
    return getattr(error, "sqlite_errorcode", None) in _FULL
