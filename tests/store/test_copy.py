"""Copies that are handed over, and copies that arrive: nothing half is ever called one."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from registry.errors import Conflict, StoreFault, StoreFull, UpstreamNonsense
from registry.store.sqlite.backup import arriving, verify
from registry.store.sqlite.copy import discard_leftovers, lend
from registry.store.sqlite.presence import Presence
from tests.store.test_backup import DAMAGES, content, copy, dangle

__all__ = ["copy"]

pytestmark = pytest.mark.anyio


def _contents(folder: Path) -> set[str]:
    # The files that locks are on stay; what SQLite puts beside a store comes and goes.
    return {each.name for each in folder.iterdir() if "registry.db-" not in each.name}


def _left_behind(path: Path) -> list[Path]:
    """What a process leaves beside *path* that is killed while it copies."""
    names = (f".{path.name}.copying-for-download", f".{path.name}.copying-for-download-journal")
    for name in names:
        path.with_name(name).write_bytes(b"half of it")
    return [path.with_name(name) for name in names]


def _nothing() -> None:
    """Nothing goes wrong."""


def _arrive(content: bytes, target: Path, *, meanwhile: Callable[[], object] = _nothing) -> None:
    with arriving(target) as written:
        written.write(content)
        meanwhile()


def _cut_short() -> None:
    raise UpstreamNonsense("cut short")


def _never() -> None:
    raise AssertionError("nothing may be sent for it")


class TestLend:
    @pytest.mark.parametrize("tidied", [discard_leftovers, lambda path: lend(path).close()])
    def test_who_died_half_way_is_tidied_up_after(self, path: Path, tidied: Callable[[Path], None]) -> None:
        """
        What a killed process left of a copy is gone after the next start, or the next copy, whichever comes first.
        """
        _left_behind(path)

        tidied(path)

        assert _contents(path.parent) == {"registry.db"}

    def test_a_start_leaves_a_copy_alone(self, path: Path) -> None:
        """
        Tidying up does not touch what another process is copying.
        """
        with closing(Presence(path, "copy")) as copying:
            assert copying.claim_alone()
            begun = _left_behind(path)

            discard_leftovers(path)

        assert [each.exists() for each in begun] == [True, True]

    def test_an_unsound_store_is_our_fault(self, path: Path) -> None:
        """
        A copy that is not sound is not handed over, and the next who asks is answered alike.
        """
        dangle(path)

        for _ in range(2):
            with pytest.raises(StoreFault, match="itself is not sound"):
                lend(path)
        assert _contents(path.parent) == {"registry.db"}

    def test_no_room(self, path: Path) -> None:
        """
        What does not fit beside the store is not begun: the store itself may need the space that is left.
        """
        before = path.stat().st_size
        os.truncate(path, shutil.disk_usage(path).free)

        with pytest.raises(StoreFull, match="no space left for a copy"):
            lend(path)
        os.truncate(path, before)

        assert _contents(path.parent) == {"registry.db"}
        lend(path).close()

    def test_no_store(self, tmp_path: Path) -> None:
        """
        A store that does not exist is not made by copying it.
        """
        with pytest.raises(StoreFault, match=r"no backup was made of none\.db"):
            lend(tmp_path / "none.db")

        assert not (tmp_path / "none.db").exists()


class TestArriving:
    async def test_gets_its_name_when_it_is_whole(self, copy: Path, tmp_path: Path) -> None:
        """
        A sound copy that arrived is a backup, for its owner alone; until then nothing has its name.
        """
        target = tmp_path / "arrived.db"
        before: list[bool] = []

        _arrive(content(copy), target, meanwhile=lambda: before.append(target.exists()))

        verify(target)
        assert before == [False]
        assert target.stat().st_mode & 0o777 == 0o600
        assert _contents(tmp_path) == {"registry.db", "copy", "arrived.db"}

    @pytest.mark.parametrize("damage", DAMAGES[:-1])
    async def test_any_damage(self, copy: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
        """
        What arrived and is not sound is nobody's backup, and nothing is left of it.
        """
        damage(copy)

        with pytest.raises(UpstreamNonsense, match="not a sound store"):
            _arrive(content(copy), tmp_path / "arrived.db")

        assert _contents(tmp_path) == {"registry.db", "copy"}

    async def test_what_goes_wrong_on_the_way(self, copy: Path, tmp_path: Path) -> None:
        """
        An error between its first and its last byte leaves nothing, and comes out as it is.
        """
        with pytest.raises(UpstreamNonsense, match="cut short"):
            _arrive(content(copy), tmp_path / "arrived.db", meanwhile=_cut_short)

        assert _contents(tmp_path) == {"registry.db", "copy"}

    async def test_never_overwrites(self, copy: Path, tmp_path: Path) -> None:
        """
        What has the name already keeps it, also if it came while the copy arrived.
        """
        target = tmp_path / "arrived.db"

        with pytest.raises(Conflict, match="never overwrites"):
            _arrive(content(copy), target, meanwhile=lambda: target.write_bytes(b"precious"))
        with pytest.raises(Conflict, match="never overwrites"):
            _arrive(b"", target, meanwhile=_never)

        assert content(target) == b"precious"

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        """
        Where it cannot be written the fault says so.
        """
        with pytest.raises(StoreFault, match="no backup was written"):
            _arrive(b"", tmp_path / "nowhere" / "arrived.db", meanwhile=_never)
