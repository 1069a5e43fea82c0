"""New versions that wait, those that do not, and letting one through."""

import pytest

from registry.catalog.entry import ServerName
from registry.commands.apply_changes import Batch, apply_changes
from registry.commands.rules import make_rule
from registry.commands.waive import waive_cool_off
from registry.errors import Conflict, NotFound
from registry.governing.explain import explain
from registry.store.interface import EVERYONE, Store, Transaction
from registry.store.records import Run, RunKind, SourceState
from registry.views import compare
from tests.contract.engines import NOW_US, entry, official, run, source
from tests.contract.governing import ADA, BEN, PAY, approved, do, recorded, seen, shown
from tests.contract.test_decisions import closed
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

DAY_S = 24 * 3600
DAY_US = DAY_S * 1_000_000
KEY = (PAY, "1.0.0")


async def waits(store: Store, cool_off_us: int) -> None:
    def configured(transaction: Transaction) -> None:
        transaction.put_sources([(source(cool_off_us=cool_off_us), "http")])

    await store.transact(configured)


async def waiting(store: Store, *, cool_off_us: int = DAY_US) -> None:
    """An upstream whose new versions wait, though everybody may see all and a rule approves it."""

    await waits(store, cool_off_us)
    await closed(store)
    await do(store, lambda t: make_rule(t, "all", "*", reason="trusted", actor=ADA))


async def walked(store: Store) -> None:
    """A full walk was completed."""
    state = SourceState(source="official", kind="http", configured=True, full_us=1)
    await store.transact(lambda transaction: transaction.put_source_state(state))


async def listed(store: Store, *entries: object, kind: RunKind = RunKind.FULL) -> None:
    current: Run = run(1, kind=kind)
    batch = Batch(entries=entries)  # type: ignore[arg-type]  # engines.entry
    await do(store, lambda t: apply_changes(t, current, batch, advance=lambda progressed: progressed))


class TestWaiting:
    async def test_a_new_version_is_seen_after_its_cool_off(self, store: Store, clock: FrozenClock) -> None:
        """
        It counts from when we saw it, however long ago it is said to be published; then nobody has to do anything.
        """
        await waiting(store)
        await walked(store)
        await listed(store, entry(PAY, published_us=NOW_US - 30 * DAY_US))

        clock.advance(DAY_S - 1)
        assert await seen(store, EVERYONE) == []

        clock.advance(1)
        assert {*await shown(store, EVERYONE)} == {KEY}
        assert (await compare(store, clock)).differences == ()

    async def test_it_counts_from_the_later_instant(self, store: Store, clock: FrozenClock) -> None:
        """
        What says to be published tomorrow waits until the day after.
        """
        await waiting(store)
        await walked(store)
        await listed(store, entry(PAY, published_us=NOW_US + DAY_US))

        clock.advance(2 * DAY_S - 1)
        assert await shown(store, EVERYONE) == {}

        clock.advance(1)
        assert {*await shown(store, EVERYONE)} == {KEY}

    async def test_of_the_first_walk_only_what_was_published_just_now(self, store: Store, clock: FrozenClock) -> None:
        """
        What is old there is not new because we are. A source that does not say when tells us nothing of age.
        """
        await waiting(store)
        await listed(
            store,
            entry("com.acme/old", published_us=NOW_US - DAY_US),
            entry("com.acme/new", published_us=NOW_US - DAY_US + 1_000_000),
            entry("com.acme/unsaid", published_us=None),
        )

        assert {*await shown(store, EVERYONE)} == {("com.acme/old", "1.0.0")}

        clock.advance(1)
        assert ("com.acme/new", "1.0.0") in await shown(store, EVERYONE)
        assert ("com.acme/unsaid", "1.0.0") not in await shown(store, EVERYONE)

    async def test_what_was_shown_stays(self, store: Store, clock: FrozenClock) -> None:
        """
        Neither a clock that is set back nor a longer wait hides what was let through; nor do other bytes start it anew.
        """
        await waiting(store)
        await walked(store)
        await listed(store, entry(PAY))
        clock.advance(DAY_S)
        assert {*await shown(store, EVERYONE)} == {KEY}

        clock.step_to(NOW_US + 1_000_000)
        await waits(store, 9 * DAY_US)
        await listed(store, entry(PAY, body="changed"))

        assert await shown(store, EVERYONE) == {KEY: "changed"}

    async def test_the_earlier_version_is_the_latest_meanwhile(self, store: Store, clock: FrozenClock) -> None:
        """
        Whoever asks for the latest gets the newest that may be seen, and no tombstone of what waits.
        """
        await waiting(store)
        await listed(store, entry(PAY, published_us=NOW_US - DAY_US))
        await walked(store)
        await listed(store, entry(PAY, "2.0.0"))

        (item,) = await seen(store, EVERYONE)
        assert official(item)["isLatest"] is True

        clock.advance(DAY_S)
        assert [official(item)["isLatest"] for item in await seen(store, EVERYONE)] == [False, True]

    async def test_an_approval_does_not_shorten_it(self, store: Store, clock: FrozenClock) -> None:
        """
        Approved by a person it waits all the same, and says until when.
        """
        await waiting(store)
        await walked(store)
        await listed(store, entry(PAY))
        await approved(store)

        (version,) = explain(store.snapshot(), EVERYONE, PAY, now_us=clock.now_us()).versions

        assert await shown(store, EVERYONE) == {}
        assert version.because == "cool-off"
        assert version.until == "2025-09-10T00:00:00Z"


class TestWithout:
    async def test_a_rule_may_let_through_at_once(self, store: Store) -> None:
        """
        A rule that says so approves without a cool-off, beside others that wait.
        """
        await waiting(store)
        await walked(store)
        await listed(store, entry(PAY), entry("org.zeta/tool"))

        await do(store, lambda t: make_rule(t, "ours", "com.acme/*", reason="ours", actor=ADA, without_cool_off=True))

        assert {*await shown(store, EVERYONE)} == {KEY}

    async def test_a_source_without_one(self, store: Store) -> None:
        """
        What no cool-off was configured for does not wait.
        """
        await waiting(store, cool_off_us=0)
        await walked(store)
        await listed(store, entry(PAY, published_us=NOW_US + DAY_US))

        assert {*await shown(store, EVERYONE)} == {KEY}


class TestWaiving:
    async def test_lets_it_through(self, store: Store, clock: FrozenClock) -> None:
        """
        In force with the answer, for that version, on record with who and why, and in the explanation.
        """
        await waiting(store)
        await walked(store)
        await listed(store, entry(PAY), entry(PAY, "2.0.0"))

        waived = await do(store, lambda t: waive_cool_off(t, PAY, "1.0.0", reason="a security fix", actor=BEN))

        assert waived.versions == ("1.0.0",)
        assert {*await shown(store, EVERYONE)} == {KEY}
        (event,) = recorded(store, "cool_off.waived")
        assert (event.actor, event.object) == ("ben", f"{PAY}@1.0.0")
        assert event.detail["reason"] == "a security fix"
        reasons = [each.reason for each in explain(store.snapshot(), EVERYONE, PAY, now_us=clock.now_us()).versions]
        assert any("ben waived its cool-off" in reason for reason in reasons)
        cooling = store.snapshot().firewall.cooling(now_us=clock.now_us(), after=("", ""), limit=10)
        assert [(each.version, each.until_us) for each in cooling] == [("2.0.0", NOW_US + DAY_US)]

    async def test_is_for_bytes(self, store: Store, clock: FrozenClock) -> None:
        """
        Other bytes under the same version wait for what is left, although a rule approves them.
        """
        await waiting(store)
        await walked(store)
        await listed(store, entry(PAY))
        await do(store, lambda t: waive_cool_off(t, PAY, None, reason="read it", actor=BEN))

        await listed(store, entry(PAY, body="evil"))
        assert await shown(store, EVERYONE) == {}

        clock.advance(DAY_S)
        assert await shown(store, EVERYONE) == {KEY: "evil"}

    @pytest.mark.parametrize("ruled", [False, True])
    async def test_stays_with_the_bytes_that_are_held(self, store: Store, clock: FrozenClock, ruled: bool) -> None:
        """
        A source that changes what a person approved and waived takes nothing down, also where a rule approves the new
        bytes; those wait for what is left.
        """
        await waiting(store)
        if not ruled:
            await closed(store)
        await walked(store)
        await listed(store, entry(PAY, body="read"))
        await approved(store)
        await do(store, lambda t: waive_cool_off(t, PAY, None, reason="read it", actor=BEN))

        await listed(store, entry(PAY, body="evil"))
        assert await shown(store, EVERYONE) == {KEY: "read"}

        clock.advance(DAY_S)
        assert await shown(store, EVERYONE) == {KEY: "evil" if ruled else "read"}
        assert (await compare(store, clock)).differences == ()

    async def test_held_bytes_that_were_not_waived_wait(self, store: Store, clock: FrozenClock) -> None:
        """
        Other bytes do not end the cool-off of those that were approved.
        """
        await waiting(store)
        await closed(store)
        await walked(store)
        await listed(store, entry(PAY, body="read"))
        await approved(store)

        await listed(store, entry(PAY, body="evil"))
        assert await shown(store, EVERYONE) == {}

        clock.advance(DAY_S)
        assert await shown(store, EVERYONE) == {KEY: "read"}

    async def test_what_does_not_wait_cannot_be_waived(self, store: Store) -> None:
        """
        A version that is not there is not found, and one that does not wait is a conflict; neither is on record.
        """
        await waiting(store)
        await listed(store, entry(PAY, published_us=NOW_US - DAY_US))

        for version, error in (("9.9.9", NotFound), ("1.0.0", Conflict), (None, Conflict)):
            with pytest.raises(error):
                await do(store, lambda t, v=version: waive_cool_off(t, PAY, v, reason="", actor=BEN))  # type: ignore[misc]  # bound per round
        with pytest.raises(NotFound):
            await do(store, lambda t: waive_cool_off(t, ServerName("com.acme/none"), None, reason="", actor=BEN))
        assert recorded(store, "cool_off.waived") == []
