"""Runs, quarantine, leases, the record, retention, and what grows."""

from functools import partial
from typing import Any

import msgspec
import pytest

from registry.store.interface import Store, Transaction
from registry.store.records import AuditEvent, Lease, Quarantined, Retention, Run, RunKind, RunState
from tests.contract.engines import NOW_US, entry, put, run
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

KEEP = Retention(runs_before_us=0, quarantine_before_us=0, superseded_before_us=0)


def _quarantined(number: int, *, seen_us: int = NOW_US, **changes: Any) -> Quarantined:
    made = Quarantined(
        id=f"qua_{number:03d}",
        upstream="official",
        run="run_1",
        reason="no name",
        name=None,
        version="1.0.0",
        digest=bytes([number]) * 32,
        excerpt=b'{"x":\xff',
        size_bytes=100,
        first_seen_us=seen_us,
        last_seen_us=seen_us,
    )
    return msgspec.structs.replace(made, **changes)


def _put_run(made: Run, transaction: Transaction) -> None:
    transaction.put_run(made)


async def _put_runs(store: Store, *sequences: int, upstream: str = "official", **changes: Any) -> None:
    for sequence in sequences:
        made = run(sequence, upstream=upstream, **changes)
        await store.transact(partial(_put_run, made))


async def _quarantine(store: Store, *given: Quarantined) -> None:
    def operation(transaction: Transaction) -> None:
        for each in given:
            transaction.put_quarantined(each)

    await store.transact(operation)


class TestRuns:
    async def test_is_kept_whole(self, store: Store) -> None:
        """
        Every member of a run comes back as it was put.
        """
        given = run(
            3,
            state=RunState.REFUSED,
            kind=RunKind.INCREMENTAL,
            started_us=1,
            finished_us=2,
            since_us=3,
            cursor="com.acme/payroll:1.0.0",
            pages=4,
            seen=5,
            new=6,
            changed=7,
            withdrawn=8,
            quarantined=9,
            unchanged=10,
            expected=11,
            newest_us=12,
            accepts="run_2",
            reason="would withdraw too much",
        )

        await store.transact(lambda transaction: transaction.put_run(given))

        assert store.snapshot().run("run_3") == given
        assert store.snapshot().run("run_4") is None

    async def test_moves_on(self, store: Store) -> None:
        """
        A run that is put again under its sequence is the same run, further on.
        """
        await _put_runs(store, 1, state=RunState.RUNNING)
        await _put_runs(store, 1, state=RunState.COMPLETED, pages=7)

        (found,) = store.snapshot().runs(upstream=None, limit=10)

        assert (found.state, found.pages) == (RunState.COMPLETED, 7)
        assert store.snapshot().runs_in(RunState.RUNNING) == []

    async def test_newest_first(self, store: Store) -> None:
        """
        Of one upstream or of all, before a sequence, no more than asked for.
        """
        await _put_runs(store, 1, 3, 5)
        await _put_runs(store, 2, 4, upstream="internal")
        runs = store.snapshot().runs

        assert [each.sequence for each in runs(upstream=None, limit=9)] == [5, 4, 3, 2, 1]
        assert [each.sequence for each in runs(upstream=None, limit=2, before=4)] == [3, 2]
        assert [each.sequence for each in runs(upstream="official", limit=2)] == [5, 3]
        assert [each.sequence for each in runs(upstream="official", limit=9, before=5)] == [3, 1]
        assert runs(upstream="none", limit=9) == []

    async def test_by_state_oldest_first(self, store: Store) -> None:
        """
        What waits is found in the order in which it was asked for.
        """
        await _put_runs(store, 2, 1, 3, state=RunState.REQUESTED)
        await _put_runs(store, 4)

        assert [each.sequence for each in store.snapshot().runs_in(RunState.REQUESTED)] == [1, 2, 3]

    async def test_sequences_grow(self, store: Store) -> None:
        """
        Every run of the file gets a number no run had before.
        """
        numbers = [await store.transact(lambda transaction: transaction.next_sequence()) for _ in range(3)]

        assert numbers == [1, 2, 3]


class TestQuarantine:
    async def test_is_kept_whole(self, store: Store) -> None:
        """
        Every member comes back as it was put, bytes that are no text included.
        """
        await _quarantine(store, _quarantined(1))

        assert store.snapshot().quarantined(upstream="official", limit=9) == [_quarantined(1)]

    async def test_the_same_again(self, store: Store) -> None:
        """
        Same upstream, same bytes, same reason: one record, first seen then, last seen now.
        """
        again = _quarantined(1, seen_us=NOW_US + 5, id="qua_999", run="run_2")

        first = [
            await store.transact(lambda transaction, each=each: transaction.put_quarantined(each))  # type: ignore[misc]  # bound per round
            for each in (_quarantined(1), again)
        ]

        assert first == [True, False]
        expected = _quarantined(1, last_seen_us=NOW_US + 5)
        assert store.snapshot().quarantined(upstream=None, limit=9) == [expected]

    @pytest.mark.parametrize(
        "difference", [{"upstream": "internal"}, {"digest": bytes(32)}, {"reason": "no version"}], ids=str
    )
    async def test_something_else(self, store: Store, difference: dict[str, Any]) -> None:
        """
        Another upstream, other bytes, or another reason is a record of its own.
        """
        await _quarantine(store, _quarantined(1), _quarantined(1, id="qua_2", **difference))

        assert len(store.snapshot().quarantined(upstream=None, limit=9)) == 2

    async def test_last_seen_first(self, store: Store) -> None:
        """
        Of one upstream or of all, no more than asked for.
        """
        given = [_quarantined(number, seen_us=NOW_US + number) for number in range(1, 5)]
        await _quarantine(store, *given, _quarantined(9, upstream="internal", seen_us=NOW_US - 1))
        quarantined = store.snapshot().quarantined

        assert [each.id for each in quarantined(upstream=None, limit=9)] == [
            "qua_004", "qua_003", "qua_002", "qua_001", "qua_009",
        ]  # fmt: skip
        assert [each.id for each in quarantined(upstream="official", limit=2)] == ["qua_004", "qua_003"]
        assert [each.id for each in quarantined(upstream="internal", limit=2)] == ["qua_009"]

    async def test_has_an_end(self, store: Store) -> None:
        """
        Of one upstream at most 1,000 are kept, those seen last; another one's are not touched.
        """
        await _quarantine(store, _quarantined(1, upstream="internal"))

        for number in range(0, 1200, 100):
            batch = range(number, number + 100)
            await _quarantine(
                store,
                *(
                    _quarantined(0, id=f"qua_{each:04d}", digest=each.to_bytes(32, "big"), seen_us=NOW_US + each)
                    for each in batch
                ),
            )

        kept = [each.id for each in store.snapshot().quarantined(upstream="official", limit=2000)]
        assert 900 <= len(kept) <= 1000
        assert kept == [f"qua_{each:04d}" for each in range(1199, 1199 - len(kept), -1)]
        assert len(store.snapshot().quarantined(upstream="internal", limit=9)) == 1


class TestLease:
    async def _take(self, store: Store, holder: str, now_us: int, ttl_us: int = 10) -> Lease | None:
        return await store.transact(
            lambda transaction: transaction.take_lease("jobs", holder=holder, now_us=now_us, ttl_us=ttl_us)
        )

    async def test_take_renew_refuse_expire(self, store: Store) -> None:
        """
        One holder at a time, for as long as it renews; who takes over gets a higher fence.
        """
        assert store.snapshot().lease("jobs") is None
        first = await self._take(store, "a", 100)
        renewed = await self._take(store, "a", 105)
        refused = await self._take(store, "b", 114)
        taken_over = await self._take(store, "b", 115)
        too_late = await self._take(store, "a", 116)

        assert first == Lease(name="jobs", holder="a", fence=1, expires_us=110)
        assert renewed == Lease(name="jobs", holder="a", fence=1, expires_us=115)
        assert (refused, too_late) == (None, None)
        assert taken_over == Lease(name="jobs", holder="b", fence=2, expires_us=125)
        assert store.snapshot().lease("jobs") == taken_over

    async def test_released_is_free_at_once(self, store: Store) -> None:
        """
        A holder that lets go need not expire, and the next one still has a higher fence.
        """
        await self._take(store, "a", 100)
        await store.transact(lambda transaction: transaction.release_lease("jobs", holder="a"))

        taken = await self._take(store, "b", 101)

        assert taken is not None
        assert (taken.holder, taken.fence) == ("b", 2)

    async def test_only_the_holder_lets_go(self, store: Store) -> None:
        """
        A release by somebody else changes nothing.
        """
        held = await self._take(store, "a", 100)

        await store.transact(lambda transaction: transaction.release_lease("jobs", holder="b"))

        assert store.snapshot().lease("jobs") == held

    async def test_leases_do_not_meddle(self, store: Store) -> None:
        """
        Each name is a lease of its own.
        """
        await self._take(store, "a", 100)

        other = await store.transact(
            lambda transaction: transaction.take_lease("other", holder="b", now_us=100, ttl_us=10)
        )

        assert other is not None
        assert other.fence == 1


def _append(event: AuditEvent, transaction: Transaction) -> None:
    transaction.append_audit(event)


class TestAudit:
    async def test_appended_in_order_at_the_instant_of_the_change(self, store: Store, clock: FrozenClock) -> None:
        """
        Events come back whole, newest first, numbered without gaps, at the instant of their transaction.
        """
        events = [
            AuditEvent(action=f"test.{n}", actor="local:x", roles=("operator",), object="x", detail={"n": n, "s": None})
            for n in range(3)
        ]

        instants = []
        for event in events:
            clock.advance(1)
            await store.transact(partial(_append, event))
            instants.append(clock.now_us())

        found = store.snapshot().audit_events(limit=9)
        assert found == [(n + 1, instants[n], events[n]) for n in (2, 1, 0)]
        assert store.snapshot().audit_events(limit=1) == found[:1]


class TestSweep:
    async def test_runs_that_ended_before(self, store: Store) -> None:
        """
        Ended runs go after their time; the newest of each upstream and those that have not ended stay.
        """
        await _put_runs(store, 1, 2, 6, finished_us=NOW_US)
        await _put_runs(store, 3, state=RunState.REQUESTED)
        await _put_runs(store, 4, finished_us=NOW_US + 2)
        await _put_runs(store, 5, upstream="internal", finished_us=NOW_US)
        retention = msgspec.structs.replace(KEEP, runs_before_us=NOW_US + 1)

        first = await store.transact(lambda transaction: transaction.sweep(retention, limit=1))
        then = await store.transact(lambda transaction: transaction.sweep(retention, limit=9))

        assert (first, then) == (1, 1)
        assert [each.sequence for each in store.snapshot().runs(upstream=None, limit=9)] == [6, 5, 4, 3]

    async def test_quarantine_last_seen_before(self, store: Store) -> None:
        """
        What has not been seen since goes; what was seen again stays.
        """
        await _quarantine(store, _quarantined(1), _quarantined(2), _quarantined(1, seen_us=NOW_US + 5))
        retention = msgspec.structs.replace(KEEP, quarantine_before_us=NOW_US + 1)

        assert await store.transact(lambda transaction: transaction.sweep(retention, limit=9)) == 1
        assert [each.id for each in store.snapshot().quarantined(upstream=None, limit=9)] == ["qua_001"]

    async def test_the_record_and_the_catalog_never_go(self, store: Store) -> None:
        """
        No retention reaches entries, their current documents, or the record of what happened.
        """
        await put(store, entry("com.acme/payroll"))
        event = AuditEvent(action="test.done", actor="x", roles=(), object="x", detail={})
        await store.transact(lambda transaction: transaction.append_audit(event))
        before = store.snapshot().growth().rows
        far = Retention(runs_before_us=1 << 60, quarantine_before_us=1 << 60, superseded_before_us=1 << 60)

        assert await store.transact(lambda transaction: transaction.sweep(far, limit=100)) == 0
        assert store.snapshot().growth().rows == before


class TestSpentProofs:
    async def test_once(self, store: Store) -> None:
        """
        What was spent is spent, for every transaction after it; something else is not.
        """
        spends = [partial(_spend, bytes([number]) * 32, NOW_US) for number in (1, 1, 2)]

        assert [await store.transact(spend) for spend in spends] == [True, False, True]

    async def test_until_it_expires(self, store: Store) -> None:
        """
        It is remembered as long as was asked for; after that it goes by itself.
        """
        for number in range(5):
            await store.transact(partial(_spend, bytes([number]) * 32, NOW_US))
        kept = store.snapshot().growth().rows["spent proofs"]

        again = await store.transact(partial(_spend, b"\0" * 32, NOW_US + 1_000_000))
        await store.transact(partial(_spend, b"x" * 32, NOW_US + 1_000_001))

        assert (kept, again) == (5, False)
        assert store.snapshot().growth().rows["spent proofs"] == 1


def _spend(digest: bytes, now_us: int, transaction: Transaction) -> bool:
    return transaction.spend_proof(digest, expires_us=now_us + 1_000_000, now_us=now_us)


class TestGrowth:
    async def test_counts_rows_and_bytes(self, store: Store) -> None:
        """
        Rows by what they are, and how large the store is altogether.
        """
        await put(store, entry("com.acme/payroll", "1"), entry("com.acme/payroll", "2"))

        growth = store.snapshot().growth()

        assert growth.rows == {
            "entries": 2,
            "documents": 2,
            "superseded documents": 0,
            "view rows": 2,
            "findings": 0,
            "publications": 0,
            "search texts": 1,
            "runs": 0,
            "quarantine": 0,
            "tokens": 0,
            "capabilities": 0,
            "revoked subjects": 0,
            "spent proofs": 0,
            "audit events": 0,
            "audit payloads": 0,
            "audit checkpoints": 0,
        }
        assert growth.file_bytes > 0
        assert growth.file_bytes >= growth.free_bytes >= 0
