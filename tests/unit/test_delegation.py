"""What an administrator may hand out: never more than it has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.pattern import covers, within
from registry.errors import Invalid
from registry.policy.delegation import Mandate, mandate, may_manage, withheld
from registry.policy.principal import Origin, Principal, Role
from registry.policy.subject import parse_subject

READER, PUBLISHER, ADMIN = Role.READER, Role.PUBLISHER, Role.ADMIN


def giver(*roles: Role, teams: tuple[str, ...] = (), namespaces: tuple[str, ...] = ()) -> Principal:
    return Principal(subject="alice", origin=Origin.TOKEN, roles=frozenset(roles), teams=teams, namespaces=namespaces)


WHOLE = giver(ADMIN, namespaces=("*",))
SCOPED = giver(ADMIN, PUBLISHER, teams=("backend", "data"), namespaces=("com.acme/*", "com.acme.*"))

TABLE = [
    (WHOLE, Mandate(roles=tuple(Role), teams=("backend",), namespaces=("*",)), None),
    (WHOLE, Mandate(roles=(READER,)), None),
    (giver(READER, PUBLISHER, namespaces=("*",)), Mandate(roles=(READER,)), "the role admin"),
    (giver(ADMIN), Mandate(roles=(ADMIN,)), None),
    (giver(ADMIN), Mandate(roles=(ADMIN,), namespaces=("com.acme/x",)), "outside"),
    (SCOPED, Mandate(roles=(PUBLISHER,), namespaces=("com.acme/payroll",)), None),
    (SCOPED, Mandate(roles=(PUBLISHER,), namespaces=("com.acme.eu.*", "com.acme.eu/*", "com.acme/*")), None),
    (SCOPED, Mandate(roles=(ADMIN,), teams=("data", "backend"), namespaces=("com.acme/*",)), None),
    (SCOPED, Mandate(roles=(READER,), teams=("backend",)), "role reader"),
    (SCOPED, Mandate(roles=(PUBLISHER, Role.OPERATOR), namespaces=("com.acme/*",)), "role operator"),
    (SCOPED, Mandate(roles=(PUBLISHER,), teams=("everyone",), namespaces=("com.acme/*",)), "team everyone"),
    (SCOPED, Mandate(roles=(PUBLISHER,), namespaces=("*",)), "outside"),
    (SCOPED, Mandate(roles=(PUBLISHER,), namespaces=("com.acme/*", "com.acme-evil/*")), "com.acme-evil/\\* is"),
    (SCOPED, Mandate(roles=(PUBLISHER,), namespaces=("com/*",)), "outside"),
    (SCOPED, Mandate(roles=(PUBLISHER,), namespaces=("com.*",)), "outside"),
]

NAMES = st.from_regex(r"(a|a\.b|a\.bc|ab)/(\*|x|xy|y)|(a|a\.b|ab)\.\*|\*", fullmatch=True)


class TestWithheld:
    @pytest.mark.parametrize(("who", "wanted", "why"), TABLE)
    def test_table(self, who: Principal, wanted: Mandate, why: str | None) -> None:
        """
        An administrator for every name hands out anything; any other its own roles, teams and namespaces.
        """
        refusal = withheld(who, wanted)

        assert may_manage(who, wanted) == (refusal is None)
        if why is None:
            assert refusal is None
        else:
            assert refusal is not None
            assert why.replace("\\", "") in refusal

    @given(st.sets(st.sampled_from(Role)), st.sets(st.sampled_from(Role), min_size=1))
    def test_no_role_is_won(self, own: set[Role], wanted: set[Role]) -> None:
        """
        Whoever is not for every name hands out no role it has not itself, and nothing at all without admin.
        """
        may = withheld(giver(*own), Mandate(roles=tuple(wanted))) is None

        assert may == (ADMIN in own and wanted <= own)


class TestWithin:
    @given(NAMES, NAMES, st.sampled_from(["a/x", "a/xy", "a.b/x", "a.bc/x", "a.b.c/y", "ab/x", "a.x/y", "z/z"]))
    def test_no_name_is_won(self, inner: str, outer: str, name: str) -> None:
        """
        A pattern within another stands for none but the other's names.
        """
        assert not (within(inner, outer) and covers(inner, name) and not covers(outer, name))

    @pytest.mark.parametrize(
        ("inner", "outer", "expected"),
        [
            ("a/x", "a/x", True),
            ("a/x", "a/*", True),
            ("a/*", "a/*", True),
            ("a/*", "*", True),
            ("*", "*", True),
            ("a.b/x", "a.*", True),
            ("a.b/*", "a.*", True),
            ("a.b.*", "a.*", True),
            ("a/x", "a.*", False),
            ("a/*", "a/x", False),
            ("a.*", "a/*", False),
            ("ab/*", "a/*", False),
            ("*", "a/*", False),
            ("a/xy", "a/x", False),
        ],
    )
    def test_table(self, inner: str, outer: str, expected: bool) -> None:
        """
        Every form of pattern against every other.
        """
        assert within(inner, outer) is expected


class TestMandate:
    def test_every_part_once_in_order(self) -> None:
        """
        Order is kept, since the first team is home; a bare namespace means the names in it.
        """
        made = mandate([PUBLISHER, READER, PUBLISHER], ["b", "a", "b"], ["com.acme", "com.acme/*"])

        assert made == Mandate(roles=(PUBLISHER, READER), teams=("b", "a"), namespaces=("com.acme/*",))

    @pytest.mark.parametrize(
        ("roles", "namespaces", "why"),
        [
            ([], [], "needs a role"),
            ([PUBLISHER], [], "publisher needs a namespace"),
            ([ADMIN], [], "admin needs a namespace"),
            ([READER], ["com.acme*"], "not a pattern"),
            ([READER], [f"a/{number}" for number in range(101)], "at most 100"),
        ],
    )
    def test_what_is_none(self, roles: list[Role], namespaces: list[str], why: str) -> None:
        """
        Nothing is granted by saying nothing.
        """
        with pytest.raises(Invalid, match=why):
            mandate(roles, [], namespaces)


class TestSubject:
    @pytest.mark.parametrize("text", ["alice", "payroll-ci", "alice@acme.example", "github:acme/ci#1", "a" * 200])
    def test_good(self, text: str) -> None:
        """
        Names of people and machines, as issuers write them.
        """
        assert parse_subject(text) == text

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "a b",
            "-a",
            "a\n",
            "é",
            "a" * 201,
            "local:root",
            "LOCAL:root",
            "system:sync",
            "anonymous",
            "loopback",
        ],
    )
    def test_bad(self, text: str) -> None:
        """
        What is no name, and what is the registry's own.
        """
        with pytest.raises(Invalid):
            parse_subject(text)
