"""All or nothing, and the instant of a change."""

import asyncio
from pathlib import Path

import pytest

from registry.catalog.query import Query
from registry.errors import Conflict, Refused
from registry.store.interface import Store, Transaction
from schemas.rfc3339 import parse_instant
from tests.contract.engines import (
    NOW_US,
    Engine,
    configure,
    entry,
    everyone,
    everything,
    keys,
    mirror,
    opened,
    put,
    run,
    source,
    walk,
)
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio


class TestAllOrNothing:
    async def test_returns_what_the_operation_returned(self, store: Store) -> None:
        """
        Who asked gets the operation's own answer.
        """
        assert await store.transact(lambda transaction: ("answer", transaction.team_exists("everyone"))) == (
            "answer",
            True,
        )

    async def test_a_refusal_leaves_nothing(self, store: Store) -> None:
        """
        What an operation raises reaches who asked, and everything it wrote is gone.
        """

        def refused(transaction: Transaction) -> None:
            mirror(transaction, [entry("com.acme/payroll")])
            transaction.put_run(run(1))
            raise Refused("not like this")

        before = everyone(store).generation()

        with pytest.raises(Refused, match="not like this"):
            await store.transact(refused)

        assert await everything(store) == {}
        assert store.snapshot().runs(upstream=None, limit=10) == []
        assert everyone(store).generation() == before

    async def test_who_fails_does_not_take_others_along(self, store: Store) -> None:
        """
        Of changes that were waiting together the sound ones are in force, each whole.
        """

        async def ask(number: int) -> str:
            def operation(transaction: Transaction) -> str:
                mirror(transaction, [entry(f"com.acme/s{number:02d}")])
                if number % 3 == 0:
                    raise Conflict(f"number {number}")
                return f"done {number}"

            return await store.transact(operation)

        outcomes = await asyncio.gather(*(ask(number) for number in range(30)), return_exceptions=True)

        assert [isinstance(outcome, Conflict) for outcome in outcomes] == [number % 3 == 0 for number in range(30)]
        assert list(await everything(store)) == [(f"com.acme/s{n:02d}", "1.0.0") for n in range(30) if n % 3]

    async def test_changes_are_made_in_the_order_they_were_asked_for(self, store: Store) -> None:
        """
        Each operation sees what those before it wrote, durable or not.
        """

        async def ask(number: int) -> int:
            return await store.transact(lambda transaction: transaction.next_sequence(), durable=number % 2 == 0)

        assert await asyncio.gather(*(ask(number) for number in range(20))) == list(range(1, 21))

    async def test_in_force_when_it_returns(self, store: Store, engine: Engine, tmp_path: Path) -> None:
        """
        A change that has returned is seen at once by everybody who has the store open.
        """
        async with opened(engine, tmp_path, FrozenClock(NOW_US)) as other:
            for number in range(10):
                await put(store, entry(f"com.acme/s{number}"), of="official")

                assert len(await walk(everyone(other), Query())) == number + 1

    async def test_survives_being_closed(self, engine: Engine, tmp_path: Path, clock: FrozenClock) -> None:
        """
        What was written is there when the store is opened again.
        """
        async with opened(engine, tmp_path, clock) as store:
            await configure(store, source())
            await put(store, entry("com.acme/payroll"))
            generation = everyone(store).generation()

        async with opened(engine, tmp_path, clock) as store:
            assert keys(await walk(everyone(store), Query())) == [("com.acme/payroll", "1.0.0")]
            assert everyone(store).generation() == generation


class TestInstant:
    async def test_is_the_clock(self, store: Store, clock: FrozenClock) -> None:
        """
        While the clock goes on, a change is made at the clock's own time.
        """
        clock.advance(10)

        assert await store.transact(lambda transaction: transaction.instant_us) == NOW_US + 10_000_000

    async def test_one_for_the_whole_transaction(self, store: Store, clock: FrozenClock) -> None:
        """
        Everything a transaction writes is written at one instant.
        """

        def operation(transaction: Transaction) -> tuple[int, int]:
            first = transaction.instant_us
            clock.advance(5)
            mirror(transaction, [entry("com.acme/a"), entry("com.acme/b")])
            return first, transaction.instant_us

        first, last = await store.transact(operation)

        blocks = (await everything(store)).values()
        assert first == last
        assert {parse_instant(block["updatedAt"]) for block in blocks} == {first}

    @pytest.mark.parametrize("step_us", [0, -1, -3_600_000_000, -NOW_US])
    async def test_later_than_any_before_also_when_the_clock_steps_back(
        self, store: Store, clock: FrozenClock, step_us: int
    ) -> None:
        """
        Nobody who polls with the newest instant seen can miss a change.
        """
        await put(store, entry("com.acme/first"))
        newest_us = await store.transact(lambda transaction: transaction.instant_us)
        clock.step_to(NOW_US + step_us)

        await put(store, entry("com.acme/second"))

        found = await walk(everyone(store), Query(updated_since_us=newest_us))
        assert keys(found) == [("com.acme/second", "1.0.0")]

    async def test_later_than_those_of_others(self, store: Store, engine: Engine, tmp_path: Path) -> None:
        """
        Also a process whose own clock is an hour behind writes later instants than all before.
        """
        behind = FrozenClock(NOW_US - 3_600_000_000)
        async with opened(engine, tmp_path, behind) as other:
            instants = [await each.transact(lambda transaction: transaction.instant_us) for each in (store, other) * 5]

        assert instants == sorted(set(instants))

    async def test_changes_committed_together_have_instants_of_their_own(self, store: Store) -> None:
        """
        Operations that share a commit are still told apart by their instants.
        """
        instants = await asyncio.gather(
            *(store.transact(lambda transaction: transaction.instant_us) for _ in range(20))
        )

        assert len(set(instants)) == 20


class TestFault:
    async def test_none_while_writes_work(self, store: Store) -> None:
        """
        A store that writes has no fault to report, also after an operation of its own was refused.
        """

        def refused(transaction: Transaction) -> None:
            raise Refused("no")

        with pytest.raises(Refused):
            await store.transact(refused)
        await put(store, entry("com.acme/payroll"))

        assert store.fault is None
