"""Moving the log into the file beside the writes: what whoever writes is told about it."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from registry.store.sqlite.checkpoints import CHECKPOINT, Checkpoints
from registry.store.sqlite.connection import open_writer

_PATIENCE_S = 20.0


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that has written about thirty pages, all of which are in the log."""
    with closing(open_writer(path)) as connection:
        connection.execute("CREATE TABLE things (body BLOB)")
        for _ in range(30):
            connection.execute("INSERT INTO things VALUES (zeroblob(8000))")
        yield connection


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether *holds* comes to be true; asked over and over."""
    ends = time.monotonic() + _PATIENCE_S
    while time.monotonic() < ends:
        if holds():
            return True
    return False


class TestCheckpoints:
    def test_a_log_that_is_too_long_is_told_once(self, tmp_path: Path) -> None:
        """
        Whoever writes without a pause finds out that the log needs one, and is not told again until it does again.
        """
        with writing(tmp_path / "a.db"), closing(Checkpoints(tmp_path / "a.db", most_pages=10)) as checkpoints:
            checkpoints.want()

            assert eventually(checkpoints.take_long)
            assert not checkpoints.take_long()

    def test_moves_everything_while_others_have_the_file_open(self, tmp_path: Path) -> None:
        """
        What is asked for aside is done: what was in the log is in the file, and the next write begins the log anew.
        """
        with writing(tmp_path / "a.db") as connection, closing(Checkpoints(tmp_path / "a.db", most_pages=10)) as aside:
            aside.want()
            assert eventually(aside.take_long)

            connection.execute("INSERT INTO things VALUES (zeroblob(8000))")

            _, pages, _ = connection.execute(CHECKPOINT).fetchone()
            assert pages < 10

    def test_what_goes_wrong_is_told_once(self, tmp_path: Path) -> None:
        """
        A checkpoint that fails is a fault of the store, and whoever writes learns of it.
        """
        path = tmp_path / "a.db"
        with writing(path), closing(Checkpoints(path)) as checkpoints:
            checkpoints._connection.close()
            checkpoints.want()

            assert eventually(lambda: checkpoints.take_error() is not None)
            assert checkpoints.take_error() is None
