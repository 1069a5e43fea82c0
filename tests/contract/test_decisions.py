"""What decisions let a team see, and what they do not, through the stored view."""

import pytest

from registry.catalog.approval import State
from registry.catalog.query import Query
from registry.commands.actor import Actor
from registry.commands.approvals import Wanted, approve, approve_now, request_approval, revoke_approval
from registry.commands.perform import perform
from registry.commands.rules import end_rule, make_rule
from registry.store.interface import Store
from tests.contract.engines import NOW_US, entry, key, put, source
from tests.contract.governing import ADA, BEN, PAY, approved, do, recorded, seen, shown, team, updated_us, view
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

KEY = (PAY, "1.0.0")
S = 1_000_000


async def closed(store: Store) -> None:
    """Nothing is approved but by a person."""
    for rule in store.snapshot().governance.rules(in_force=True):
        await do(store, lambda transaction, r=rule: end_rule(transaction, r.id, reason="closed", actor=ADA))  # type: ignore[misc]  # bound per round


class TestHeldBytes:
    async def test_bytes_of_another_source_are_not_held(self, store: Store) -> None:
        """
        Who takes a name over is not served with what was approved of its previous owner.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY, body="theirs"))
        await approved(store)
        assert await shown(store, "backend") == {KEY: "theirs"}

        sources = [(source(), "http"), (source("internal", 20, "com.acme"), "http")]
        await store.transact(lambda transaction: transaction.put_sources(sources))
        await put(store, entry(PAY, body="ours"), of="internal")

        assert await shown(store, "backend") == {}

    async def test_what_a_rule_approved_twice_is_what_is_held(self, store: Store) -> None:
        """
        A document that changed and changed back is approved as it was last, not as it was in between.
        """
        await closed(store)
        await team(store, "backend", "*")
        rule = await do(store, lambda transaction: make_rule(transaction, "all", "*", reason="", actor=ADA))
        for body in ("a", "b", "a"):
            await put(store, entry(PAY, body=body))
        await do(store, lambda transaction: end_rule(transaction, rule.id, reason="", actor=ADA))

        await put(store, entry(PAY, body="c"))

        assert await shown(store, "backend") == {KEY: "a"}

    async def test_an_old_request_does_not_take_a_newer_approval_back(self, store: Store) -> None:
        """
        Approving what was asked for before the document changed does not bring old bytes back over approved ones.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY, body="old"))
        request = await do(
            store, lambda transaction: request_approval(transaction, Wanted(name=PAY), reason="", actor=ADA)
        )
        await put(store, entry(PAY, body="new"))
        await approved(store)

        await do(store, lambda transaction: approve(transaction, request.id, reason="", actor=BEN))

        assert await shown(store, "backend") == {KEY: "new"}


class TestTombstones:
    async def test_found_by_what_it_said_last(self, store: Store) -> None:
        """
        What left a view is found by the words this view has shown, by nothing its source says since.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY, description="alpha"))
        approval = await approved(store)
        await put(store, entry(PAY, description="beta"))

        await do(store, lambda transaction: revoke_approval(transaction, approval.id, reason="", actor=BEN))
        await put(store, entry("com.other/new", description="gamma"))

        def found(term: str) -> Query:
            return Query(limit=10, include_deleted=True, search=term)

        assert [key(item) for item in await seen(store, "backend", found("alpha"))] == [KEY]
        assert await seen(store, "backend", found("beta")) == []
        assert await seen(store, "backend", found("gamma")) == []


class TestRules:
    async def test_a_revoked_rule_does_not_stand_before_another(self, store: Store) -> None:
        """
        Where the approval of one rule was revoked, a later rule approves.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY, body="a"))
        first = await do(store, lambda transaction: make_rule(transaction, "one", "*", reason="", actor=ADA))
        await do(store, lambda transaction: make_rule(transaction, "two", "com.acme/*", reason="", actor=ADA))

        await do(store, lambda transaction: revoke_approval(transaction, first.approval, reason="", actor=BEN))

        assert await shown(store, "backend") == {KEY: "a"}


class TestTwoApprovers:
    async def test_the_end_that_the_first_one_set_stands(self, store: Store) -> None:
        """
        Whoever agrees second cannot lengthen what the first one agreed to.
        """
        await put(store, entry(PAY))
        request = await do(
            store, lambda transaction: request_approval(transaction, Wanted(name=PAY), reason="", actor=ADA)
        )
        carol = Actor(subject="carol", roles=("approver",))
        ends = NOW_US + 60 * S
        await do(
            store,
            lambda transaction: approve(transaction, request.id, reason="", actor=BEN, needed=2, expires_us=ends),
        )

        second = await do(store, lambda transaction: approve(transaction, request.id, reason="", actor=carol, needed=2))

        assert second.expires_us == ends


class TestTime:
    async def test_an_end_is_never_older_than_what_was_seen(self, store: Store, clock: FrozenClock) -> None:
        """
        Whoever polls with the newest updatedAt seen learns of an expiry, also when the clock was set back meanwhile.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY))
        await approved(store, expires_us=NOW_US + 60 * S)
        clock.step_to(NOW_US + 50 * S)
        await put(store, entry("com.acme/other"))
        await approved(store, entry("com.acme/other").name)
        clock.step_to(NOW_US - 1000 * S)
        await put(store, entry("com.acme/third"))
        await approved(store, entry("com.acme/third").name)
        clock.step_to(NOW_US + 40 * S)
        newest = max(updated_us(item) for item in await seen(store, "backend"))
        clock.step_to(NOW_US + 60 * S)
        await put(store, entry("com.acme/fourth"))
        await approved(store, entry("com.acme/fourth").name)
        newest = max(newest, updated_us(await _item(store, "com.acme/fourth")))

        told = await seen(store, "backend", Query(limit=100, updated_since_us=newest))

        assert KEY in [key(item) for item in told]

    async def test_an_end_takes_an_instant_of_its_own(self, store: Store, clock: FrozenClock) -> None:
        """
        A change in the very microsecond of an expiry is not hidden behind it.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY), entry("com.acme/other"))
        await approved(store, expires_us=NOW_US + 60 * S)
        clock.step_to(NOW_US + 60 * S)
        newest = max(updated_us(item) for item in await seen(store, "backend"))

        await approved(store, entry("com.acme/other").name)

        told = await seen(store, "backend", Query(limit=100, updated_since_us=newest))
        assert [key(item)[0] for item in told] == ["com.acme/other"]

    async def test_what_has_ended_stays_ended_when_the_clock_steps_back(self, store: Store, clock: FrozenClock) -> None:
        """
        An expiry that one team's reader has met is in force for every team, and on record.
        """
        await closed(store)
        await team(store, "backend", "*")
        await team(store, "data", "*")
        await put(store, entry(PAY))
        approval = await approved(store, expires_us=NOW_US + 60 * S)
        clock.step_to(NOW_US + 60 * S)
        assert await shown(store, "backend") == {}

        clock.step_to(NOW_US)

        assert await shown(store, "backend") == {}
        assert await shown(store, "data") == {}
        assert _state(store, approval.id) is State.EXPIRED
        assert [event.object for event in recorded(store, "approval.expired")] == [approval.id]

    async def test_an_end_that_another_change_met_is_on_record(self, store: Store, clock: FrozenClock) -> None:
        """
        The same where it is not a reader but a change of the server that comes first.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY))
        approval = await approved(store, expires_us=NOW_US + 60 * S)
        clock.step_to(NOW_US + 60 * S)

        await perform(store, lambda transaction: approve_now(
            transaction, Wanted(name=PAY, audience=()), reason="", actor=BEN
        ))  # fmt: skip

        clock.step_to(NOW_US)
        assert await shown(store, "backend") == {}
        assert [event.object for event in recorded(store, "approval.expired")] == [approval.id]


class TestSnapshots:
    async def test_a_snapshot_reads_what_is_committed_now(self, store: Store) -> None:
        """
        A snapshot that was asked for an approval before does not remember it.
        """
        await put(store, entry(PAY))
        approval = await approved(store)
        snapshot = store.snapshot().governance
        assert snapshot.approval(approval.id) == approval

        await do(store, lambda transaction: revoke_approval(transaction, approval.id, reason="", actor=BEN))

        again = snapshot.approval(approval.id)
        assert again is not None
        assert again.state is State.REVOKED

    async def test_a_page_of_approvals_is_full_where_there_are_more(self, store: Store, clock: FrozenClock) -> None:
        """
        A state narrows what is counted, not the page that was counted.
        """
        await put(store, entry(PAY))
        revoked = []
        for _ in range(3):
            approval = await approved(store)
            revoked.append(approval.id)
            clock.advance(1)
            await do(store, lambda transaction, a=approval: revoke_approval(transaction, a.id, reason="", actor=BEN))  # type: ignore[misc]  # bound per round
        await approved(store)
        await approved(store, audience=())

        page = store.snapshot().governance.approvals(state=State.REVOKED, name=PAY, limit=2)

        assert [each.id for each in page] == sorted(revoked, reverse=True)[:2]


def _state(store: Store, approval_id: str) -> State:
    approval = store.snapshot().governance.approval(approval_id)
    assert approval is not None
    return approval.state


async def _item(store: Store, name: str) -> bytes:
    item = view(store, "backend").version(entry(name).name, "1.0.0", include_deleted=True)
    assert item is not None
    return item
