"""The catalog as one team may see it: order, paging, single items, and what does not change."""

from pathlib import Path

import pytest

from registry.catalog.entry import ServerName, Status
from registry.catalog.query import AFTER_EVERY_VERSION, Page, Position, Query
from registry.commands.project_views import project_views
from registry.store.interface import Store
from schemas.rfc3339 import format_instant
from tests.contract.engines import (
    NOW_US,
    Engine,
    entry,
    everyone,
    everything,
    key,
    keys,
    official,
    opened,
    put,
    source,
    walk,
    withdraw,
)
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

PAYROLL = ServerName.parse("com.acme/payroll")

# In every order but that of their bytes.
AWKWARD = [
    ("a/b", "9.0.0"), ("a/b", "10.0.0"), ("a/b", "2.0.0"), ("a/B", "1"), ("A/b", "1"), ("a.b/c", "1"), ("a-b/c", "1"),
    ("a/b-c", "1"), ("a/b.c", "1"), ("a/b_c", "1"), ("a/bc", "1"), ("a0/b", "1"), ("Z/z", "1"), ("a/b", "v1.0.0"),
    ("a/b", "1.0.0:x"), ("a/b", "1.0.0/x"), ("a/b", "1.0.0-ü"), ("a/b", "１"), ("a/b", "\U0001f389"), ("a/b", "\ue000"),
    ("a/b", " 1"), ("a/b", "!"), ("a/b", "~"),
]  # fmt: skip
BY_CODE_POINT = sorted(AWKWARD)


async def _fill(store: Store, count: int) -> list[tuple[str, str]]:
    entries = [entry(f"com.acme/s{number // 3:03d}", f"{number % 3}.0.0") for number in range(count)]
    await put(store, *entries)
    return [(each.name, each.version) for each in entries]


class TestTeam:
    async def test_everyone_exists_from_the_start(self, store: Store) -> None:
        """
        There is one team, and its view answers before anything was mirrored.
        """
        view = everyone(store)

        assert store.snapshot().team_exists("everyone")
        assert view.team == "everyone"
        assert await view.page(Query()) == Page(items=[], next=None)

    async def test_no_such_team(self, store: Store) -> None:
        """
        A team nobody made has no view, not an empty one.
        """
        assert store.view("Everyone") is None
        assert store.view("") is None
        assert not store.snapshot().team_exists("nobody")


class TestOrder:
    @pytest.mark.parametrize("limit", [1, 2, 30, 100])
    async def test_by_code_point(self, store: Store, limit: int) -> None:
        """
        Names, then versions, by code point: upper before lower case, `-` before `.` before `/`, 10 before 2.
        """
        await put(store, *(entry(name, version) for name, version in AWKWARD))

        assert keys(await walk(everyone(store), Query(limit=limit))) == BY_CODE_POINT
        assert sorted(AWKWARD, key=lambda one: (one[0].encode(), one[1].encode())) == BY_CODE_POINT

    @pytest.mark.parametrize("place", range(len(BY_CODE_POINT)))
    async def test_starts_strictly_after_a_position(self, store: Store, place: int) -> None:
        """
        A page begins after the position it was given, also when the row at that position is gone.
        """
        name, version = BY_CODE_POINT[place]
        rest = [(n, v) for n, v in AWKWARD if (n, v) != (name, version)]
        await put(store, *(entry(n, v) for n, v in rest))

        found = await walk(everyone(store), Query(after=Position(name=name, version=version)))

        assert keys(found) == BY_CODE_POINT[place + 1 :]

    async def test_a_position_of_a_whole_name(self, store: Store) -> None:
        """
        A position that names a server only skips all of its versions and nothing else.
        """
        await put(store, *(entry(name, version) for name, version in AWKWARD))
        after = Position(name="a/b", version=AFTER_EVERY_VERSION)

        assert keys(await walk(everyone(store), Query(after=after))) == [one for one in BY_CODE_POINT if one[0] > "a/b"]


class TestPaging:
    @pytest.mark.parametrize("limit", [1, 30, 100])
    async def test_equals_the_whole(self, store: Store, limit: int) -> None:
        """
        Page after page at any limit is everything once, in order.
        """
        expected = await _fill(store, 130)

        assert keys(await walk(everyone(store), Query(limit=limit))) == expected

    @pytest.mark.parametrize(("rows", "limit", "goes_on"), [(3, 3, False), (3, 2, True), (3, 4, False), (1, 1, False)])
    async def test_next_only_if_there_is_a_next_row(self, store: Store, rows: int, limit: int, goes_on: bool) -> None:
        """
        A full page that is the last says so.
        """
        await _fill(store, rows)

        page = await everyone(store).page(Query(limit=limit))

        assert (page.next is not None) == goes_on

    async def test_next_does_not_count_what_is_filtered_out(self, store: Store) -> None:
        """
        Rows a filter hides are no next rows.
        """
        await put(store, entry("com.acme/a"), entry("com.acme/b", status=Status.DELETED), entry("com.acme/c", "0.1"))

        page = await everyone(store).page(Query(limit=1, version="1.0.0"))

        assert (keys(page.items), page.next) == ([("com.acme/a", "1.0.0")], None)

    async def test_rows_that_come_and_go_meanwhile(self, store: Store) -> None:
        """
        A walk sees everything that was there all along exactly once, whatever arrives or leaves around it.
        """
        expected = await _fill(store, 30)
        view = everyone(store)
        first = await view.page(Query(limit=10))
        assert first.next is not None

        await put(store, entry("com.acme/a"), entry("com.acme/s001", "1.5.0"), entry("com.acme/z"))
        rest = await walk(view, Query(limit=10, after=first.next))

        found = keys([*first.items, *rest])
        assert [one for one in found if one in expected] == expected
        assert len(found) == len(set(found))


class TestOneItem:
    async def test_versions_newest_published_first(self, store: Store) -> None:
        """
        All items of a name and of no other, whatever the order of their versions.
        """
        published = {"1.0.0": 5, "3.0.0": 1, "2.0.0": 9}
        await put(store, *(entry("com.acme/payroll", version, published_us=us) for version, us in published.items()))
        await put(store, entry("com.acme/payroll2"))

        items = await everyone(store).versions(PAYROLL, include_deleted=False)

        assert [version for _, version in keys(items)] == ["2.0.0", "1.0.0", "3.0.0"]

    async def test_an_item_is_the_same_wherever_it_is_read(self, store: Store) -> None:
        """
        List, versions, version and latest hand out the same bytes.
        """
        await put(store, entry("com.acme/payroll"))
        view = everyone(store)

        listed = await walk(view, Query())

        assert listed == await view.versions(PAYROLL, include_deleted=False)
        assert listed == [view.version(PAYROLL, "1.0.0", include_deleted=False)]
        assert listed == [view.latest(PAYROLL, include_deleted=False)]

    async def test_absent(self, store: Store) -> None:
        """
        What is not there is empty or None, and a name is not found in another case.
        """
        await put(store, entry("com.acme/payroll"))
        view = everyone(store)

        for name in (ServerName.parse("com.acme/none"), ServerName.parse("com.acme/Payroll")):
            assert await view.versions(name, include_deleted=True) == []
            assert view.latest(name, include_deleted=True) is None
            assert view.version(name, "1.0.0", include_deleted=True) is None
        assert view.version(PAYROLL, "1.0", include_deleted=True) is None

    async def test_deleted_ones_only_if_asked_for(self, store: Store) -> None:
        """
        A name with nothing but deleted versions is found by who asks for deleted ones, its highest as the latest.
        """
        await put(store, *(entry("com.acme/payroll", version, status=Status.DELETED) for version in ("1.0.0", "2.0.0")))
        view = everyone(store)

        assert view.latest(PAYROLL, include_deleted=False) is None
        assert view.version(PAYROLL, "1.0.0", include_deleted=False) is None
        assert await view.versions(PAYROLL, include_deleted=False) == []
        found = view.latest(PAYROLL, include_deleted=True)
        assert found is not None
        assert key(found)[1] == "2.0.0"
        assert len(await view.versions(PAYROLL, include_deleted=True)) == 2
        assert view.version(PAYROLL, "1.0.0", include_deleted=True) is not None

    async def test_latest_moves(self, store: Store) -> None:
        """
        The flag goes to a higher version, stays for a lower one, and comes back when the higher one is deleted.
        """
        flags = []
        for version, status in [
            ("1.0.0", Status.ACTIVE),
            ("2.0.0", Status.ACTIVE),
            ("1.5.0", Status.ACTIVE),
            ("2.0.0", Status.DELETED),
            ("2.0.0", Status.DEPRECATED),
        ]:
            await put(store, entry("com.acme/payroll", version, status=status))
            flags.append([version for (_, version), block in (await everything(store)).items() if block["isLatest"]])

        assert flags == [["1.0.0"], ["2.0.0"], ["2.0.0"], ["1.5.0"], ["2.0.0"]]


class TestUntouched:
    async def test_rows_that_say_the_same_keep_their_instant(self, store: Store, clock: FrozenClock) -> None:
        """
        A change moves `updatedAt` of the rows it changes, the one that loses the flag among them, and of no other.
        """
        await put(store, *(entry("com.acme/payroll", version) for version in ("1.0.0", "2.0.0")), entry("com.acme/x"))
        clock.advance(60)

        written = await put(store, entry("com.acme/payroll", "3.0.0"))

        later = format_instant(NOW_US + 60_000_000)
        updated = {key: block["updatedAt"] == later for key, block in (await everything(store)).items()}
        assert written == 2
        assert updated == {
            ("com.acme/payroll", "1.0.0"): False,
            ("com.acme/payroll", "2.0.0"): True,
            ("com.acme/payroll", "3.0.0"): True,
            ("com.acme/x", "1.0.0"): False,
        }

    async def test_the_sources_own_update_is_shown_without_an_event(self, store: Store, clock: FrozenClock) -> None:
        """
        A source that only moves its own `updatedAt` freshens the bytes and the generation, not the instant.
        """
        await put(store, entry("com.acme/payroll", source_updated_us=NOW_US))
        view = everyone(store)
        generation, (before,) = view.generation(), await walk(view, Query())
        clock.advance(60)

        await put(store, entry("com.acme/payroll", source_updated_us=NOW_US + 1))

        (after,) = await walk(view, Query())
        assert official(after) == official(before)
        assert after != before
        assert view.generation() != generation


class TestGeneration:
    async def test_changes_whenever_an_answer_may(self, store: Store) -> None:
        """
        Arrival, change of body, of status, of the flag, withdrawal: each makes a generation of its own.
        """
        view = everyone(store)
        generations = [view.generation()]

        for given in (
            entry("com.acme/payroll"),
            entry("com.acme/payroll", body="changed"),
            entry("com.acme/payroll", status=Status.DEPRECATED),
            entry("com.acme/payroll", status=Status.DEPRECATED, status_message="old"),
            entry("com.acme/payroll", "2.0.0"),
        ):
            await put(store, given, seen_in=1)
            generations.append(view.generation())
        await withdraw(store, seen_in=2)
        generations.append(view.generation())

        assert len(set(generations)) == len(generations)

    async def test_stays_when_nothing_changed(self, store: Store) -> None:
        """
        What leaves every answer as it is leaves the generation: no client fetches again for nothing.
        """
        await put(store, entry("com.acme/payroll"), entry("com.acme/other"))
        view = everyone(store)
        before = view.generation()

        written = await store.transact(lambda transaction: project_views(transaction, [PAYROLL]))
        await store.transact(lambda transaction: transaction.put_sources([(source(), "http")]))
        await store.transact(lambda transaction: transaction.next_sequence())

        assert written == 0
        assert view.generation() == before

    async def test_seen_by_others(self, store: Store, engine: Engine, tmp_path: Path, clock: FrozenClock) -> None:
        """
        Everybody who has the store open reads the same generation, and the new one after a change of another.
        """
        async with opened(engine, tmp_path, clock) as other:
            before = everyone(other).generation()

            await put(store, entry("com.acme/payroll"))

            assert before != everyone(other).generation() == everyone(store).generation()
