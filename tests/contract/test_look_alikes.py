"""Names that look like an approved or a claimed one: found, held, and let go."""

import pytest

from registry.catalog.approval import State
from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE
from registry.commands.apply_changes import Batch, apply_changes
from registry.commands.approvals import Wanted, reject, request_approval, revoke_approval
from registry.commands.change import Change
from registry.commands.configure_sources import configure_sources, project_pending
from registry.commands.publish import Publication, publish
from registry.commands.release import release_look_alike
from registry.commands.rules import make_rule
from registry.errors import NotFound, Refused
from registry.governing.decisions import ApproveServer
from registry.governing.explain import explain, explain_to_reader
from registry.governing.preview import preview
from registry.store.interface import EVERYONE, Store
from registry.views import compare
from tests.contract.engines import NOW_US, entry, run, source
from tests.contract.governing import ADA, BEN, PAY, approved, do, recorded, seen, shown, team
from tests.contract.test_decisions import closed
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

ALIKE = ServerName("com.acrne/pay")
KEY = (ALIKE, "1.0.0")


async def listed(store: Store, *names: str, of: str = "official") -> None:
    batch = Batch(entries=[entry(name) for name in names])
    await do(store, lambda t: apply_changes(t, run(1, upstream=of), batch, advance=lambda progressed: progressed))


async def claiming(store: Store, *claims: str) -> None:
    """What is configured, and in force."""
    sources = [(source(), "http"), (source("internal", 20, *claims), "http")]
    await do(store, lambda t: configure_sources(t, sources))
    while await do(store, lambda t: project_pending(t, limit=10)):
        pass


def held(store: Store) -> dict[str, str]:
    found = store.snapshot().firewall.look_alikes(released=False, after="", limit=100)
    return {each.name: each.resembles for each in found}


class TestApproved:
    async def test_what_comes_later_is_held(self, store: Store, clock: FrozenClock) -> None:
        """
        Although a rule approves everything; the record and the explanation name the one it looks like.
        """
        await listed(store, PAY)
        await approved(store)

        await listed(store, ALIKE, "com.globex/pay", "com.acme/pray")

        assert {name for name, _ in await shown(store, EVERYONE)} == {PAY, "com.globex/pay", "com.acme/pray"}
        assert held(store) == {ALIKE: PAY}
        (event,) = recorded(store, "look_alike.found")
        assert (event.object, event.detail["resembles"]) == (ALIKE, PAY)
        explained = explain(store.snapshot(), EVERYONE, ALIKE, now_us=NOW_US)
        assert (explained.resembles, explained.versions[0].because) == (PAY, "look-alike")
        assert (await compare(store, clock)).differences == ()

    async def test_what_was_there_is_held(self, store: Store) -> None:
        """
        With the approval of the other, in the same moment, as its preview said; it leaves the view as a tombstone.
        """
        await listed(store, PAY, ALIKE)
        decision = ApproveServer(name=PAY, teams=None, reason="r")

        previewed = await preview(store, decision, actor=BEN)
        await approved(store)

        assert [(each.name, each.lost) for each in previewed.changes] == [(ALIKE, ["1.0.0"])]
        assert {name for name, _ in await shown(store, EVERYONE)} == {PAY}
        (tombstone,) = [item for item in await seen(store, EVERYONE) if b"deleted" in item]
        # Its readers may not know of the other.
        assert PAY.encode() not in tombstone

    async def test_by_a_rule_guards_nothing(self, store: Store) -> None:
        """
        What nobody looked at is not what others are taken for.
        """
        await listed(store, PAY, ALIKE)

        assert held(store) == {}
        assert {name for name, _ in await shown(store, EVERYONE)} == {PAY, ALIKE}

    async def test_a_person_who_approves_it_lifts_it(self, store: Store) -> None:
        """
        For the teams of that approval; what rules approve for others stays held.
        """
        await team(store, "backend", "*")
        await listed(store, PAY)
        await approved(store)
        await listed(store, ALIKE)

        await approved(store, ALIKE, audience=("backend",))

        assert KEY in await shown(store, "backend")
        assert KEY not in await shown(store, EVERYONE)

    async def test_for_some_teams_takes_nothing_from_others(self, store: Store) -> None:
        """
        What a rule lets all see stays when one team has the other approved; what comes later, or is not approved, is
        held.
        """
        await team(store, "backend", "*")
        await listed(store, PAY, ALIKE)

        await approved(store, ALIKE, audience=("backend",))
        assert held(store) == {}
        assert {name for name, _ in await shown(store, EVERYONE)} == {PAY, ALIKE}

        await listed(store, "com.acrme/pay")
        assert held(store) == {"com.acrme/pay": ALIKE}
        await approved(store, ALIKE)
        assert held(store) == {"com.acrme/pay": ALIKE, PAY: ALIKE}

    async def test_for_some_teams_holds_what_nothing_approves(self, store: Store) -> None:
        """
        A rule that is made later does not let it be seen.
        """
        await team(store, "backend", "*")
        (rule,) = store.snapshot().governance.rules(in_force=True)
        await do(store, lambda t: revoke_approval(t, rule.approval, reason="by hand", actor=ADA))
        await listed(store, PAY, ALIKE)

        await approved(store, audience=("backend",))

        assert held(store) == {ALIKE: PAY}

    async def test_two_that_are_approved(self, store: Store) -> None:
        """
        Neither is held for looking like the other, until an approval of one is revoked.
        """
        await listed(store, PAY)
        await listed(store, ALIKE)
        alike = await approved(store, ALIKE)
        assert held(store) == {PAY: ALIKE}
        await do(store, lambda t: release_look_alike(t, PAY, reason="ours", actor=BEN))
        await approved(store)
        assert held(store) == {}

        await do(store, lambda t: revoke_approval(t, alike.id, reason="a mistake", actor=BEN))

        assert held(store) == {ALIKE: PAY}
        assert {name for name, _ in await shown(store, EVERYONE)} == {PAY}

    async def test_when_its_own_approval_expires(self, store: Store, clock: FrozenClock) -> None:
        """
        It is held, as if that had been revoked: also for those to whom a rule shows it, when the others look.
        """
        await closed(store)
        await team(store, "backend", "*")
        await do(store, lambda t: make_rule(t, "all", "*", reason="trusted", actor=ADA, audience=(EVERYONE,)))
        await listed(store, ALIKE)
        await approved(store, ALIKE, audience=("backend",), expires_us=NOW_US + 1_000_000)
        await listed(store, PAY)
        await do(store, lambda t: release_look_alike(t, PAY, reason="ours", actor=BEN))
        await approved(store)
        assert held(store) == {}
        assert KEY in await shown(store, EVERYONE)

        clock.advance(1)

        assert KEY not in await shown(store, "backend")
        assert held(store) == {ALIKE: PAY}
        assert KEY not in await shown(store, EVERYONE)
        assert (await compare(store, clock)).differences == ()
        (expired,) = recorded(store, "approval.expired")
        assert expired.detail["server"] == ALIKE

    async def test_a_rejected_request_holds_nothing(self, store: Store) -> None:
        """
        It takes nothing away that was seen before anybody asked.
        """
        await team(store, "backend", "*")
        await listed(store, PAY, ALIKE)
        await approved(store, audience=("backend",))
        asked = await do(store, lambda t: request_approval(t, Wanted(name=ALIKE), reason="", actor=ADA))

        await do(store, lambda t: reject(t, asked.id, reason="no need", actor=BEN))

        assert held(store) == {}
        assert KEY in await shown(store, EVERYONE)

    async def test_no_more_when_nobody_approves_it(self, store: Store) -> None:
        """
        What comes after the last approval of a name was revoked looks like nothing.
        """
        await listed(store, PAY)
        approval = await approved(store)
        await do(store, lambda t: revoke_approval(t, approval.id, reason="evil", actor=BEN))

        await listed(store, ALIKE)

        assert held(store) == {}

    @pytest.mark.parametrize("ending", ["revoked", "expired"])
    async def test_again_when_somebody_approves_it_again(self, store: Store, clock: FrozenClock, ending: str) -> None:
        """
        What came while nobody vouched for the name is held as soon as somebody does.
        """
        await listed(store, PAY)
        approval = await approved(store, expires_us=NOW_US + 1_000_000)
        if ending == "revoked":
            await do(store, lambda t: revoke_approval(t, approval.id, reason="a mistake", actor=BEN))
        clock.advance(1)
        await listed(store, ALIKE)
        assert held(store) == {}

        await approved(store)

        assert held(store) == {ALIKE: PAY}
        assert {name for name, _ in await shown(store, EVERYONE)} == {PAY}


class TestClaimed:
    async def test_a_namespace_beside_a_claimed_one(self, store: Store) -> None:
        """
        Every name in it is held, also where the claimed one has no name yet.
        """
        await claiming(store, "com.acme", "com.acme.*")

        await listed(store, ALIKE, "com.acme-evil/x", "com.globex/x")

        assert held(store) == {ALIKE: "com.acme", "com.acme-evil/x": "com.acme.*"}
        assert {name for name, _ in await shown(store, EVERYONE)} == {"com.globex/x"}

    async def test_what_was_there_when_it_was_claimed(self, store: Store) -> None:
        """
        A new claim holds what looks like it, and one that is dropped lets it go.
        """
        await listed(store, ALIKE)

        await claiming(store, "com.acme")
        assert held(store) == {ALIKE: "com.acme"}
        assert await shown(store, EVERYONE) == {}

        await claiming(store)
        assert held(store) == {}
        assert KEY in await shown(store, EVERYONE)

    async def test_names_of_claimed_namespaces(self, store: Store) -> None:
        """
        They are never held, and what looks like one of them is, whichever came first.
        """
        await listed(store, "com.acmedata/x")
        await claiming(store, "com.acme.*")
        await listed(store, "com.acme.data/x", of="internal")

        assert held(store) == {"com.acmedata/x": "com.acme.data/x"}

    async def test_a_claim_that_goes_leaves_the_other_likeness(self, store: Store) -> None:
        """
        What looks like an approved name besides is held for that from then on.
        """
        await claiming(store, "com.acme")
        await listed(store, PAY, of="internal")
        await approved(store)
        await listed(store, ALIKE)
        assert held(store) == {ALIKE: "com.acme"}

        await claiming(store)

        assert held(store) == {ALIKE: PAY}
        assert {name for name, _ in await shown(store, EVERYONE)} == {PAY}

    async def test_a_claim_that_comes_again(self, store: Store) -> None:
        """
        What came while the namespace was not claimed is held as soon as it is.
        """
        await claiming(store, "com.acme.*")
        await listed(store, "com.acme.data/x", of="internal")
        await claiming(store)
        await listed(store, "com.acmedata/x")
        assert held(store) == {}

        await claiming(store, "com.acme.*")

        assert held(store) == {"com.acmedata/x": "com.acme.data/x"}


class TestReleasing:
    async def test_lets_it_go_for_good(self, store: Store, clock: FrozenClock) -> None:
        """
        In force with the answer, on record with who and why, and not found again.
        """
        await listed(store, PAY)
        await approved(store)
        await listed(store, ALIKE)

        await do(store, lambda t: release_look_alike(t, ALIKE, reason="a customer of ours", actor=ADA))
        await approved(store)
        await claiming(store, "com.acme")

        assert KEY in await shown(store, EVERYONE)
        (event,) = recorded(store, "look_alike.released")
        assert (event.actor, event.object, event.detail["reason"]) == ("ada", ALIKE, "a customer of ours")
        assert held(store) == {}
        with pytest.raises(NotFound):
            await do(store, lambda t: release_look_alike(t, ALIKE, reason="", actor=ADA))

    async def test_nobody_releases_what_they_published(self, store: Store) -> None:
        """
        Somebody else may.
        """
        await store.transact(lambda t: t.put_sources([(source(), "http"), (source(PRIVATE, 0), PRIVATE)]))
        await listed(store, PAY)
        await approved(store)
        publication = Publication(entry=entry(ALIKE, published_us=None))
        await do(store, lambda t: publish(t, publication, Change(actor=BEN, now_us=NOW_US)))
        assert held(store) == {ALIKE: PAY}

        with pytest.raises(Refused, match="you published"):
            await do(store, lambda t: release_look_alike(t, ALIKE, reason="mine", actor=BEN))
        assert held(store) == {ALIKE: PAY}

        await do(store, lambda t: release_look_alike(t, ALIKE, reason="read it", actor=ADA))
        assert held(store) == {}

    async def test_readers_are_not_told_of_the_other(self, store: Store) -> None:
        """
        Why it is not visible they are told, and not which name it looks like.
        """
        await listed(store, PAY)
        await approved(store)
        await listed(store, ALIKE)

        explained = explain_to_reader(store.snapshot(), EVERYONE, ALIKE, now_us=NOW_US)

        assert explained.resembles is None
        assert explained.versions[0].because == "look-alike"
        assert PAY not in str(explained)
        assert store.snapshot().governance.approvals(state=State.APPROVED, name=PAY, limit=1)
