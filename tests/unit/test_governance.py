"""The values of governance: patterns of names, teams, grants, rules, and the life of an approval."""

from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.approval import TRANSITIONS, Approval, Move, State, moved
from registry.catalog.entry import ServerName
from registry.catalog.grant import Grant, granted
from registry.catalog.pattern import covering, covers, name_range, parse_pattern, within
from registry.catalog.rule import Rule, approving
from registry.catalog.team import parse_team
from registry.errors import Conflict, Invalid

# Small alphabets, so that one often begins with another.
_namespaces = st.text(alphabet="aB.-", min_size=1, max_size=6)
_slugs = st.text(alphabet="aB._-", min_size=1, max_size=3)
_names = st.builds(lambda namespace, slug: ServerName.parse(f"{namespace}/{slug}"), _namespaces, _slugs)
_patterns = st.one_of(
    st.just("*"), _names.map(str), _namespaces.map(lambda text: f"{text}/*"), _namespaces.map(lambda text: f"{text}.*")
)


class TestPatterns:
    @given(_names, _patterns)
    def test_covering_is_exactly_what_covers(self, name: ServerName, pattern: str) -> None:
        """
        Looking up the patterns of `covering` finds every one that covers the name, and no other.
        """
        assert (pattern in covering(name)) == covers(pattern, name)

    @given(_names)
    def test_covering_names_each_once(self, name: ServerName) -> None:
        """
        No grant is found twice.
        """
        assert len(set(covering(name))) == len(covering(name))

    @given(_names, _patterns)
    def test_the_range_holds_what_is_covered(self, name: ServerName, pattern: str) -> None:
        """
        Names of a pattern are those between its ends.
        """
        low, high = name_range(pattern)

        assert (low <= name < high) == covers(pattern, name)

    @given(_patterns, _patterns, _names)
    def test_within(self, inner: str, outer: str, name: ServerName) -> None:
        """
        What a pattern covers is covered by every pattern it is within.
        """
        if within(inner, outer) and covers(inner, name):
            assert covers(outer, name)

    @pytest.mark.parametrize(
        "text", ["", "com.acme*", "*.acme", "com.acme/**", "com.acme/x*", "a/b/c", "**", "com/ acme", "x" * 201]
    )
    def test_no_pattern(self, text: str) -> None:
        """
        A star stands alone or at the end behind a separator, so that nothing else is covered by accident.
        """
        with pytest.raises(Invalid, match="not a pattern of names"):
            parse_pattern(text)


class TestTeams:
    @pytest.mark.parametrize("text", ["backend", "b", "0day", "backend~prod", "a" * 40, f"{'a' * 40}~{'b' * 40}"])
    def test_a_team(self, text: str) -> None:
        """
        A team, or one of its environments.
        """
        assert parse_team(text) == text

    @pytest.mark.parametrize(
        "text", ["", "-a", "A", "a~", "~a", "a~b~c", "a b", "a/b", "a.b", "a" * 41, "a~" + "b" * 41, "a\n", "ä", "٣"]
    )
    def test_no_team(self, text: str) -> None:
        """
        Nothing that would mean something else in an address.
        """
        with pytest.raises(Invalid, match="not a team"):
            parse_team(text)


class TestGrants:
    def test_the_most_specific_in_force_is_named(self) -> None:
        """
        Of several that cover a name the one that spells out most of it explains the view.
        """
        every, below, namespace, one = (_grant(pattern) for pattern in ("*", "com.*", "com.acme/*", "com.acme/payroll"))

        assert granted("com.acme/payroll", [every, one, below, namespace]) == one
        assert granted("com.acme/other", [every, one, below, namespace]) == namespace
        assert granted("com.other/x", [every, one, below, namespace]) == below
        assert granted("org.zeta/x", [every, one, below, namespace]) == every
        assert granted("org.zeta/x", [one, below, namespace]) is None

    def test_a_revoked_one_grants_nothing(self) -> None:
        """
        Not even beside a less specific one in force.
        """
        revoked = msgspec.structs.replace(_grant("com.acme/payroll"), revoked_us=2, revoked_by="ada")

        assert granted("com.acme/payroll", [revoked]) is None
        assert granted("com.acme/payroll", [revoked, _grant("*")]) == _grant("*")


class TestRules:
    def test_the_one_made_first_decides(self) -> None:
        """
        Of several rules in force that cover a name one decides, and it is always the same.
        """
        first, second = _rule("rule_2", "*", 1), _rule("rule_1", "com.acme/*", 2)
        ended = msgspec.structs.replace(_rule("rule_0", "*", 0), ended_us=1, ended_by="ada")

        assert approving("com.acme/payroll", [second, ended, first]) == [first]
        assert approving("com.acme/payroll", [second, ended]) == [second]
        assert approving("org.zeta/x", [second, ended]) == []
        assert approving("com.acme/payroll", []) == []


class TestTheLifeOfAnApproval:
    @pytest.mark.parametrize(("state", "move"), list(product(State, Move)))
    def test_every_move_from_every_state(self, state: State, move: Move) -> None:
        """
        What is in the table happens; nothing else can, and whoever tries is told why.
        """
        allowed = {
            (State.REQUESTED, Move.APPROVE): State.APPROVED,
            (State.REQUESTED, Move.REJECT): State.REJECTED,
            (State.REQUESTED, Move.SUPERSEDE): State.SUPERSEDED,
            (State.APPROVED, Move.REVOKE): State.REVOKED,
            (State.APPROVED, Move.EXPIRE): State.EXPIRED,
            (State.APPROVED, Move.SUPERSEDE): State.SUPERSEDED,
        }
        assert allowed == TRANSITIONS
        approval = _approval(state)

        if (state, move) in allowed:
            assert moved(approval, move) is allowed[state, move]
        else:
            with pytest.raises(Conflict, match=f"cannot {move} apr_1: it is {state}"):
                moved(approval, move)

    @pytest.mark.parametrize("state", State)
    @pytest.mark.parametrize(("expires_us", "over"), [(None, False), (11, False), (10, True), (9, True)])
    def test_in_force(self, state: State, expires_us: int | None, over: bool) -> None:
        """
        Only what is approved is in force, until the very instant at which it ends.
        """
        approval = msgspec.structs.replace(_approval(state), expires_us=expires_us)

        assert approval.in_force(10) == (state is State.APPROVED and not over)

    @pytest.mark.parametrize(("audience", "expected"), [(None, True), ((), False), (("a",), True), (("b", "c"), False)])
    def test_whom_it_is_for(self, audience: tuple[str, ...] | None, expected: bool) -> None:
        """
        No audience is everybody, an empty one nobody.
        """
        assert msgspec.structs.replace(_approval(State.APPROVED), audience=audience).is_for("a") == expected


def _grant(pattern: str) -> Grant:
    return Grant(id="grt_1", team="backend", pattern=pattern, granted_us=1, granted_by="ada", reason="needed")


def _rule(rule_id: str, pattern: str, made_us: int) -> Rule:
    return Rule(
        id=rule_id, name=rule_id, pattern=pattern, approval="apr_1", reason="trusted", made_us=made_us, made_by="ada"
    )


def _approval(state: State) -> Approval:
    return Approval(
        id="apr_1", name="com.acme/payroll", state=state, requested_us=1, requested_by="cleo", request="please"
    )
