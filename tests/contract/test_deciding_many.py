"""Many decisions in one transaction, and what is said about requests."""

from functools import partial

import pytest

from registry.catalog.approval import State
from registry.commands.actor import Actor
from registry.commands.approvals import Wanted, approve, reject, request_approval, revoke_approval
from registry.commands.comment import MOST_COMMENTS, comment
from registry.commands.decide_many import decide_many
from registry.commands.perform import Done
from registry.commands.rules import end_rule
from registry.errors import Conflict, NotFound, Refused
from registry.store.interface import Store, Transaction
from tests.contract.engines import entry, mirror
from tests.contract.governing import ADA, BEN, PAY, approved, do, recorded, shown, team

pytestmark = pytest.mark.anyio

VERSIONS = ("1.0.0", "2.0.0", "3.0.0")


@pytest.fixture
async def governed(store: Store) -> Store:
    """`backend` may read com.acme/*; three versions are there, and nothing is approved."""
    for rule in store.snapshot().governance.rules(in_force=True):
        await do(store, lambda transaction, r=rule: end_rule(transaction, r.id, reason="closed", actor=ADA))  # type: ignore[misc]  # bound per round
    await team(store, "backend", "com.acme/*")
    entries = [entry(PAY, version, body="alpha") for version in VERSIONS]
    await do(store, lambda transaction: Done(value=mirror(transaction, entries)))
    return store


async def asked(store: Store, *versions: str, actor: Actor = ADA) -> str:
    wanted = Wanted(name=PAY, versions=versions)
    made = await do(store, lambda transaction: request_approval(transaction, wanted, reason="r", actor=actor))
    return made.id


class TestMany:
    async def test_all_at_once(self, governed: Store) -> None:
        """
        Each is decided, in the order given, and on record by itself.
        """
        ids = [await asked(governed, version) for version in VERSIONS]

        made = await do(
            governed,
            lambda transaction: decide_many(
                transaction, {each: partial(approve, reason="r", actor=BEN) for each in ids}
            ),
        )

        assert [(each.id, each.state) for each in made] == [(each, State.APPROVED) for each in ids]
        assert len(await shown(governed, "backend")) == 3
        assert [event.object for event in reversed(recorded(governed, "approval.approved"))] == ids

        decisions = {each: partial(revoke_approval, reason="r", actor=BEN) for each in ids}
        await do(governed, lambda transaction: decide_many(transaction, decisions))
        assert await shown(governed, "backend") == {}

    async def test_or_none(self, governed: Store) -> None:
        """
        Who cannot be decided about is named with the reason, each of them, and nothing was decided.
        """
        good, own = await asked(governed, "1.0.0"), await asked(governed, "2.0.0", actor=BEN)
        over = await asked(governed, "3.0.0")
        await do(governed, lambda transaction: reject(transaction, over, reason="r", actor=BEN))
        ids = (good, own, over, "apr_none")

        decisions = {each: partial(approve, reason="r", actor=BEN) for each in ids}
        with pytest.raises(Conflict) as refused:
            await do(governed, lambda transaction: decide_many(transaction, decisions))

        assert str(refused.value) == (
            f"nothing was decided: {own}: you asked for {own} yourself; another approver decides; "
            f"{over}: cannot approve {over}: it is rejected; apr_none: there is no approval 'apr_none'"
        )
        assert await shown(governed, "backend") == {}
        assert recorded(governed, "approval.approved") == []

    @pytest.mark.parametrize(("mine", "kind"), [(True, Refused), (False, NotFound)])
    async def test_of_one_kind(self, governed: Store, mine: bool, kind: type[Exception]) -> None:
        """
        What fails for the same kind of reason fails as that.
        """
        own = await asked(governed, "1.0.0", actor=BEN) if mine else "apr_none"

        decisions = {own: partial(approve, reason="r", actor=BEN)}
        with pytest.raises(kind):
            await do(governed, lambda transaction: decide_many(transaction, decisions))

    async def test_what_another_made_needless(self, governed: Store) -> None:
        """
        Two drafts for the same bytes, of which one is for all: approved together, the smaller one is superseded.
        """
        await approved(governed, versions=("1.0.0",))
        await approved(governed, versions=("1.0.0",), audience=("backend",))
        await do(governed, lambda transaction: Done(value=mirror(transaction, [entry(PAY, body="beta")])))
        drafts = governed.snapshot().governance.approvals(state=State.REQUESTED, name=PAY, limit=10)
        ids = [each.id for each in sorted(drafts, key=lambda each: each.audience is not None)]

        made = await do(
            governed,
            lambda transaction: decide_many(
                transaction, {each: partial(approve, reason="r", actor=BEN) for each in ids}
            ),
        )

        assert [each.state for each in made] == [State.APPROVED, State.SUPERSEDED]
        assert (await shown(governed, "backend"))[PAY, "1.0.0"] == "beta"


class TestComments:
    async def test_are_kept_in_order(self, governed: Store) -> None:
        """
        Who said what; the record has who and when, and no words.
        """
        about = await asked(governed, "1.0.0")
        for actor, text in ((ADA, "we need it"), (BEN, "why this one?")):
            await do(governed, lambda transaction, a=actor, t=text: comment(transaction, about, t, actor=a))  # type: ignore[misc]  # bound per round

        found = governed.snapshot().governance.comments(about)
        assert [(each.said_by, each.text) for each in found] == [("ada", "we need it"), ("ben", "why this one?")]
        newest = recorded(governed, "approval.commented")[0]
        assert (newest.object, newest.actor) == (about, "ben")
        assert "why" not in str(newest)

    async def test_there_is_an_end(self, governed: Store) -> None:
        """
        A request takes a hundred comments; what is none takes none.
        """
        about = await asked(governed, "1.0.0")

        def many(transaction: Transaction) -> Done[None]:
            for _ in range(MOST_COMMENTS):
                comment(transaction, about, "again", actor=ADA)
            return Done(value=None)

        await do(governed, many)
        with pytest.raises(Conflict, match="100 comments"):
            await do(governed, lambda transaction: comment(transaction, about, "more", actor=ADA))
        (rule,) = governed.snapshot().governance.rules(in_force=False)
        with pytest.raises(Conflict, match="no request"):
            await do(governed, lambda transaction: comment(transaction, rule.approval, "x", actor=ADA))
        with pytest.raises(NotFound):
            await do(governed, lambda transaction: comment(transaction, "apr_none", "x", actor=ADA))
