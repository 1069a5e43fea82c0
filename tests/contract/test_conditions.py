"""What rules with conditions approve: patches of what a person approved, and what has no findings worse than borne."""

import pytest

from registry.catalog.approval import State
from registry.catalog.rule import Rule, Tolerance
from registry.commands.approvals import Wanted, reject, request_approval, revoke_approval
from registry.commands.configure_severities import configure_severities
from registry.commands.configure_sources import project_pending
from registry.commands.perform import Done
from registry.commands.record_findings import Judged, record_findings
from registry.commands.rules import end_rule, make_rule
from registry.store.interface import Store, Transaction
from registry.store.records import Finding
from schemas.validation.engine import REVISION
from schemas.validation.issue import Severity
from tests.contract.engines import entry, mirror
from tests.contract.governing import ADA, BEN, PAY, approved, do, recorded, shown, team

pytestmark = pytest.mark.anyio

ACME = "com.acme/*"
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@pytest.fixture
async def governed(store: Store) -> Store:
    """`backend` and `data` may read com.acme/*, and nothing is there, nor approved."""
    for rule in store.snapshot().governance.rules(in_force=True):
        await do(store, lambda transaction, r=rule: end_rule(transaction, r.id, reason="closed", actor=ADA))  # type: ignore[misc]  # bound per round
    await team(store, "backend", ACME)
    await team(store, "data", ACME)
    return store


async def comes(store: Store, *versions: str, body: str = "alpha") -> None:
    entries = [entry(PAY, version, body=body) for version in versions]
    await do(store, lambda transaction: Done(value=mirror(transaction, entries)))


async def judged(store: Store, *found: Severity, version: str = "1.0.0", body: str = "alpha") -> None:
    """The findings of a document arrive."""
    findings = tuple(Finding(rule=f"rule-{each}", severity=each, count=1, issues=()) for each in found)
    of = Judged(digest=entry(PAY, version, body=body).digest, findings=findings)

    def record(transaction: Transaction) -> Done[None]:
        lease = transaction.take_lease("jobs", holder="test", now_us=transaction.now_us, ttl_us=1_000_000)
        assert lease is not None
        return record_findings(transaction, [of], revision=REVISION, fence=("jobs", lease.fence))

    await do(store, record)


async def rule(store: Store, *, audience: tuple[str, ...] | None = None, max_severity: Tolerance | None = None,
               patches_only: bool = False, pattern: str = ACME) -> Rule:  # fmt: skip
    return await do(
        store,
        lambda transaction: make_rule(
            transaction, "r", pattern, reason="trusted", actor=ADA, audience=audience, max_severity=max_severity,
            patches_only=patches_only,
        ),
    )  # fmt: skip


async def sees(store: Store, of: str = "backend") -> list[str]:
    return sorted(version for _, version in await shown(store, of))


class TestSeverity:
    @pytest.mark.parametrize(
        ("borne", "found", "expected"),
        [
            (Tolerance.NONE, (), True), (Tolerance.NONE, (INFO,), False), (Tolerance.INFO, (INFO,), True),
            (Tolerance.INFO, (INFO, WARNING), False), (Tolerance.WARNING, (INFO, WARNING), True),
            (Tolerance.WARNING, (ERROR,), False),
        ],
    )  # fmt: skip
    async def test_waits_for_the_findings(
        self, governed: Store, borne: Tolerance, found: tuple[Severity, ...], expected: bool
    ) -> None:
        """
        Until they are known nothing is approved; when they arrive it is decided, and on record with the rule.
        """
        made = await rule(governed, max_severity=borne)
        await comes(governed, "1.0.0")
        assert await sees(governed) == []

        await judged(governed, *found)

        assert await sees(governed) == (["1.0.0"] if expected else [])
        events = recorded(governed, "rule.approved")
        assert [(event.decided_by, event.object, event.digest) for event in events] == (
            [(made.id, f"{PAY}@1.0.0", entry(PAY, body="alpha").digest.hex())] if expected else []
        )

    async def test_known_before(self, governed: Store) -> None:
        """
        A rule decides at once about what was judged before it was made, and about bytes that come back.
        """
        await comes(governed, "1.0.0", "2.0.0")
        await judged(governed, WARNING)
        await judged(governed, ERROR, version="2.0.0")

        await rule(governed, max_severity=Tolerance.WARNING)

        assert await sees(governed) == ["1.0.0"]

    async def test_changed_bytes_wait_again(self, governed: Store) -> None:
        """
        What was found in other bytes says nothing; until these are judged the earlier ones are held, and a person may
        decide.
        """
        await rule(governed, max_severity=Tolerance.NONE)
        await comes(governed, "1.0.0")
        await judged(governed)
        await comes(governed, "1.0.0", body="beta")
        assert await shown(governed, "backend") == {(PAY, "1.0.0"): "alpha"}
        (draft,) = governed.snapshot().governance.approvals(state=State.REQUESTED, name=PAY, limit=10)

        await judged(governed, body="beta")

        assert await shown(governed, "backend") == {(PAY, "1.0.0"): "beta"}
        over = governed.snapshot().governance.approval(draft.id)
        assert over is not None
        assert over.state is State.SUPERSEDED

    async def test_the_organisation_has_its_say(self, governed: Store) -> None:
        """
        What it makes of a rule of advice counts, and when that changes, what waited is decided.
        """
        await do(governed, lambda transaction: configure_severities(transaction, {f"rule-{INFO}": ERROR}))
        await rule(governed, max_severity=Tolerance.WARNING)
        await comes(governed, "1.0.0")
        await judged(governed, INFO)
        assert await sees(governed) == []

        assert await do(governed, lambda transaction: configure_severities(transaction, {f"rule-{INFO}": WARNING}))
        assert not await do(governed, lambda transaction: configure_severities(transaction, {f"rule-{INFO}": WARNING}))
        await do(governed, lambda transaction: project_pending(transaction, limit=10))

        assert await sees(governed) == ["1.0.0"]
        newest = recorded(governed, "validation.configured")[0]
        assert (newest.before, newest.after) == ({f"rule-{INFO}": "error"}, {f"rule-{INFO}": "warning"})

    async def test_a_person_outweighs_it(self, governed: Store) -> None:
        """
        Bytes that somebody rejected or revoked are not approved by a condition that they meet.
        """
        await comes(governed, "1.0.0")
        given = await approved(governed)
        await do(governed, lambda transaction: revoke_approval(transaction, given.id, reason="r", actor=BEN))
        await judged(governed)

        await rule(governed, max_severity=Tolerance.NONE)

        assert await sees(governed) == []


class TestPatches:
    async def test_of_what_a_person_approved(self, governed: Store) -> None:
        """
        Later patches of a line are approved as they come; other lines, earlier ones and prereleases are not.
        """
        made = await rule(governed, patches_only=True)
        await comes(governed, "1.2.3", "1.2.2", "1.3.0", "2.0.0", "1.2.4-rc.1", "snapshot")
        assert await sees(governed) == []
        given = await approved(governed, versions=("1.2.3",))

        await comes(governed, "1.2.4", "1.2.10", "v1.2.5", "1.3.1")

        assert await sees(governed) == ["1.2.10", "1.2.3", "1.2.4", "v1.2.5"]
        events = recorded(governed, "rule.approved")
        assert {(event.object, event.decided_by) for event in events} == {
            (f"{PAY}@{version}", made.id) for version in ("1.2.4", "1.2.10", "v1.2.5")
        }
        assert {event.detail["patch_of"] for event in events} == {f"1.2.3 ({given.id})"}

    async def test_for_those_it_was_approved_for(self, governed: Store) -> None:
        """
        A rule for all teams takes nothing that was approved for one to the others; one for that team does its part.
        """
        await comes(governed, "1.0.0")
        await approved(governed, audience=("backend",))
        wide = await rule(governed, patches_only=True)
        await comes(governed, "1.0.1")
        assert (await sees(governed), await sees(governed, "data")) == (["1.0.0"], [])
        await do(governed, lambda transaction: end_rule(transaction, wide.id, reason="r", actor=ADA))

        await rule(governed, patches_only=True, audience=("backend",))

        assert (await sees(governed), await sees(governed, "data")) == (["1.0.0", "1.0.1"], [])

    async def test_ends_with_the_line(self, governed: Store) -> None:
        """
        When nothing of the line is approved by a person any more, what the rule approved of it carries nothing on.
        """
        await rule(governed, patches_only=True)
        await comes(governed, "1.0.0")
        given = await approved(governed)
        await comes(governed, "1.0.1")
        await do(governed, lambda transaction: revoke_approval(transaction, given.id, reason="r", actor=BEN))

        await comes(governed, "1.0.2")

        assert await sees(governed) == ["1.0.1"]

    async def test_a_changed_version_is_no_patch(self, governed: Store) -> None:
        """
        Other bytes under a version that was approved are for a person, be it the rule that approved it.
        """
        await rule(governed, patches_only=True)
        await comes(governed, "1.0.0")
        await approved(governed)
        await comes(governed, "1.0.1")

        await comes(governed, "1.0.1", body="beta")

        assert await shown(governed, "backend") == {(PAY, "1.0.0"): "alpha", (PAY, "1.0.1"): "alpha"}
        (draft,) = governed.snapshot().governance.approvals(state=State.REQUESTED, name=PAY, limit=10)
        assert draft.draft is not None

    async def test_both_conditions(self, governed: Store) -> None:
        """
        Of two conditions both must hold.
        """
        await rule(governed, patches_only=True, max_severity=Tolerance.NONE)
        await comes(governed, "1.0.0", "1.0.1", "1.0.2", "2.0.0")
        await approved(governed, versions=("1.0.0",))
        await judged(governed, version="1.0.1")
        await judged(governed, ERROR, version="1.0.2")
        await judged(governed, version="2.0.0")

        assert await sees(governed) == ["1.0.0", "1.0.1"]

    async def test_a_rejected_patch_stays_rejected(self, governed: Store) -> None:
        """
        Whoever said no to a patch before the rule was made is not overruled by it.
        """
        await comes(governed, "1.0.0", "1.0.1")
        await approved(governed, versions=("1.0.0",))
        asked = await do(
            governed,
            lambda transaction: request_approval(
                transaction, Wanted(name=PAY, versions=("1.0.1",)), reason="r", actor=ADA
            ),
        )
        await do(governed, lambda transaction: reject(transaction, asked.id, reason="r", actor=BEN))

        await rule(governed, patches_only=True)

        assert await sees(governed) == ["1.0.0"]
