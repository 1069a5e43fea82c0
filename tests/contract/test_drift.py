"""What happens when a document changes under an approval: what is served, and the request that appears beside it."""

import pytest

from registry.catalog.approval import Approval, State
from registry.catalog.difference import Change
from registry.catalog.entry import digest_of
from registry.catalog.standing import OnChange
from registry.commands.approvals import approve, reject, revoke_approval
from registry.commands.change import Change as Changing
from registry.commands.drift_policies import end_drift_policy, set_drift_policy
from registry.commands.edit import edit
from registry.commands.perform import Done
from registry.commands.publish import Publication, publish
from registry.commands.rules import end_rule, make_rule
from registry.errors import Conflict, Invalid, NotFound, Refused
from registry.store.interface import Store
from tests.contract.engines import NOW_US, configure, entry, mirror, official, put, source
from tests.contract.governing import ADA, BEN, PAY, approved, do, recorded, seen, shown, team
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

V1, V2 = (PAY, "1.0.0"), (PAY, "2.0.0")
ACME = "com.acme/*"


@pytest.fixture
async def governed(store: Store) -> Store:
    """One upstream has com.acme/pay in two versions; `backend` and `data` may read it, and nothing is approved."""
    await closed(store)
    await team(store, "backend", ACME)
    await team(store, "data", ACME)
    await put(store, entry(PAY, body="alpha"), entry(PAY, "2.0.0", body="alpha"))
    return store


async def closed(store: Store) -> None:
    """Nothing is approved but by a person."""
    for rule in store.snapshot().governance.rules(in_force=True):
        await do(store, lambda transaction, r=rule: end_rule(transaction, r.id, reason="closed", actor=ADA))  # type: ignore[misc]  # bound per round


async def changes(store: Store, body: str = "beta", version: str = "1.0.0") -> None:
    await do(store, lambda transaction: Done(value=mirror(transaction, [entry(PAY, version, body=body)])))


async def policy(store: Store, on_change: OnChange, pattern: str = ACME) -> None:
    await do(store, lambda transaction: set_drift_policy(transaction, pattern, on_change, reason="ours", actor=ADA))


def drafts(store: Store, state: State | None = State.REQUESTED) -> list[Approval]:
    found = store.snapshot().governance.approvals(state=state, name=PAY, limit=100)
    return [each for each in found if each.draft is not None]


def draft(store: Store) -> Approval:
    (found,) = drafts(store)
    return found


class TestHold:
    async def test_serves_what_was_approved_and_asks(self, governed: Store) -> None:
        """
        Without a policy the approved bytes are served on, and a request for the new ones is there, for the same teams,
        with what differs; on record, too.
        """
        given = await approved(governed, audience=("backend",), versions=("1.0.0",), expires_us=NOW_US + 9_000_000)

        await changes(governed)

        assert await shown(governed, "backend") == {V1: "alpha"}
        asked = draft(governed)
        assert (asked.audience, asked.expires_us, asked.requested_by) == (
            ("backend",),
            NOW_US + 9_000_000,
            "system:drift",
        )
        assert asked.draft is not None
        assert (asked.draft.beside, asked.draft.difference.classes) == (given.id, (Change.OTHER,))
        assert asked.draft.difference.places == ('x: "alpha" → "beta"',)
        (event,) = recorded(governed, "approval.drafted")
        assert (event.object, event.actor, event.detail["classes"], event.detail["places"]) == (
            asked.id, "system:drift", "other", "x",
        )  # fmt: skip
        assert event.before == {"digest": digest_of(entry(PAY, body="alpha").document).hex()}
        assert event.digest == digest_of(entry(PAY, body="beta").document).hex()

    async def test_approved_it_is_served(self, governed: Store) -> None:
        """
        Approving the request approves the new bytes, and no others; the earlier approval gives way.
        """
        await approved(governed, versions=("1.0.0",))
        await changes(governed)

        made = await do(governed, lambda transaction: approve(transaction, draft(governed).id, reason="r", actor=BEN))

        assert await shown(governed, "backend") == {V1: "beta"}
        assert drafts(governed) == []
        await changes(governed, "gamma")
        assert await shown(governed, "backend") == {V1: "beta"}
        assert draft(governed).draft.beside == made.id  # type: ignore[union-attr]  # it is one

    async def test_rejected_it_does_not_come_back(self, governed: Store) -> None:
        """
        Neither at once nor when these bytes go and return: nobody wears an approver down. Other bytes are asked for.
        """
        await approved(governed)
        await changes(governed)
        await do(governed, lambda transaction: reject(transaction, draft(governed).id, reason="r", actor=BEN))

        for body in ("alpha", "beta"):
            await changes(governed, body)
            assert drafts(governed) == []
        assert (await shown(governed, "backend"))[V1] == "alpha"

        await changes(governed, "gamma")
        assert draft(governed).state is State.REQUESTED

    async def test_is_superseded_when_the_bytes_are_gone(self, governed: Store) -> None:
        """
        There is one for the present bytes and none for others, however often they change; what is gone cannot be
        approved.
        """
        await approved(governed)
        seen_drafts = []
        for body in ("beta", "gamma", "beta"):
            await changes(governed, body)
            seen_drafts.append(draft(governed).id)

        assert len({*seen_drafts}) == 3
        with pytest.raises(Conflict, match="it is superseded"):
            await do(governed, lambda transaction: approve(transaction, seen_drafts[0], reason="r", actor=BEN))
        await changes(governed, "alpha")
        assert drafts(governed) == []
        assert len(recorded(governed, "approval.superseded")) == 3
        assert (await shown(governed, "backend"))[V1] == "alpha"

    async def test_goes_with_its_approval(self, governed: Store, clock: FrozenClock) -> None:
        """
        What was revoked, or is over, leaves no request to bring it back.
        """
        given = await approved(governed, versions=("1.0.0",))
        await approved(governed, versions=("2.0.0",), expires_us=NOW_US + 5_000_000)
        await changes(governed)
        await changes(governed, version="2.0.0")
        assert len(drafts(governed)) == 2

        await do(governed, lambda transaction: revoke_approval(transaction, given.id, reason="r", actor=BEN))
        assert [each.expires_us for each in drafts(governed)] == [NOW_US + 5_000_000]
        clock.advance(6)

        assert await shown(governed, "backend") == {}
        assert drafts(governed) == []

    async def test_one_for_each_version_and_audience(self, governed: Store) -> None:
        """
        Whoever decides for one team decides about its own request; one for all teams is enough for all.
        """
        await approved(governed, audience=("backend",))
        await approved(governed, audience=("data",), versions=("1.0.0",))
        await changes(governed)
        await changes(governed, version="2.0.0")
        assert sorted(each.audience or () for each in drafts(governed)) == [("backend",), ("backend",), ("data",)]

        await approved(governed, versions=("1.0.0",))

        assert [each.audience for each in drafts(governed)] == [("backend",)]

    async def test_who_changed_it_does_not_approve_it(self, store: Store) -> None:
        """
        An administrator who edits what is published here has asked for it.
        """
        await closed(store)
        await store.transact(lambda transaction: transaction.put_sources([(source("private", -1), "private")]))
        await team(store, "backend", ACME)
        change = Changing(actor=BEN, now_us=NOW_US)
        first = Publication(entry=entry(PAY, body="alpha", published_us=None))
        await do(store, lambda transaction: publish(transaction, first, change))
        await approved(store, by=ADA)
        editor = Changing(actor=ADA, now_us=NOW_US)
        other = Publication(entry=entry(PAY, body="beta", published_us=None))

        await do(store, lambda transaction: edit(transaction, other, editor))

        assert draft(store).requested_by == "ada"
        with pytest.raises(Refused, match="you asked for"):
            await do(store, lambda transaction: approve(transaction, draft(store).id, reason="r", actor=ADA))

    async def test_a_rule_that_approves_leaves_nothing_to_ask(self, governed: Store) -> None:
        """
        What a rule covers is approved as it comes; of one that ended the bytes are held like any others.
        """
        rule = await do(governed, lambda transaction: make_rule(transaction, "all", ACME, reason="r", actor=ADA))
        await changes(governed)
        assert (drafts(governed), (await shown(governed, "backend"))[V1]) == ([], "beta")

        await do(governed, lambda transaction: end_rule(transaction, rule.id, reason="r", actor=ADA))
        await changes(governed, "gamma")

        assert draft(governed).draft.beside == rule.approval  # type: ignore[union-attr]  # it is one
        assert (await shown(governed, "backend"))[V1] == "beta"

    async def test_another_source_is_no_change(self, store: Store) -> None:
        """
        Who takes a name over is not asked for as if it were the same server.
        """
        await configure(store, source("official", 1), source("internal", 2))
        await closed(store)
        await team(store, "backend", ACME)
        await put(store, entry(PAY, body="alpha"))
        await put(store, entry(PAY, body="beta"), of="internal")
        await approved(store, audience=("backend",))

        await store.transact(
            lambda transaction: transaction.put_sources(
                [(source("official", 1), "http"), (source("internal", 2, "com.acme"), "http")]
            )
        )
        await put(store, entry(PAY, "3.0.0", body="alpha"), of="internal")

        assert await shown(store, "backend") == {}
        assert drafts(store) == []


class TestWithdraw:
    async def test_serves_nothing_until_it_is_decided(self, governed: Store) -> None:
        """
        The version leaves the view as a deleted one with a reason, and comes back with an approval, or the old bytes.
        """
        await policy(governed, OnChange.WITHDRAW)
        await approved(governed, versions=("1.0.0",))

        await changes(governed)

        assert await shown(governed, "backend") == {}
        (item,) = await seen(governed, "backend")
        assert "approved other bytes" in official(item)["statusMessage"]
        await changes(governed, "alpha")
        assert await shown(governed, "backend") == {V1: "alpha"}
        await changes(governed)
        await do(governed, lambda transaction: approve(transaction, draft(governed).id, reason="r", actor=BEN))
        assert await shown(governed, "backend") == {V1: "beta"}


class TestFollow:
    async def test_serves_the_new_ones(self, governed: Store) -> None:
        """
        They are approved by the policy, on record with what differs; nobody has to decide.
        """
        await policy(governed, OnChange.FOLLOW)
        given = await approved(governed, audience=("backend",), expires_us=NOW_US + 9_000_000)

        await changes(governed)

        assert (await shown(governed, "backend"))[V1] == "beta"
        assert await shown(governed, "data") == {}
        assert drafts(governed) == []
        (followed,) = drafts(governed, State.APPROVED)
        assert (followed.policy, followed.decided_by, followed.reason) == (ACME, f"policy {ACME}", "ours")
        assert (followed.audience, followed.expires_us) == (("backend",), NOW_US + 9_000_000)
        (event,) = recorded(governed, "approval.followed")
        assert (event.object, event.decided_by) == (followed.id, f"policy {ACME}")
        assert governed.snapshot().governance.approval(given.id) == given

    async def test_lasts_no_longer_than_what_it_follows(self, governed: Store, clock: FrozenClock) -> None:
        """
        The approval of a person, revoked or over, takes with it what was followed from it.
        """
        await policy(governed, OnChange.FOLLOW)
        given = await approved(governed, versions=("1.0.0",))
        await approved(governed, versions=("2.0.0",), expires_us=NOW_US + 5_000_000)
        await changes(governed)
        await changes(governed, version="2.0.0")
        assert await shown(governed, "backend") == {V1: "beta", V2: "beta"}

        await do(governed, lambda transaction: revoke_approval(transaction, given.id, reason="r", actor=BEN))
        assert await shown(governed, "backend") == {V2: "beta"}
        clock.advance(6)
        assert await shown(governed, "backend") == {}

    async def test_what_was_revoked_is_not_followed_again(self, governed: Store) -> None:
        """
        Revoking what was followed brings the approved bytes back, for good.
        """
        await policy(governed, OnChange.FOLLOW)
        await approved(governed, versions=("1.0.0",))
        await changes(governed)
        (followed,) = drafts(governed, State.APPROVED)

        await do(governed, lambda transaction: revoke_approval(transaction, followed.id, reason="bad", actor=BEN))
        await changes(governed, "alpha")
        await changes(governed)

        assert await shown(governed, "backend") == {V1: "alpha"}
        assert drafts(governed) == []

    async def test_is_for_what_somebody_named(self, governed: Store) -> None:
        """
        Every name cannot be trusted; of several patterns the longest says what holds.
        """
        with pytest.raises(Invalid, match="follow needs a namespace"):
            await policy(governed, OnChange.FOLLOW, "*")
        await policy(governed, OnChange.WITHDRAW, "*")
        await policy(governed, OnChange.FOLLOW, "com.*")
        await policy(governed, OnChange.HOLD, str(PAY))
        await approved(governed, versions=("1.0.0",))
        await changes(governed)
        assert await shown(governed, "backend") == {V1: "alpha"}

        await do(governed, lambda transaction: end_drift_policy(transaction, str(PAY), reason="r", actor=ADA))

        assert await shown(governed, "backend") == {V1: "beta"}
        with pytest.raises(NotFound):
            await do(governed, lambda transaction: end_drift_policy(transaction, str(PAY), reason="r", actor=ADA))

    async def test_no_longer_followed(self, governed: Store) -> None:
        """
        What was followed until then is held from then on, and the next change waits.
        """
        await policy(governed, OnChange.FOLLOW)
        await approved(governed, versions=("1.0.0",))
        await changes(governed)
        await policy(governed, OnChange.HOLD)
        assert await shown(governed, "backend") == {V1: "beta"}

        await changes(governed, "gamma")

        assert await shown(governed, "backend") == {V1: "beta"}
        assert draft(governed).draft.difference.places == ('x: "beta" → "gamma"',)  # type: ignore[union-attr]  # it is one

    async def test_what_waited_is_followed(self, governed: Store) -> None:
        """
        A policy decides what waits when it is made.
        """
        await approved(governed, versions=("1.0.0",))
        await changes(governed)
        waiting = draft(governed).id

        await policy(governed, OnChange.FOLLOW)

        assert [each.id for each in drafts(governed, State.APPROVED)] == [waiting]
        assert await shown(governed, "backend") == {V1: "beta"}


class TestPolicies:
    async def test_on_record(self, governed: Store) -> None:
        """
        What held before, and what holds now.
        """
        await policy(governed, OnChange.WITHDRAW)
        await policy(governed, OnChange.FOLLOW)
        await do(governed, lambda transaction: end_drift_policy(transaction, ACME, reason="over", actor=ADA))

        newest, oldest = recorded(governed, "drift_policy.set")
        assert (oldest.before, oldest.after) == (None, {"on_change": "withdraw"})
        assert (newest.before, newest.after, newest.object) == (
            {"on_change": "withdraw"},
            {"on_change": "follow"},
            ACME,
        )
        (ended,) = recorded(governed, "drift_policy.ended")
        assert (ended.before, ended.detail) == ({"on_change": "follow"}, {"audience": "*", "reason": "over"})
        assert governed.snapshot().governance.drift_policies() == []
