"""Who sees what: `judge` over every combination of grant, block, approval, bytes, audience and policy."""

from collections.abc import Sequence
from itertools import product

import msgspec
import pytest

from registry.catalog.approval import Approval, ApprovedVersion, State
from registry.catalog.entry import Digest, digest_of
from registry.catalog.grant import Grant
from registry.catalog.standing import Because, Block, OnChange, Standing, Verdict, judge
from registry.catalog.view import StoredEntry

NAME, TEAM, NOW_US = "com.acme/payroll", "backend", 1_000
PRESENT, OTHER = digest_of(b"present"), digest_of(b"other")

ENTRY = StoredEntry(
    id=7,
    source="official",
    version="1.0.0",
    document_id=70,
    digest=PRESENT,
    text_id=700,
    registry_types=" npm ",
    transports=" stdio ",
    rank=b"1",
    status="active",
    status_message=None,
    status_changed_us=None,
    published_us=1,
    source_updated_us=None,
    mirrored_us=1,
    withdrawn_us=None,
)
GRANT = Grant(id="grt_1", team=TEAM, pattern="com.acme/*", granted_us=1, granted_by="ada", reason="needed")
REVOKED = msgspec.structs.replace(GRANT, revoked_us=2, revoked_by="ada")
APPROVAL = Approval(
    id="apr_1",
    name=NAME,
    state=State.APPROVED,
    requested_us=1,
    requested_by="cleo",
    request="please",
    decided_us=2,
    decided_by="ben",
    reason="read it",
)
BLOCKS = {
    "none": (),
    "version": (Block(name=NAME, version="1.0.0", reason="evil", blocked_us=1, blocked_by="ada"),),
    "name": (Block(name=NAME, version=None, reason="evil", blocked_us=1, blocked_by="ada"),),
    "other version": (Block(name=NAME, version="2.0.0", reason="evil", blocked_us=1, blocked_by="ada"),),
}
# State, and when it ends, of an approval; None is none at all.
APPROVALS: dict[str, tuple[State, int | None] | None] = {
    "none": None,
    "requested": (State.REQUESTED, None),
    "approved": (State.APPROVED, None),
    "approved for a while": (State.APPROVED, NOW_US + 1),
    "over just now": (State.APPROVED, NOW_US),
    "expired": (State.EXPIRED, 5),
    "revoked": (State.REVOKED, None),
    "rejected": (State.REJECTED, None),
    "superseded": (State.SUPERSEDED, None),
}
AUDIENCES: dict[str, tuple[str, ...] | None] = {"all": None, "us": (TEAM,), "others": ("data",), "nobody": ()}


def approved(digest: Digest = PRESENT, *, entry: int = 7, released: bool = False, **changes: object) -> ApprovedVersion:
    """These bytes of 1.0.0, approved under APPROVAL with *changes*."""
    return ApprovedVersion(
        approval=msgspec.structs.replace(APPROVAL, **changes),
        entry_id=entry,
        version="1.0.0",
        digest=digest,
        document_id=None if released else 71,
        text_id=None if released else 701,
        registry_types=" oci ",
        transports=" sse ",
    )


def verdict(
    *approvals: ApprovedVersion,
    grants: Sequence[Grant] = (GRANT,),
    blocks: Sequence[Block] = (),
    on_change: OnChange = OnChange.HOLD,
    fresh_until_us: int = 0,
) -> Verdict:
    standing = Standing(
        name=NAME,
        entries=[ENTRY],
        approved=approvals,
        blocks=blocks,
        on_change=on_change,
        fresh_until_us={"1.0.0": fresh_until_us},
    )
    (found,) = judge(TEAM, standing, grants, now_us=NOW_US)
    return found


class TestEveryCombination:
    @pytest.mark.parametrize("fresh_until_us", [0, NOW_US, NOW_US + 5])
    @pytest.mark.parametrize("on_change", OnChange)
    @pytest.mark.parametrize("block", BLOCKS)
    def test_is_decided_as_the_rule_says(self, block: str, on_change: OnChange, fresh_until_us: int) -> None:
        """
        A version is visible if all of it holds, and the first thing that does not hold is the reason.
        """
        for grant, (name, given), same, (audience, teams) in product(
            (None, GRANT, REVOKED), APPROVALS.items(), (True, False), AUDIENCES.items()
        ):
            approvals = []
            if given is not None:
                state, expires_us = given
                released = state not in (State.APPROVED, State.REQUESTED)
                digest = PRESENT if same else OTHER
                approvals = [approved(digest, released=released, state=state, expires_us=expires_us, audience=teams)]
            found = verdict(
                *approvals,
                grants=[] if grant is None else [grant],
                blocks=BLOCKS[block],
                on_change=on_change,
                fresh_until_us=fresh_until_us,
            )
            ours = given is not None and audience in ("all", "us")
            in_force = ours and name in ("approved", "approved for a while")
            if grant is not GRANT:
                expected = Because.NO_GRANT
            elif block in ("version", "name"):
                expected = Because.BLOCKED
            elif in_force and not same and on_change is OnChange.WITHDRAW:
                expected = Because.CHANGED
            elif not in_force:
                expected = Because.EXPIRED if ours and name in ("expired", "over just now") else Because.NOT_APPROVED
            else:
                expected = Because.COOL_OFF if fresh_until_us > NOW_US else Because.VISIBLE

            assert found.because is expected, (grant, name, same, audience)
            assert (found.shown is not None) == (expected is Because.VISIBLE)
            assert found.reason
            self._holds_until(found, fresh_until_us)
            if found.shown is not None:
                assert found.shown == (ENTRY if same else _held())

    @staticmethod
    def _holds_until(found: Verdict, fresh_until_us: int) -> None:
        """It may change by itself when something in force ends or the cool-off does, and never in the past."""
        ends = [] if found.approved is None else [found.approved.approval.expires_us]
        if found.because is Because.COOL_OFF:
            ends.append(fresh_until_us)
        expected = min((each for each in ends if each is not None), default=None)
        assert found.until_us == expected
        assert found.until_us is None or found.until_us > NOW_US


class TestWithoutCoolOff:
    def test_is_seen_while_others_wait(self) -> None:
        """
        An approval that does not wait is the one a new version is shown under, until the cool-off is over.
        """
        waits, at_once = approved(id="apr_2"), approved(id="apr_1", without_cool_off=True)

        for approvals in ((waits, at_once), (at_once, waits)):
            found = verdict(*approvals, fresh_until_us=NOW_US + 5)
            assert (found.because, found.approved, found.until_us) == (Because.VISIBLE, at_once, NOW_US + 5)
            assert verdict(*approvals).approved == waits

    def test_ends_when_it_ends(self) -> None:
        """
        What is seen by it waits again when it is over before the cool-off is.
        """
        over = approved(id="apr_1", without_cool_off=True, expires_us=NOW_US)

        assert verdict(over, approved(id="apr_2"), fresh_until_us=NOW_US + 5).because is Because.COOL_OFF


class TestTwoApprovals:
    def test_of_two_for_these_bytes_the_longer_one_counts(self) -> None:
        """
        Nothing leaves a view before the last approval of its bytes has ended.
        """
        short, long = approved(id="apr_1", expires_us=NOW_US + 5), approved(id="apr_2", expires_us=NOW_US + 9)
        for_ever = approved(id="apr_0")

        assert verdict(short, long).until_us == NOW_US + 9
        assert verdict(long, short).until_us == NOW_US + 9
        assert verdict(short, for_ever, long).until_us is None

    def test_one_that_ended_does_not_hide_one_in_force(self) -> None:
        """
        An expired, revoked or foreign approval beside one in force changes nothing.
        """
        for other in (
            approved(id="apr_9", expires_us=NOW_US),
            approved(id="apr_9", state=State.REVOKED, released=True),
            approved(id="apr_9", audience=("data",)),
        ):
            assert verdict(other, approved()).because is Because.VISIBLE
            assert verdict(approved(), other).because is Because.VISIBLE

    def test_these_bytes_go_before_held_ones(self) -> None:
        """
        Where the present bytes are approved nothing older is held, whichever was decided last.
        """
        later = approved(OTHER, id="apr_2", decided_us=99)

        found = verdict(later, approved())

        assert found.shown == ENTRY

    def test_of_held_bytes_those_decided_last(self) -> None:
        """
        Several documents were approved, none is the present one: the one approved last is served.
        """
        first, last = approved(OTHER, decided_us=5), approved(digest_of(b"third"), id="apr_2", decided_us=6)

        for found in (verdict(first, last), verdict(last, first)):
            assert found.shown is not None
            assert found.shown.digest == digest_of(b"third")

    def test_bytes_of_another_source_are_neither_held_nor_followed(self) -> None:
        """
        What was approved of the previous owner of a name says nothing about other bytes of the next one.
        """
        for on_change in OnChange:
            assert verdict(approved(OTHER, entry=8), on_change=on_change).because is Because.CHANGED

    def test_the_same_bytes_are_approved_whoever_serves_them(self) -> None:
        """
        An approval is for bytes.
        """
        assert verdict(approved(entry=8)).because is Because.VISIBLE


def _held() -> StoredEntry:
    return msgspec.structs.replace(
        ENTRY, digest=OTHER, document_id=71, text_id=701, registry_types=" oci ", transports=" sse "
    )
