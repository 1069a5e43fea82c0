"""A copy made while others write, and what restoring it means to whoever cached something."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from registry.catalog.query import Query
from registry.errors import Conflict, StoreFault, Throttled
from registry.store.interface import Copy, Store
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


class TestCopy:
    async def test_is_what_a_backup_would_be(
        self, store: Store, engine: Engine, tmp_path: Path, clock: FrozenClock
    ) -> None:
        """
        What is read from a copy, whatever is written meanwhile, is as large as was said, has the digest that was said
        before, and restores the store as it was.
        """
        await put(store, entry("com.acme/payroll"))

        async with store.copy() as copy:
            await put(store, entry("com.acme/later"))
            read = await _read(copy)

        (tmp_path / "read").write_bytes(read)
        await engine.restore(tmp_path / "read", tmp_path / "elsewhere", clock)
        async with opened(engine, tmp_path / "elsewhere", clock) as restored:
            assert keys(await walk(everyone(restored), Query())) == [("com.acme/payroll", "1.0.0")]
        assert (copy.size_bytes, copy.sha256) == (len(read), hashlib.sha256(read).digest())

    async def test_one_at_a_time(self, store: Store, engine: Engine, tmp_path: Path, clock: FrozenClock) -> None:
        """
        While one is made or read there is no second one, from whichever process; after it there is.
        """
        async with opened(engine, tmp_path, clock) as other:
            async with store.copy():
                for each in (store, other):
                    with pytest.raises(Throttled, match="already"):
                        await each.copy().__aenter__()

            async with other.copy() as copy:
                assert len(await _read(copy)) == copy.size_bytes

    async def test_leaves_nothing(self, store: Store, tmp_path: Path) -> None:
        """
        A copy takes no name: while it is read and after it the folder holds what it held before.
        """
        async with store.copy():
            before = _names_in(tmp_path)

        async with store.copy() as copy:
            await copy.read(1)
            assert _names_in(tmp_path) == before

        assert _names_in(tmp_path) == before

    async def test_whoever_gives_up_holds_nothing(self, store: Store) -> None:
        """
        One that nobody waits for any more is given back as soon as it is made.
        """
        giving_up = asyncio.create_task(store.copy().__aenter__())
        await asyncio.sleep(0)
        giving_up.cancel()
        await asyncio.wait({giving_up})

        async with asyncio.timeout(10):
            # A thread makes it that cannot be asked when it will be through.
            while not await _can_be_copied(store):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        assert giving_up.cancelled()


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


async def _read(copy: Copy) -> bytes:
    parts = []
    while part := await copy.read(100_000):
        parts.append(part)
    return b"".join(parts)


async def _can_be_copied(store: Store) -> bool:
    try:
        async with store.copy():
            return True
    except Throttled:
        return False


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
