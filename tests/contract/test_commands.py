"""Teams, grants, approvals, rules, blocks: what each command does, refuses, and records."""

import msgspec
import pytest

from registry.catalog.approval import State
from registry.catalog.compat import Compat
from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE
from registry.commands.actor import Actor, local
from registry.commands.approvals import Wanted, approve, approve_now, reject, request_approval, revoke_approval
from registry.commands.change import Change
from registry.commands.edit import edit
from registry.commands.publish import Publication, publish
from registry.commands.rules import block, end_rule, make_rule, unblock
from registry.commands.teams import edit_team, grant_access, make_team, revoke_access
from registry.errors import Conflict, Invalid, NotFound, Refused
from registry.store.interface import EVERYONE, Store
from tests.contract.engines import NOW_US, entry, official, put, source
from tests.contract.governing import ADA, BEN, PAY, approved, do, recorded, seen, shown, team
from tests.contract.test_decisions import closed

pytestmark = pytest.mark.anyio

KEY = (PAY, "1.0.0")


class TestTeams:
    async def test_made_once(self, store: Store) -> None:
        """
        A team is made once, by a name that is one; what happened is on record.
        """
        await do(store, lambda t: make_team(t, "backend~prod", description="", actor=ADA))

        with pytest.raises(Conflict, match="backend~prod already"):
            await do(store, lambda t: make_team(t, "backend~prod", description="", actor=ADA))
        with pytest.raises(Invalid, match="not a team"):
            await do(store, lambda t: make_team(t, "Backend", description="", actor=ADA))
        assert [(event.object, event.actor) for event in recorded(store, "team.made")] == [("backend~prod", "ada")]

    async def test_edited(self, store: Store) -> None:
        """
        What is given is said of it from then on, the rest stays; on record is what changed, and nothing if nothing did.
        """
        await do(store, lambda t: make_team(t, "backend", description="services", actor=ADA, compat=Compat.XCODE))
        made = store.snapshot().governance.team("backend")

        edited = await do(store, lambda t: edit_team(t, "backend", compat=None, actor=BEN))
        again = await do(store, lambda t: edit_team(t, "backend", description="services", compat=None, actor=ADA))

        assert made is not None
        assert edited == again == msgspec.structs.replace(made, compat=None)
        (event,) = recorded(store, "team.edited")
        assert (event.actor, event.detail["compat"], event.detail["compat_before"]) == ("ben", None, "xcode")
        with pytest.raises(NotFound, match="no team 'data'"):
            await do(store, lambda t: edit_team(t, "data", description="", actor=ADA))

    async def test_what_cannot_be_granted(self, store: Store) -> None:
        """
        To a team that is not there, by a pattern that is none, or a second time.
        """
        await team(store, "backend", "com.acme/*")

        with pytest.raises(NotFound, match="no team 'data'"):
            await do(store, lambda t: grant_access(t, "data", "*", reason="", actor=ADA))
        with pytest.raises(Invalid, match="not a pattern"):
            await do(store, lambda t: grant_access(t, "backend", "com.acme*", reason="", actor=ADA))
        with pytest.raises(Conflict, match="already"):
            await do(store, lambda t: grant_access(t, "backend", "com.acme", reason="", actor=ADA))
        # Other tools are another grant.
        await do(store, lambda t: grant_access(t, "backend", "com.acme/*", reason="", actor=ADA, tools=["b", "a", "b"]))
        assert [grant.tools for grant in store.snapshot().governance.grants(team="backend", in_force=True)] in (
            [None, ("a", "b")],
            [("a", "b"), None],
        )

    async def test_a_revoked_grant_leaves_tombstones(self, store: Store) -> None:
        """
        What the team saw is deleted for it from then on, says why, and comes back with another grant.
        """
        await team(store, "backend", "com.acme/*")
        await put(store, entry(PAY, body="a"))
        (grant,) = store.snapshot().governance.grants(team="backend", in_force=True)

        await do(store, lambda t: revoke_access(t, grant.id, reason="left", actor=ADA))

        (item,) = await seen(store, "backend")
        assert official(item)["status"] == "deleted"
        assert "no grant" in official(item)["statusMessage"]
        with pytest.raises(Conflict, match="revoked already, by ada"):
            await do(store, lambda t: revoke_access(t, grant.id, reason="", actor=ADA))
        with pytest.raises(NotFound, match="no grant"):
            await do(store, lambda t: revoke_access(t, "grt_x", reason="", actor=ADA))
        await do(store, lambda t: grant_access(t, "backend", "com.*", reason="", actor=ADA))
        assert await shown(store, "backend") == {KEY: "a"}


class TestApprovals:
    async def test_from_a_request_to_its_revocation(self, store: Store) -> None:
        """
        Nothing is visible by asking; everything is by approving; nothing after revoking.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY, body="a"))
        request = await do(store, lambda t: request_approval(t, Wanted(name=PAY), reason="we need it", actor=ADA))
        assert await seen(store, "backend") == []

        await do(store, lambda t: approve(t, request.id, reason="read it", actor=BEN))
        assert await shown(store, "backend") == {KEY: "a"}

        await do(store, lambda t: revoke_approval(t, request.id, reason="CVE", actor=BEN))
        (item,) = await seen(store, "backend")
        assert "CVE" in official(item)["statusMessage"]
        with pytest.raises(Conflict, match="it is revoked"):
            await do(store, lambda t: approve(t, request.id, reason="", actor=BEN))

    async def test_nobody_decides_about_what_is_their_own(self, store: Store) -> None:
        """
        Neither what they asked for, nor what they published, nor twice.
        """
        await store.transact(lambda t: t.put_sources([(source(), "http"), (source(PRIVATE, 0), PRIVATE)]))
        change = Change(actor=BEN, now_us=NOW_US)
        publication = Publication(entry=entry(PAY, published_us=None))
        await do(store, lambda t: publish(t, publication, change))
        request = await do(store, lambda t: request_approval(t, Wanted(name=PAY), reason="", actor=ADA))

        with pytest.raises(Refused, match="you asked for"):
            await do(store, lambda t: approve(t, request.id, reason="", actor=ADA))
        with pytest.raises(Refused, match="you published"):
            await do(store, lambda t: approve(t, request.id, reason="", actor=BEN))
        with pytest.raises(Refused, match="you published"):
            await do(store, lambda t: approve_now(t, Wanted(name=PAY), reason="", actor=BEN))
        carol = Actor(subject="carol", roles=("approver",))
        with pytest.raises(Refused, match="second person"):
            await do(store, lambda t: approve(t, request.id, reason="", actor=local("root"), needed=2))
        with pytest.raises(Refused, match="second person"):
            await do(store, lambda t: approve_now(t, Wanted(name=PAY), reason="", actor=local("root"), needed=2))
        await do(store, lambda t: approve(t, request.id, reason="", actor=carol, needed=2))
        with pytest.raises(Refused, match="you agreed to"):
            await do(store, lambda t: approve(t, request.id, reason="", actor=carol, needed=2))
        with pytest.raises(Refused, match="second person"):
            await do(store, lambda t: approve(t, request.id, reason="", actor=local("root"), needed=2))

    async def test_nobody_decides_about_bytes_of_their_own(self, store: Store) -> None:
        """
        Who edited last wrote what there is, and decides as little about it as who published it; somebody else may.
        """
        await store.transact(lambda t: t.put_sources([(source(), "http"), (source(PRIVATE, 0), PRIVATE)]))
        carol, dora = (Actor(subject=name, roles=("approver",)) for name in ("carol", "dora"))
        written = [(publish, BEN, "a"), (edit, dora, "b"), (edit, carol, "c")]
        for command, by, body in written:
            publication = Publication(entry=entry(PAY, body=body, published_us=None))
            change = Change(actor=by, now_us=NOW_US)
            await do(store, lambda t, c=command, p=publication, w=change: c(t, p, w))  # type: ignore[misc]  # bound per round
        request = await do(store, lambda t: request_approval(t, Wanted(name=PAY), reason="", actor=ADA))

        for own, words in ((BEN, "you published"), (carol, "you edited")):
            with pytest.raises(Refused, match=words):
                await do(store, lambda t, a=own: approve(t, request.id, reason="", actor=a))  # type: ignore[misc]  # bound per round
            with pytest.raises(Refused, match=words):
                await approved(store, by=own)
        assert (await approved(store, by=dora)).state is State.APPROVED

    async def test_nobody_takes_back_from_others_what_they_asked_them(self, store: Store) -> None:
        """
        Also after somebody agreed first, and after a rejection until somebody else approves the same bytes for all.
        """
        await put(store, entry(PAY, body="a"))
        first = await do(store, lambda t: request_approval(t, Wanted(name=PAY), reason="", actor=ADA))
        await do(store, lambda t: approve(t, first.id, reason="", actor=BEN, needed=2))
        for needed in (1, 2):
            with pytest.raises(Refused, match="you asked for"):
                await do(store, lambda t, n=needed: approve_now(t, Wanted(name=PAY), reason="", actor=ADA, needed=n))  # type: ignore[misc]  # bound per round

        await do(store, lambda t: reject(t, first.id, reason="no source", actor=BEN))
        with pytest.raises(Refused, match=f"{first.id} was rejected"):
            await approved(store, by=ADA)
        await approved(store, audience=())
        with pytest.raises(Refused, match="was rejected"):
            await approved(store, by=ADA)

        await approved(store, by=BEN)
        assert (await approved(store, by=ADA)).state is State.APPROVED
        await put(store, entry(PAY, body="b"))
        assert (await approved(store, by=ADA)).state is State.APPROVED

    async def test_a_first_approver_does_not_stand_in_their_own_way(self, store: Store) -> None:
        """
        Who approved first of their own accord, for one team, does so for another.
        """
        await put(store, entry(PAY))
        for audience in ((EVERYONE,), None):
            wanted = Wanted(name=PAY, audience=audience)
            made = await do(store, lambda t, w=wanted: approve_now(t, w, reason="", actor=ADA, needed=2))  # type: ignore[misc]  # bound per round
            assert (made.state, made.first_by) == (State.REQUESTED, "ada")

    async def test_what_cannot_be_asked_for(self, store: Store) -> None:
        """
        What is not there, for teams that are not there, or for a time that is over.
        """
        await put(store, entry(PAY))

        for wanted, words in (
            (Wanted(name=ServerName("com.acme/none")), "there is no com.acme/none"),
            (Wanted(name=PAY, versions=("9.9.9",)), "no com.acme/pay@9.9.9"),
            (Wanted(name=PAY, versions=()), "there is no com.acme/pay"),
            (Wanted(name=PAY, audience=("nobody",)), "no team 'nobody'"),
        ):
            with pytest.raises(NotFound, match=words):
                await do(store, lambda t, w=wanted: request_approval(t, w, reason="", actor=ADA))  # type: ignore[misc]  # bound per round
        with pytest.raises(Invalid, match="in the past"):
            await approved(store, expires_us=NOW_US)

    async def test_a_rejected_request(self, store: Store) -> None:
        """
        Its reason is kept, and it is not decided again.
        """
        await put(store, entry(PAY))
        request = await do(store, lambda t: request_approval(t, Wanted(name=PAY), reason="", actor=ADA))

        rejected = await do(store, lambda t: reject(t, request.id, reason="no source", actor=BEN))

        assert (rejected.state, rejected.reason) == (State.REJECTED, "no source")
        with pytest.raises(Conflict, match="it is rejected"):
            await do(store, lambda t: approve(t, request.id, reason="", actor=BEN))

    async def test_only_the_audience_sees_it(self, store: Store) -> None:
        """
        An approval for one team shows another nothing; one for nobody shows nobody anything.
        """
        await closed(store)
        await team(store, "backend", "*")
        await team(store, "data", "*")
        await put(store, entry(PAY, body="a"))
        await approved(store, audience=())
        assert await shown(store, "backend") == {}

        await approved(store, audience=("data", "data"))

        assert await shown(store, "backend") == {}
        assert await shown(store, "data") == {KEY: "a"}

    async def test_a_newer_one_for_the_same_teams_takes_its_place(self, store: Store) -> None:
        """
        In whatever order the teams were named.
        """
        await team(store, "backend")
        await team(store, "data")
        await put(store, entry(PAY))
        first = await approved(store, audience=("data", "backend"))

        await approved(store, audience=("backend", "data"))

        found = store.snapshot().governance.approval(first.id)
        assert found is not None
        assert found.state is State.SUPERSEDED


class TestRulesAndBlocks:
    async def test_a_rule_approves_what_is_there_and_what_comes(self, store: Store) -> None:
        """
        Until it ends; what it approved stays approved, and its decisions are under its own approval.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY, "1.0.0", body="a"))
        rule = await do(store, lambda t: make_rule(t, "ours", "com.acme", reason="ours", actor=ADA))
        await put(store, entry(PAY, "2.0.0", body="b"), entry("org.zeta/x"))
        await do(store, lambda t: end_rule(t, rule.id, reason="", actor=ADA))
        await put(store, entry(PAY, "3.0.0"))

        assert await shown(store, "backend") == {(PAY, "1.0.0"): "a", (PAY, "2.0.0"): "b"}
        with pytest.raises(NotFound, match="in force"):
            await do(store, lambda t: end_rule(t, rule.id, reason="", actor=ADA))
        await do(store, lambda t: revoke_approval(t, rule.approval, reason="", actor=ADA))
        assert await shown(store, "backend") == {}

    async def test_a_block_hides_from_all_whatever_comes(self, store: Store) -> None:
        """
        One version or all of them; unblocking brings back what is approved.
        """
        await team(store, "backend", "*")
        await put(store, entry(PAY, "1.0.0", body="a"), entry(PAY, "2.0.0", body="b"))

        await do(store, lambda t: block(t, PAY, "2.0.0", reason="evil", actor=ADA))
        assert await shown(store, "backend") == {(PAY, "1.0.0"): "a"}
        await do(store, lambda t: block(t, PAY, None, reason="evil", actor=ADA))
        await put(store, entry(PAY, "3.0.0", body="c"))
        assert await shown(store, "backend") == await shown(store, EVERYONE) == {}
        await do(store, lambda t: unblock(t, PAY, None, reason="", actor=ADA))

        assert await shown(store, "backend") == {(PAY, "1.0.0"): "a", (PAY, "3.0.0"): "c"}
        with pytest.raises(NotFound, match="is not blocked"):
            await do(store, lambda t: unblock(t, PAY, None, reason="", actor=ADA))
