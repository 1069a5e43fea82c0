"""What is held of a source: comparing, superseding, seeing again, withdrawing."""

import pytest

from registry.catalog.entry import ServerName, Status, digest_of
from registry.catalog.query import Query
from registry.commands.project_views import project_views
from registry.store.interface import Store, Transaction
from registry.store.records import HeldEntry, Retention
from schemas.rfc3339 import format_instant
from tests.contract.engines import (
    NOW_US,
    OFFICIAL,
    entry,
    everyone,
    everything,
    key,
    put,
    walk,
    withdraw,
)
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

PAYROLL = ServerName.parse("com.acme/payroll")
KEY = ("com.acme/payroll", "1.0.0")


async def _held(store: Store, *keys: tuple[str, str], of: str = OFFICIAL) -> dict[tuple[str, str], HeldEntry]:
    return await store.transact(lambda transaction: transaction.held(of, keys))


async def _seen(store: Store, keys: list[tuple[str, str]], *, seen_in: int) -> None:
    def operation(transaction: Transaction) -> None:
        held = transaction.held(OFFICIAL, keys)
        transaction.mark_seen([each.id for each in held.values()], seen_in=seen_in)
        project_views(transaction, [ServerName.parse(name) for name, _ in held])

    await store.transact(operation)


class TestHeld:
    async def test_only_what_is_there(self, store: Store) -> None:
        """
        Keys nobody mirrored are not in the answer; the rest are, each once.
        """
        await put(store, entry("com.acme/payroll"), entry("com.acme/payroll", "2.0.0"))

        held = await _held(store, KEY, ("com.acme/payroll", "3.0.0"), ("com.acme/none", "1.0.0"))

        assert list(held) == [KEY]
        assert await _held(store) == {}

    async def test_says_what_a_comparison_needs(self, store: Store) -> None:
        """
        Digest, and status, message, status change, publication, source update, in this order.
        """
        given = entry(
            "com.acme/payroll",
            status=Status.DEPRECATED,
            status_message="old",
            status_changed_us=1,
            published_us=2,
            source_updated_us=3,
        )
        await put(store, given)

        held = (await _held(store, KEY))[KEY]

        assert (held.digest, held.withdrawn, held.facts) == (given.digest, False, ("deprecated", "old", 1, 2, 3))

    async def test_sources_are_told_apart(self, store: Store) -> None:
        """
        What one source has is not held of another, and a source nobody configured is a bug.
        """
        await put(store, entry("com.acme/payroll"))

        with pytest.raises(ValueError, match="nowhere"):
            await _held(store, KEY, of="nowhere")

    async def test_silence_about_publication_means_when_it_was_first_mirrored(
        self, store: Store, clock: FrozenClock
    ) -> None:
        """
        A source that does not say when gets the instant of arrival, and keeps it when the entry changes.
        """
        clock.advance(60)
        await put(store, entry("com.acme/payroll", published_us=None))
        clock.advance(60)
        await put(store, entry("com.acme/payroll", published_us=None, body="changed"))

        published = {block["publishedAt"] for block in (await everything(store)).values()}

        assert published == {format_instant(NOW_US + 60_000_000)}


class TestSuperseding:
    async def test_the_new_document_is_served_and_the_old_one_remembered(self, store: Store) -> None:
        """
        A changed body under the same version replaces what is served; what it replaced stays on record.
        """
        before, after = entry("com.acme/payroll", body="before"), entry("com.acme/payroll", body="after")
        await put(store, before)

        await put(store, after)

        (item,) = await walk(everyone(store), Query())
        assert after.document in item
        rows = store.snapshot().growth().rows
        assert (rows["entries"], rows["documents"], rows["superseded documents"]) == (1, 2, 1)

    async def test_several_times_within_one_transaction(self, store: Store) -> None:
        """
        A key that changes more than once in one change ends as it was put last, and every body is remembered.
        """
        bodies = [entry("com.acme/payroll", body=body) for body in ("a", "b", "c", "b", "a")]

        await put(store, *bodies)

        (item,) = await walk(everyone(store), Query())
        assert bodies[-1].document in item
        assert store.snapshot().growth().rows["documents"] == 3

    async def test_one_document_for_many(self, store: Store) -> None:
        """
        The same bytes are stored once, whoever sends them and how often.
        """
        await put(store, entry("com.acme/payroll"), entry("com.acme/payroll"))
        await put(store, entry("com.acme/payroll", status=Status.DEPRECATED))

        rows = store.snapshot().growth().rows

        assert (rows["documents"], rows["superseded documents"]) == (1, 0)

    async def test_what_a_document_said_is_searched_no_longer(self, store: Store) -> None:
        """
        Words of a superseded document find nothing, take no room, and those of its successor are found.
        """
        await put(store, entry("com.acme/payroll", description="salaries"))
        texts = store.snapshot().growth().rows["search texts"]

        await put(store, entry("com.acme/payroll", description="wages"))

        assert await walk(everyone(store), Query(search="salaries")) == []
        assert len(await walk(everyone(store), Query(search="wages"))) == 1
        assert store.snapshot().growth().rows["search texts"] == texts

    async def test_a_text_others_still_have_stays(self, store: Store) -> None:
        """
        Versions of a name share their words; one of them changing takes nothing from the others.
        """
        await put(store, *(entry("com.acme/payroll", version, description="salaries") for version in ("1", "2")))

        await put(store, entry("com.acme/payroll", "2", description="wages"))

        assert [key(item)[1] for item in await walk(everyone(store), Query(search="salaries"))] == ["1"]


class TestSweepOfDocuments:
    async def test_old_ones_go_current_ones_stay(self, store: Store, clock: FrozenClock) -> None:
        """
        A superseded document goes after its time; one that is current again, or was superseded later, stays.
        """
        await put(store, *(entry("com.acme/payroll", body=body) for body in ("a", "b", "a")))
        clock.advance(100)
        await put(store, entry("com.acme/payroll", body="c"))
        clock.advance(100)
        retention = Retention(runs_before_us=0, quarantine_before_us=0, superseded_before_us=NOW_US + 50_000_000)

        swept = await store.transact(lambda transaction: transaction.sweep(retention, limit=100))

        rows = store.snapshot().growth().rows
        assert swept == 2
        assert (rows["documents"], rows["superseded documents"]) == (2, 1)
        assert len(await walk(everyone(store), Query())) == 1

    async def test_no_more_than_asked_for(self, store: Store) -> None:
        """
        One sweep deletes at most the limit, so that it never holds others up for long.
        """
        await put(store, *(entry("com.acme/payroll", body=str(number)) for number in range(10)))
        retention = Retention(runs_before_us=0, quarantine_before_us=0, superseded_before_us=NOW_US + 2)

        swept = [await store.transact(lambda transaction: transaction.sweep(retention, limit=4)) for _ in range(4)]

        assert swept == [4, 4, 1, 0]
        assert store.snapshot().growth().rows["documents"] == 1


class TestSeen:
    async def test_counts_what_a_run_has_not_seen(self, store: Store) -> None:
        """
        Unseen are the entries of this source that neither arrived nor were marked in the run.
        """
        await put(store, *(entry(f"com.acme/s{number}") for number in range(5)), seen_in=1)
        await put(store, entry("com.acme/s0", body="new"), seen_in=2)
        await _seen(store, [("com.acme/s1", "1.0.0")], seen_in=2)

        assert await store.transact(lambda transaction: transaction.count_unseen(OFFICIAL, seen_in=2)) == 3

    async def test_withdrawing_is_an_event(self, store: Store, clock: FrozenClock) -> None:
        """
        What is listed no longer becomes a deleted row at that instant; the rest is untouched.
        """
        await put(store, entry("com.acme/a"), entry("com.acme/b"), seen_in=1)
        await _seen(store, [("com.acme/a", "1.0.0")], seen_in=2)
        before = await everything(store)
        clock.advance(60)

        count = await withdraw(store, seen_in=2)

        after = await everything(store)
        assert count == 1
        assert after[("com.acme/a", "1.0.0")] == before[("com.acme/a", "1.0.0")]
        gone = after[("com.acme/b", "1.0.0")]
        assert (gone["status"], gone["updatedAt"]) == ("deleted", format_instant(NOW_US + 60_000_000))
        assert gone["statusChangedAt"] == gone["updatedAt"]
        assert [key(item)[0] for item in await walk(everyone(store), Query())] == ["com.acme/a"]

    async def test_withdrawn_ones_count_no_longer(self, store: Store) -> None:
        """
        An entry is withdrawn once: what is gone is neither counted nor withdrawn again.
        """
        await put(store, entry("com.acme/a"), seen_in=1)
        await withdraw(store, seen_in=2)

        assert await store.transact(lambda transaction: transaction.count_unseen(OFFICIAL, seen_in=3)) == 0
        assert await withdraw(store, seen_in=3) == 0

    async def test_in_portions(self, store: Store) -> None:
        """
        Withdrawing up to a limit comes to an end, names each name of a portion once, and reaches all.
        """
        await put(store, *(entry(f"com.acme/s{n}", str(v)) for n in range(3) for v in range(3)), seen_in=1)

        portions = [
            await store.transact(lambda transaction: transaction.withdraw_unseen(OFFICIAL, seen_in=2, limit=4))
            for _ in range(4)
        ]

        assert [count for count, _ in portions] == [4, 4, 1, 0]
        assert all(len(names) == len(set(names)) for _, names in portions)
        assert {name for _, names in portions for name in names} == {f"com.acme/s{n}" for n in range(3)}

    async def test_a_return_is_an_event_too(self, store: Store, clock: FrozenClock) -> None:
        """
        What is listed again reads as before it was withdrawn, changed at the instant of its return.
        """
        await put(store, entry("com.acme/payroll", status=Status.DEPRECATED, status_message="old"), seen_in=1)
        before = (await everything(store))[KEY]
        await withdraw(store, seen_in=2)
        clock.advance(60)

        await _seen(store, [KEY], seen_in=3)

        after = (await everything(store))[KEY]
        assert after.pop("updatedAt") == format_instant(NOW_US + 60_000_000)
        assert after == {name: value for name, value in before.items() if name != "updatedAt"}
        assert not (await _held(store, KEY))[KEY].withdrawn

    async def test_a_changed_return(self, store: Store) -> None:
        """
        A withdrawn entry that comes back changed is there as it came.
        """
        await put(store, entry("com.acme/payroll"), seen_in=1)
        await withdraw(store, seen_in=2)

        await put(store, entry("com.acme/payroll", body="new"), seen_in=3)

        assert (await everything(store))[KEY]["status"] == "active"


class TestEntries:
    async def test_of_one_source_and_name(self, store: Store) -> None:
        """
        All versions a source has of a name, with the digest of the document each has now.
        """
        await put(store, entry("com.acme/payroll", "1"), entry("com.acme/payroll", "2"), entry("com.acme/payroll2"))

        entries = await store.transact(lambda transaction: transaction.entries(OFFICIAL, PAYROLL))

        assert {each.version: each.digest for each in entries} == {
            version: digest_of(entry("com.acme/payroll", version).document) for version in ("1", "2")
        }

    async def test_names_of_a_source_in_order(self, store: Store) -> None:
        """
        Each name once, by code point, after the one given.
        """
        names = ["com.acme/A", "com.acme/a", "com.acme.b/a", "com-acme/a"]
        await put(store, *(entry(name, version) for name in names for version in ("1", "2")))

        first = await store.transact(lambda transaction: transaction.names_of(OFFICIAL, after="", limit=2))
        rest = await store.transact(lambda transaction: transaction.names_of(OFFICIAL, after=first[-1], limit=9))

        assert first + rest == sorted(names)
