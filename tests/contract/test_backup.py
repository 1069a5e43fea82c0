"""A copy made while others write, and what restoring it means to whoever cached something."""

import asyncio
from pathlib import Path

import pytest

from registry.catalog.query import Query
from registry.errors import Conflict, StoreFault
from registry.store.interface import Store
from tests.contract.engines import Engine, entry, everyone, keys, opened, put, walk
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio


class TestBackup:
    async def test_is_the_store_as_it_was(
        self, store: Store, engine: Engine, tmp_path: Path, clock: FrozenClock
    ) -> None:
        """
        A restored backup answers as the store did when it was made, and says how large it is.
        """
        await put(store, entry("com.acme/payroll"))
        target = tmp_path / "100% of it?#1.backup"

        size_bytes = await store.backup(target)

        await put(store, entry("com.acme/later"))
        await engine.restore(target, tmp_path / "elsewhere", clock)
        async with opened(engine, tmp_path / "elsewhere", clock) as restored:
            assert keys(await walk(everyone(restored), Query())) == [("com.acme/payroll", "1.0.0")]
        assert size_bytes == target.stat().st_size

    async def test_is_consistent_while_others_write(
        self, store: Store, engine: Engine, tmp_path: Path, clock: FrozenClock
    ) -> None:
        """
        Every change is in it whole or not at all, however many are made meanwhile.
        """
        pairs = 0
        made = asyncio.create_task(store.backup(tmp_path / "copy"))
        while not made.done() or pairs < 20:
            await put(store, entry(f"com.acme/a{pairs}"), entry(f"com.acme/b{pairs}"))
            pairs += 1
        await made

        await engine.restore(tmp_path / "copy", tmp_path / "elsewhere", clock)
        async with opened(engine, tmp_path / "elsewhere", clock) as restored:
            names = [name for name, _ in keys(await walk(everyone(restored), Query()))]
            assert {name[10:] for name in names if name[9] == "a"} == {name[10:] for name in names if name[9] == "b"}

    async def test_never_overwrites(self, store: Store, tmp_path: Path) -> None:
        """
        A target that exists is refused and stays as it is.
        """
        target = tmp_path / "precious"
        target.write_bytes(b"precious")

        with pytest.raises(Conflict, match="never overwrites"):
            await store.backup(target)

        assert target.read_bytes() == b"precious"

    async def test_nothing_is_left_of_one_that_failed(self, store: Store, tmp_path: Path) -> None:
        """
        Where a copy cannot be written the fault says so, and no half of one lies about.
        """
        before = _names_in(tmp_path)

        with pytest.raises(StoreFault, match="no backup was written"):
            await store.backup(tmp_path / "no such folder" / "copy")

        assert _names_in(tmp_path) == before


class TestRestore:
    async def test_no_generation_is_believed_again(
        self, engine: Engine, tmp_path: Path, clock: FrozenClock, store: Store
    ) -> None:
        """
        After a restore every generation is new, also where the same number comes up again.
        """
        await store.backup(tmp_path / "copy")
        seen = {everyone(store).generation()}
        for number in range(5):
            await put(store, entry(f"com.acme/s{number}"))
            seen.add(everyone(store).generation())

        await engine.restore(tmp_path / "copy", tmp_path / "elsewhere", clock)
        async with opened(engine, tmp_path / "elsewhere", clock) as restored:
            for number in range(5):
                assert everyone(restored).generation() not in seen
                await put(restored, entry(f"com.acme/other{number}"))


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
