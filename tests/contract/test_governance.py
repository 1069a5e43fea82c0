"""What the store keeps of teams, grants, approvals, rules, blocks, and of what is still to follow them."""

import pytest

from registry.catalog.approval import Approval, State
from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE
from registry.store.governance import Governance, Pending
from registry.store.interface import EVERYONE, Store, Transaction
from tests.contract.decided import a_block, a_grant, a_rule, a_team, an_approval, write
from tests.contract.engines import entry, put, source
from tests.contract.governing import PAY, seen

pytestmark = pytest.mark.anyio

SHIP = ServerName("com.acme/ship")


async def name_in_approval(store: Store, approval: Approval, *versions: str) -> None:
    """Have *approval* name what `official` has of PAY."""

    def operation(transaction: Transaction) -> None:
        transaction.governance.put_approval(approval)
        entries = [each for each in transaction.entries("official", PAY) if each.version in versions]
        transaction.governance.put_approved(approval.id, PAY, entries)

    await store.transact(operation)


class TestTeams:
    async def test_a_team_has_an_empty_view_from_the_start(self, store: Store) -> None:
        """
        It can be read at once, and shows nothing; what there is of a team can be changed.
        """
        await write(store, a_team(), a_team("backend~prod"))
        await write(store, a_team(description="they who build it"))

        governance = store.snapshot().governance
        assert [each.name for each in governance.teams()] == ["backend", "backend~prod", EVERYONE]
        assert governance.team("backend") == a_team(description="they who build it")
        assert governance.team("data") is None
        assert await seen(store, "backend") == []
        assert store.view("data") is None


class TestGrants:
    async def test_are_found_by_id_by_team_and_by_name(self, store: Store) -> None:
        """
        In force or not, whichever is asked for, oldest first.
        """
        await write(store, a_team(), a_team("data"))
        await write(store, a_grant(2, "com.acme/*"), a_grant(1, "com.*", revoked=True), a_grant(3, str(PAY), of="data"))

        governance = store.snapshot().governance
        assert governance.grant("grt_1") == a_grant(1, "com.*", revoked=True)
        assert governance.grant("grt_9") is None
        assert governance.grants(team="backend", in_force=False) == [
            a_grant(1, "com.*", revoked=True),
            a_grant(2, "com.acme/*"),
        ]
        assert governance.grants(team="backend", in_force=True) == [a_grant(2, "com.acme/*")]
        assert [each.id for each in governance.grants(team=None, in_force=True) if each.team != EVERYONE] == [
            "grt_2",
            "grt_3",
        ]
        assert "grt_1" in [each.id for each in governance.grants(team=None, in_force=False)]
        covering = governance.grants_covering(PAY)
        assert (covering["backend"], covering["data"]) == (
            [a_grant(2, "com.acme/*")],
            [a_grant(3, str(PAY), of="data")],
        )
        assert set(governance.grants_covering(SHIP)) == {"backend", EVERYONE}

    async def test_a_grant_is_in_force_within_its_own_transaction(self, store: Store) -> None:
        """
        What was asked before does not hide it, nor what was revoked since.
        """
        await write(store, a_team())

        def operation(transaction: Transaction) -> list[bool]:
            governance = transaction.governance
            found = ["backend" in governance.grants_covering(PAY)]
            governance.put_grant(a_grant(1))
            found.append("backend" in governance.grants_covering(PAY))
            governance.put_grant(a_grant(1, revoked=True))
            return [*found, "backend" in governance.grants_covering(PAY)]

        assert await store.transact(operation) == [False, True, False]


class TestApprovals:
    async def test_pages_of_approvals(self, store: Store) -> None:
        """
        Newest first, by state and by name, a page at a time; those of rules have no name.
        """
        made = [
            an_approval(1),
            an_approval(2, State.REQUESTED),
            an_approval(3, name=SHIP),
            an_approval(4),
            an_approval(5, State.REVOKED, name=""),
        ]
        before = {each.id for each in store.snapshot().governance.approvals(state=None, name=None, limit=100)}
        await write(store, *made)

        def ids(
            *, state: State | None = None, name: str | None = None, limit: int = 100, before: str | None = None
        ) -> list[str]:
            found = store.snapshot().governance.approvals(state=state, name=name, limit=limit, before=before)
            return [each.id for each in found if each.id not in opened_with]

        opened_with = before
        assert ids() == ["apr_5", "apr_4", "apr_3", "apr_2", "apr_1"]
        assert ids(before="apr_4") == ["apr_3", "apr_2", "apr_1"]
        assert ids(state=State.APPROVED) == ["apr_4", "apr_3", "apr_1"]
        assert ids(state=State.APPROVED, limit=1, before="apr_4") == ["apr_3"]
        assert ids(name=PAY) == ["apr_4", "apr_2", "apr_1"]
        assert ids(name=PAY, state=State.APPROVED, limit=1, before="apr_4") == ["apr_1"]
        assert store.snapshot().governance.approval("apr_2") == made[1]
        assert store.snapshot().governance.approval("apr_9") is None

    async def test_an_approval_that_moves_on_leaves_its_former_state(self, store: Store) -> None:
        """
        It is listed under the state it is in.
        """
        await write(store, an_approval(1, State.REQUESTED))
        await write(store, an_approval(1, State.REJECTED))

        governance = store.snapshot().governance
        assert governance.approvals(state=State.REQUESTED, name=None, limit=9) == []
        assert [each.id for each in governance.approvals(state=State.REJECTED, name=None, limit=9)] == ["apr_1"]


class TestWhatIsApproved:
    async def test_names_the_bytes_there_were(self, store: Store) -> None:
        """
        What the entries say later changes nothing about it.
        """
        await put(store, entry(PAY, "1.0.0", body="old"), entry(PAY, "2.0.0", body="old"))
        old = {each.version: each for each in store.snapshot().entries("official", PAY)}
        await name_in_approval(store, an_approval(1), "1.0.0", "2.0.0")
        await put(store, entry(PAY, "1.0.0", body="new"))

        found = [each for each in store.snapshot().governance.approved(PAY) if each.approval.id == "apr_1"]

        assert {each.version: each.digest for each in found} == {each.version: each.digest for each in old.values()}
        assert {each.entry_id for each in found} == {each.id for each in old.values()}
        assert [(each.name, each.version) for each in store.snapshot().governance.versions_of("apr_1", limit=9)] == [
            (PAY, "1.0.0"),
            (PAY, "2.0.0"),
        ]
        assert len(store.snapshot().governance.versions_of("apr_1", limit=1)) == 1

    async def test_what_is_released_stays_on_record(self, store: Store) -> None:
        """
        It is not served any more; that it was approved can be read.
        """
        await put(store, entry(PAY, "1.0.0"), entry(PAY, "2.0.0"))
        await name_in_approval(store, an_approval(1), "1.0.0", "2.0.0")
        await put(store, entry(PAY, "1.0.0", body="new"))

        await store.transact(
            lambda transaction: transaction.governance.release_older(
                "apr_1", PAY, [each for each in transaction.entries("official", PAY) if each.version == "1.0.0"]
            )
        )

        assert _served(store, "apr_1") == {"1.0.0": False, "2.0.0": True}
        await store.transact(lambda transaction: transaction.governance.release("apr_1", PAY))
        assert _served(store, "apr_1") == {"1.0.0": False, "2.0.0": False}

    async def test_names_that_an_approval_is_about(self, store: Store) -> None:
        """
        In their order, a page at a time.
        """
        await put(store, entry(PAY), entry(SHIP), entry("org.zeta/x"))
        (rule,) = store.snapshot().governance.rules(in_force=True)

        def pages(transaction: Transaction) -> list[list[str]]:
            ask = transaction.governance.names_approved_by
            return [[*ask(rule.approval, after=after, limit=2)] for after in ("", str(SHIP))]

        assert await store.transact(pages) == [[PAY, SHIP], ["org.zeta/x"]]


class TestRulesAndBlocks:
    async def test_rules(self, store: Store) -> None:
        """
        Oldest first; one that ended stays on record.
        """
        (opened_by,) = store.snapshot().governance.rules(in_force=True)
        await write(store, an_approval(1), a_rule(2), a_rule(1, ended=True))

        governance = store.snapshot().governance
        assert [each for each in governance.rules(in_force=False) if each != opened_by] == [
            a_rule(1, ended=True),
            a_rule(2),
        ]
        assert [each for each in governance.rules(in_force=True) if each != opened_by] == [a_rule(2)]

    async def test_blocks(self, store: Store) -> None:
        """
        Of a name and of one of its versions beside each other, until they are forgotten.
        """
        await write(store, a_block(PAY), a_block(PAY, "1.0.0"), a_block(SHIP))

        governance = store.snapshot().governance
        assert governance.blocks() == [a_block(PAY), a_block(PAY, "1.0.0"), a_block(SHIP)]
        assert governance.blocks(PAY) == [a_block(PAY), a_block(PAY, "1.0.0")]
        assert await store.transact(lambda transaction: transaction.governance.forget_block(PAY, None))
        assert not await store.transact(lambda transaction: transaction.governance.forget_block(PAY, None))
        assert governance.blocks(PAY) == [a_block(PAY, "1.0.0")]

    async def test_a_block_is_in_force_within_its_own_transaction(self, store: Store) -> None:
        """
        What was asked before does not hide it.
        """

        def operation(transaction: Transaction) -> list[int]:
            found = [len(transaction.governance.blocks(PAY))]
            transaction.governance.put_block(a_block(PAY))
            return [*found, len(transaction.governance.blocks(PAY))]

        assert await store.transact(operation) == [0, 1]


class TestPublishers:
    async def test_who_published(self, store: Store) -> None:
        """
        Known of what was published here, with who edited it last, and of nothing that is mirrored.
        """
        await store.transact(
            lambda transaction: transaction.put_sources([(source(), "http"), (source(PRIVATE), PRIVATE)])
        )
        await put(store, entry(PAY))
        await put(store, entry(SHIP), of=PRIVATE)
        (mirrored,) = store.snapshot().entries("official", PAY)
        (ours,) = store.snapshot().entries(PRIVATE, SHIP)

        await store.transact(lambda transaction: transaction.put_publication(ours.id, subject="ci", remote_urls=()))

        assert store.snapshot().governance.authors(ours.id) == ["ci"]
        assert store.snapshot().governance.authors(mirrored.id) == []
        for editor in ("ann", "ben"):
            await store.transact(lambda t, by=editor: t.put_publication(ours.id, subject=by, remote_urls=()))  # type: ignore[misc]  # bound per round
        assert store.snapshot().governance.authors(ours.id) == ["ci", "ben"]


class TestPending:
    async def test_is_kept_in_order_until_forgotten(self, store: Store) -> None:
        """
        What follows a decision name by name, and how far it has come.
        """

        def begin(transaction: Transaction) -> list[int]:
            governance: Governance = transaction.governance
            return [
                governance.put_pending(Pending(team=None, pattern="*")),
                governance.put_pending(Pending(team="backend", pattern="com.*", after="com.b/x")),
            ]

        first, second = await store.transact(begin)
        further = Pending(number=first, team=None, pattern="*", after="com.c/x")
        await store.transact(lambda transaction: transaction.governance.put_pending(further))

        left = await store.transact(lambda transaction: transaction.governance.pending())
        assert left == [further, Pending(number=second, team="backend", pattern="com.*", after="com.b/x")]

        await store.transact(lambda transaction: transaction.governance.forget_pending(first))
        left = await store.transact(lambda transaction: transaction.governance.pending())
        assert [each.number for each in left] == [second]


def _served(store: Store, approval_id: str) -> dict[str, bool]:
    found = store.snapshot().governance.approved(PAY)
    return {each.version: each.document_id is not None for each in found if each.approval.id == approval_id}
