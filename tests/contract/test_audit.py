"""The record in the store: sealed as it is written, found by what it says, erasable where that was promised."""

from functools import partial
from pathlib import Path

import msgspec
import pytest

from registry.audit.chain import BEGINNING, first_broken, payload_digest
from registry.audit.event import Outcome
from registry.audit.question import EVERYTHING, Question
from registry.commands.make_checkpoint import make_checkpoint
from registry.commands.perform import Done, perform, refused
from registry.store.interface import Store, Transaction
from registry.store.records import Retention
from tests.contract.engines import NOW_US, Engine, opened
from tests.doubles.clock import FrozenClock
from tests.records import KEY, append, event

pytestmark = pytest.mark.anyio


def _found(store: Store, question: Question, limit: int = 100) -> list[int]:
    return [each.sequence for each in store.snapshot().found_events(question, before=None, limit=limit).events]


class TestChain:
    async def test_begins_empty(self, store: Store) -> None:
        """
        Before the first event there is a beginning, and nothing behind it.
        """
        snapshot = store.snapshot()

        assert snapshot.audit_head() == BEGINNING
        assert snapshot.sealed_events(after=0, limit=9) == []
        assert snapshot.last_checkpoint() is None

    async def test_every_event_is_sealed_behind_the_one_before(self, store: Store, clock: FrozenClock) -> None:
        """
        Numbered from one without gaps, at the instant of the change, whether in one transaction or in several.
        """

        def several(transaction: Transaction) -> None:
            for number in range(2, 5):
                transaction.append_audit(event(number))

        await append(store, event(1))
        clock.advance(1)
        await store.transact(several)

        sealed = store.snapshot().sealed_events(after=0, limit=9)
        assert [each.sequence for each in sealed] == [1, 2, 3, 4]
        assert [each.event for each in sealed] == [event(number) for number in range(1, 5)]
        assert sealed[1].at_us == sealed[3].at_us == clock.now_us() > sealed[0].at_us
        assert first_broken(sealed, end=store.snapshot().audit_head()) is None
        assert store.snapshot().misfiled_events(after=0, limit=9) == []

    async def test_append_answers_what_was_sealed(self, store: Store) -> None:
        """
        Whoever appends learns the number under which it is on record.
        """
        sealed = await store.transact(lambda transaction: transaction.append_audit(event(1)))

        assert store.snapshot().sealed_events(after=0, limit=1) == [sealed]

    async def test_what_is_rolled_back_leaves_no_gap(self, store: Store) -> None:
        """
        An event whose change failed was never sealed; the next one takes its number.
        """

        def fails(transaction: Transaction) -> None:
            transaction.append_audit(event(1))
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await store.transact(fails)
        await append(store, event(2))

        sealed = store.snapshot().sealed_events(after=0, limit=9)
        assert [(each.sequence, each.event) for each in sealed] == [(1, event(2))]

    async def test_a_change_that_cannot_be_recorded_does_not_happen(self, store: Store) -> None:
        """
        Without its event, no change: nothing is done that the record does not know.
        """
        unspeakable = event(1, detail={"n": object()})

        def command(transaction: Transaction) -> Done[None]:
            transaction.put_bucket("changed", 1)
            return Done(value=None, event=unspeakable)

        with pytest.raises(TypeError):
            await perform(store, command)

        assert await store.transact(lambda transaction: transaction.bucket("changed")) == 0
        assert store.snapshot().audit_head() == BEGINNING

    async def test_goes_on_where_it_was(self, engine: Engine, tmp_path: Path, clock: FrozenClock) -> None:
        """
        Closed and opened again, it is the same chain.
        """
        for number in (1, 2):
            async with opened(engine, tmp_path / "again", clock) as store:
                await append(store, event(number))
                head = store.snapshot().audit_head()

        async with opened(engine, tmp_path / "again", clock) as store:
            sealed = store.snapshot().sealed_events(after=0, limit=9)
            assert first_broken(sealed, end=head) is None
            assert len(sealed) == 2

    async def test_a_refusal_is_an_event(self, store: Store) -> None:
        """
        What was refused is recorded by itself: it changed nothing it could be recorded with.
        """
        await refused(store, event(2))

        [sealed] = store.snapshot().sealed_events(after=0, limit=9)
        assert sealed.event.outcome is Outcome.REFUSED


class TestFound:
    async def test_by_everything_it_says(self, store: Store) -> None:
        """
        Each filter by itself and all at once, newest first.
        """
        await append(store, *map(event, range(1, 31)))
        everything = [event(number) for number in range(1, 31)]
        wanted = event(6)

        for question in (
            EVERYTHING,
            Question(action=wanted.action),
            Question(actor=wanted.actor),
            Question(object=wanted.object),
            Question(outcome=Outcome.REFUSED),
            Question(outcome=Outcome.DONE),
            Question(action=wanted.action, actor=wanted.actor),
            Question(action=wanted.action, actor=wanted.actor, object=wanted.object, outcome=Outcome.DONE),
            Question(action="nothing.happened"),
        ):
            given = {name: value for name, value in msgspec.structs.asdict(question).items() if value is not None}
            right = [
                number
                for number, each in enumerate(everything, 1)
                if all(getattr(each, name) == value for name, value in given.items())
            ]
            assert _found(store, question) == right[::-1], question

    async def test_in_a_stretch_of_time(self, store: Store, clock: FrozenClock) -> None:
        """
        From an instant on, the instant included; until one, that excluded; both at once.
        """
        for number in range(1, 6):
            clock.advance(1)
            await append(store, event(number))
        instants = [each.at_us for each in store.snapshot().sealed_events(after=0, limit=9)]

        assert _found(store, Question(since_us=instants[2])) == [5, 4, 3]
        assert _found(store, Question(until_us=instants[2])) == [2, 1]
        assert _found(store, Question(since_us=instants[1], until_us=instants[3])) == [3, 2]
        assert _found(store, Question(since_us=instants[4] + 1)) == []
        assert _found(store, Question(until_us=instants[0])) == []
        assert _found(store, Question(since_us=0, until_us=1 << 60, actor=event(2).actor)) == [2]

    async def test_page_by_page(self, store: Store) -> None:
        """
        From where the last page ended, until there is nothing further; no event twice, none left out.
        """
        await append(store, *map(event, range(1, 12)))
        pages, before = [], None
        while True:
            found = store.snapshot().found_events(EVERYTHING, before=before, limit=4)
            pages.append([each.sequence for each in found.events])
            before = found.further
            if before is None:
                break

        assert pages == [[11, 10, 9, 8], [7, 6, 5, 4], [3, 2, 1]]

    async def test_a_long_search_is_cut_and_can_be_gone_on_with(self, store: Store) -> None:
        """
        What is rare among thousands is found in several steps, none of which reads without end.
        """

        def many(transaction: Transaction) -> None:
            transaction.append_audit(event(1, actor="rare"))
            for _ in range(6000):
                transaction.append_audit(event(1, actor="often"))

        await store.transact(many)
        question = Question(action=event(1).action, outcome=Outcome.DONE, object=event(1).object, actor="rare")

        first = store.snapshot().found_events(question, before=None, limit=5)
        then = store.snapshot().found_events(question, before=first.further, limit=5)

        assert (first.events, first.further is None) == ([], False)
        assert ([each.sequence for each in then.events], then.further) == ([1], None)


class TestPayload:
    async def test_is_sealed_apart(self, store: Store) -> None:
        """
        The chain holds a digest, the body is beside it, and without its salt the digest tells nothing.
        """
        await append(store, event(1), payload=b"what was said")

        [sealed] = store.snapshot().sealed_events(after=0, limit=9)
        kept = store.snapshot().audit_payload(1)
        assert kept is not None
        salt, body = kept
        assert body == b"what was said"
        assert sealed.payload == payload_digest(salt, body)
        assert b"what was said" not in sealed.record
        assert len(salt) == 16

    async def test_erased_the_chain_is_whole(self, store: Store) -> None:
        """
        What is erased is gone, and the record of it holds as before.
        """
        await append(store, event(1), event(2), payload=b"what was said")

        erased = [
            await store.transact(lambda transaction: transaction.erase_audit_payload(2)),
            await store.transact(lambda transaction: transaction.erase_audit_payload(2)),
        ]

        snapshot = store.snapshot()
        assert erased == [True, False]
        assert snapshot.audit_payload(2) is None
        assert snapshot.audit_payload(1) is not None
        sealed = snapshot.sealed_events(after=0, limit=9)
        assert sealed[1].payload is not None
        assert first_broken(sealed, end=snapshot.audit_head()) is None

    async def test_retention_reaches_it_and_not_the_event(self, store: Store, clock: FrozenClock) -> None:
        """
        What was sealed apart before the instant goes, a little at a time; what came later stays.
        """
        await append(store, event(1), event(2), payload=b"old")
        clock.advance(100)
        await append(store, event(3), payload=b"new")
        retention = Retention(
            runs_before_us=0,
            quarantine_before_us=0,
            superseded_before_us=0,
            audit_payloads_before_us=NOW_US + 50_000_000,
        )
        swept = [await store.transact(lambda transaction: transaction.sweep(retention, limit=1)) for _ in range(3)]

        snapshot = store.snapshot()
        assert swept == [1, 1, 0]
        assert [snapshot.audit_payload(number) is None for number in (1, 2, 3)] == [True, True, False]
        assert first_broken(snapshot.sealed_events(after=0, limit=9), end=snapshot.audit_head()) is None


class TestCheckpoint:
    async def test_confirms_where_the_chain_ends(self, store: Store, clock: FrozenClock) -> None:
        """
        Number, seal and instant under the signature of the key, and how many there are since the one before.
        """
        command = partial(make_checkpoint, key=KEY)
        nothing = await perform(store, command)
        await append(store, event(1), event(2))
        clock.advance(1)
        first = await perform(store, command)
        again = await perform(store, command)
        await append(store, event(3))
        second = await perform(store, command)

        assert (nothing, again) == (None, None)
        assert first is not None
        assert second is not None
        assert (first.sequence, first.count, first.key) == (2, 2, KEY.public)
        assert (second.sequence, second.count) == (3, 1)
        assert first.genuine
        assert store.snapshot().checkpoints(after=0, limit=9) == [first, second]
        assert store.snapshot().checkpoints(after=2, limit=9) == [second]
        assert store.snapshot().last_checkpoint() == second
        assert second.seal == store.snapshot().audit_head().seal
