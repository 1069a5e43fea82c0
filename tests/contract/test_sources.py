"""Which sources are configured, how far each has come, and what a change of owner does to the views."""

import msgspec
import pytest

from registry.catalog.entry import ServerName
from registry.catalog.query import Query
from registry.commands.project_views import project_views
from registry.store.interface import Store, Transaction
from registry.store.records import SourceState
from schemas.rfc3339 import format_instant
from tests.contract.engines import NOW_US, configure, entry, everyone, everything, keys, put, source, walk, withdraw
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

PAYROLL = ServerName.parse("com.acme/payroll")
PUBLIC, PRIVATE = source("official", 10), source("internal", 20, "com.acme", "com.acme.*")


async def _project(store: Store, name: ServerName = PAYROLL) -> int:
    return await store.transact(lambda transaction: project_views(transaction, [name]))


class TestSources:
    async def test_exactly_those_given_are_configured(self, store: Store) -> None:
        """
        By precedence, then name, with their claims; who is left out is configured no longer.
        """
        await configure(store, PRIVATE, PUBLIC)
        first = store.snapshot().sources()
        await configure(store, source("other", 20), PRIVATE)

        assert first == [PUBLIC, PRIVATE]
        assert store.snapshot().sources() == [PRIVATE, source("other", 20)]

    async def test_what_the_unconfigured_had_stays(self, store: Store) -> None:
        """
        A source that comes back finds its entries, its watermark and its names.
        """
        await put(store, entry("com.acme/payroll"))
        state = SourceState(source="official", kind="http", configured=True, watermark_us=7, synced_us=8)
        await store.transact(lambda transaction: transaction.put_source_state(state))

        await configure(store)
        (gone,) = store.snapshot().source_states()
        await configure(store, PUBLIC)
        (back,) = store.snapshot().source_states()

        assert gone == msgspec.structs.replace(state, configured=False, entries=1)
        assert back == msgspec.structs.replace(state, entries=1)

    async def test_a_state_is_kept_whole(self, store: Store) -> None:
        """
        Every member of a source's state comes back as it was put, and entries count what is not withdrawn.
        """
        state = SourceState(
            source="official",
            kind="http",
            configured=True,
            entries=999,
            watermark_us=1,
            full_us=2,
            full_count=3,
            synced_us=4,
            attempted_us=5,
            trouble="no answer",
            trouble_us=6,
        )
        await put(store, entry("com.acme/a"), seen_in=1)
        await withdraw(store, seen_in=2)
        await put(store, entry("com.acme/b"), seen_in=2)

        await store.transact(lambda transaction: transaction.put_source_state(state))

        assert store.snapshot().source_states() == [msgspec.structs.replace(state, entries=1)]


class TestFollowing:
    async def test_names_of_any_source_in_order(self, store: Store) -> None:
        """
        Every name there ever was, once, by code point, after the one given, whoever has it.
        """
        await configure(store, PUBLIC, PRIVATE)
        await put(store, entry("com.acme/b"), entry("com.acme/B"), of="internal")
        await put(store, entry("com.acme/b"), entry("a.b/c"), of="official")

        first = await store.transact(lambda transaction: transaction.names(after="", limit=2))
        rest = await store.transact(lambda transaction: transaction.names(after=first[-1], limit=9))

        assert (first, rest) == (["a.b/c", "com.acme/B"], ["com.acme/b"])

    @pytest.mark.parametrize("after", ["", "com.acme/payroll", None])
    async def test_how_far_the_views_follow(self, store: Store, after: str | None) -> None:
        """
        All follow the configuration until it is said that they do not; what was said last counts.
        """
        before = await store.transact(lambda transaction: transaction.unprojected())
        await store.transact(lambda transaction: transaction.put_unprojected("com.acme/other"))

        await store.transact(lambda transaction: transaction.put_unprojected(after))

        assert before is None
        assert await store.transact(lambda transaction: transaction.unprojected()) == after


class TestOwnership:
    async def test_who_has_a_name(self, store: Store) -> None:
        """
        Every source that has an entry of the name, also when it was withdrawn or its source is configured no longer.
        """
        await configure(store, PUBLIC, PRIVATE)
        await put(store, entry("com.acme/payroll"), of="official", seen_in=1)
        await put(store, entry("com.acme/payroll"), of="internal")
        await withdraw(store, of="official", seen_in=2)
        await configure(store, PRIVATE)

        having = await store.transact(lambda transaction: transaction.sources_having(PAYROLL))

        assert sorted(having) == ["internal", "official"]
        assert await store.transact(lambda transaction: transaction.sources_having(ServerName.parse("a/b"))) == []

    async def test_the_owner_is_remembered(self, store: Store) -> None:
        """
        Nothing is remembered of an unknown name; afterwards the source that answered last.
        """

        def remembered(transaction: Transaction) -> str | None:
            return transaction.remembered(PAYROLL)

        before = await store.transact(remembered)
        await put(store, entry("com.acme/payroll"))

        assert (before, await store.transact(remembered)) == (None, "official")

    async def test_a_new_claim_takes_the_name_over(self, store: Store, clock: FrozenClock) -> None:
        """
        What only the old owner had becomes a tombstone at that instant; what the new one has is served.
        """
        await put(store, entry("com.acme/payroll", "9.9.9"), entry("com.acme/payroll", "1.0.0", body="theirs"))
        await configure(store, PUBLIC, PRIVATE)
        clock.advance(60)

        await put(store, entry("com.acme/payroll", "1.0.0", body="ours"), of="internal")

        rows = await everything(store)
        later = format_instant(NOW_US + 60_000_000)
        assert {version: (row["status"], row["isLatest"]) for (_, version), row in rows.items()} == {
            "1.0.0": ("active", True),
            "9.9.9": ("deleted", False),
        }
        assert {row["updatedAt"] for row in rows.values()} == {later}
        (item,) = await walk(everyone(store), Query())
        assert b"ours" in item

    async def test_a_tombstone_is_written_once(self, store: Store, clock: FrozenClock) -> None:
        """
        Projecting again writes nothing: what departed keeps the instant at which it did.
        """
        await put(store, entry("com.acme/payroll"))
        await configure(store, PUBLIC, PRIVATE)
        assert await _project(store) == 1
        before = await everything(store)
        clock.advance(60)

        assert await _project(store) == 0
        assert await everything(store) == before

    async def test_an_empty_owner_hides_the_name(self, store: Store) -> None:
        """
        A claimed name its owner does not have is gone; it never falls through to who else has it.
        """
        await configure(store, PUBLIC, PRIVATE)

        await put(store, entry("com.acme/payroll"), of="official")

        assert await everything(store) == {}

    async def test_a_source_that_leaves(self, store: Store) -> None:
        """
        What an unconfigured source had goes to the next that has it, and is a tombstone where nobody does.
        """
        other = source("other", 30)
        await configure(store, PUBLIC, other)
        await put(store, entry("com.acme/payroll", "2.0.0"), entry("com.acme/only"), of="official")
        await put(store, entry("com.acme/payroll", "1.0.0"), of="other")
        await configure(store, other)

        for name in ("com.acme/payroll", "com.acme/only"):
            await _project(store, ServerName.parse(name))

        assert keys(await walk(everyone(store), Query())) == [("com.acme/payroll", "1.0.0")]
        assert {key: row["status"] for key, row in (await everything(store)).items()} == {
            ("com.acme/only", "1.0.0"): "deleted",
            ("com.acme/payroll", "1.0.0"): "active",
            ("com.acme/payroll", "2.0.0"): "deleted",
        }

    async def test_a_source_that_returns(self, store: Store, clock: FrozenClock) -> None:
        """
        Its entries read as before they left, changed at the instant of their return.
        """
        await put(store, entry("com.acme/payroll"))
        before = await everything(store)
        await configure(store)
        await _project(store)
        clock.advance(60)
        await configure(store, PUBLIC)

        await _project(store)

        (row,) = (await everything(store)).values()
        (row_before,) = before.values()
        assert row == row_before | {"updatedAt": format_instant(NOW_US + 60_000_000)}

    async def test_who_lost_a_name_changes_nothing_in_it(self, store: Store, clock: FrozenClock) -> None:
        """
        A tombstone keeps what this view was last shown, whatever the source that lost the name says from then on.
        """
        await put(store, entry("com.acme/payroll", "9.9.9", body="shown"))
        await configure(store, PUBLIC, PRIVATE)
        await _project(store)
        before = await everything(store)
        clock.advance(60)

        await put(store, entry("com.acme/payroll", "9.9.9", body="a stranger's later words"), of="official")
        await put(store, entry("com.acme/payroll", "1.0.0", body="ours"), of="internal")

        rows = await everything(store)
        assert before[("com.acme/payroll", "9.9.9")]["isLatest"]
        assert not rows[("com.acme/payroll", "9.9.9")]["isLatest"]
        shown = everyone(store).version(PAYROLL, "9.9.9", include_deleted=True)
        assert shown is not None
        assert b'"x":"shown"' in shown

    async def test_a_dropped_claim_gives_the_name_back(self, store: Store) -> None:
        """
        A source that claimed a name and had nothing under it is not remembered for it.
        """
        await put(store, entry("com.acme/payroll"))
        await configure(store, PUBLIC, PRIVATE)
        await _project(store)

        await configure(store, PUBLIC, source("internal", 20))
        await _project(store)

        assert keys(await walk(everyone(store), Query())) == [("com.acme/payroll", "1.0.0")]
