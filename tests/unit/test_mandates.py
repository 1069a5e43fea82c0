"""Who may decide what: role, teams and namespaces of one credential."""

import pytest

from registry.catalog.approval import Approval, State
from registry.policy.mandates import (
    approval_withheld,
    block_withheld,
    concerns_publisher,
    concerns_reader,
    explained_withheld,
    governing_withheld,
    grant_withheld,
    may_ask,
    sees_approval,
    sees_resembled,
)
from registry.policy.principal import Origin, Principal, Role

READER, PUBLISHER, APPROVER, AUDITOR, ADMIN = (
    Role.READER,
    Role.PUBLISHER,
    Role.APPROVER,
    Role.AUDITOR,
    Role.ADMIN,
)
PAYROLL, WEATHER, BY_RULE = "com.acme/payroll", "io.github.octavia/weather", ""
ALL_TEAMS = None


def who(*roles: Role, teams: tuple[str, ...] = (), namespaces: tuple[str, ...] = ()) -> Principal:
    return Principal(
        subject="alice",
        origin=Origin.TOKEN,
        roles=frozenset(roles),
        home_team=teams[0] if teams else None,
        teams=teams,
        namespaces=namespaces,
    )


def approval(name: str = PAYROLL, teams: tuple[str, ...] | None = ("backend",), **changes: str) -> Approval:
    return Approval(
        id="apr_1",
        name=name,
        state=State.REQUESTED,
        requested_us=1,
        requested_by=changes.get("requested_by", "bob"),
        request="we need it",
        audience=teams,
        rule=changes.get("rule"),
    )


OF_BACKEND = who(APPROVER, teams=("backend", "data"))
OF_ACME = who(APPROVER, namespaces=("com.acme/*",))
OF_BOTH = who(APPROVER, teams=("backend",), namespaces=("com.acme/*",))
OF_ALL = who(APPROVER, namespaces=("*",))

APPROVALS = [
    (OF_BACKEND, PAYROLL, ("backend",), None),
    (OF_BACKEND, WEATHER, ("backend", "data"), None),
    (OF_BACKEND, PAYROLL, (), None),
    (OF_BACKEND, PAYROLL, ("backend", "everyone"), "team everyone"),
    (OF_BACKEND, PAYROLL, ("backend~prod",), "team backend~prod"),
    (OF_BACKEND, PAYROLL, ALL_TEAMS, "for all teams"),
    (OF_BACKEND, BY_RULE, ALL_TEAMS, "for all teams"),
    (OF_ACME, PAYROLL, ("backend",), None),
    (OF_ACME, PAYROLL, ALL_TEAMS, None),
    (OF_ACME, WEATHER, ("backend",), "outside"),
    (OF_ACME, "com.acme-evil/payroll", ("backend",), "outside"),
    (OF_ACME, BY_RULE, ALL_TEAMS, "what a rule approved is outside"),
    (OF_BOTH, PAYROLL, ("backend",), None),
    (OF_BOTH, PAYROLL, ("data",), "team data"),
    (OF_BOTH, PAYROLL, ALL_TEAMS, "for all teams"),
    (OF_BOTH, WEATHER, ("backend",), "outside"),
    (OF_ALL, WEATHER, ALL_TEAMS, None),
    (OF_ALL, BY_RULE, ALL_TEAMS, None),
    (who(APPROVER), PAYROLL, ("backend",), "neither teams nor namespaces"),
    (who(APPROVER), PAYROLL, (), "neither teams nor namespaces"),
    (who(ADMIN, PUBLISHER, READER, AUDITOR, teams=("backend",), namespaces=("*",)), PAYROLL, ("backend",), "role"),
]


@pytest.mark.parametrize(("approver", "name", "audience", "why"), APPROVALS)
def test_approvals(approver: Principal, name: str, audience: tuple[str, ...] | None, why: str | None) -> None:
    """
    Teams limit for whom, namespaces limit what, both together limit both, and neither allows nothing.
    """
    assert_withheld(approval_withheld(approver, name, audience), why)


SEEN = [
    (OF_BACKEND, approval(), True),
    (OF_BACKEND, approval(teams=("everyone", "data")), True),
    (OF_BACKEND, approval(teams=None), True),
    (OF_BACKEND, approval(teams=("everyone",)), False),
    (OF_BACKEND, approval(teams=()), False),
    (OF_ACME, approval(teams=("everyone",)), True),
    (OF_ACME, approval(WEATHER), False),
    (OF_BOTH, approval(teams=("data",)), False),
    (who(APPROVER), approval(), False),
    (who(AUDITOR), approval(), True),
    (who(ADMIN, namespaces=("com.acme/*",)), approval(), True),
    (who(ADMIN, namespaces=("com.acme/*",)), approval(BY_RULE, None), False),
    (who(ADMIN, namespaces=("*",)), approval(BY_RULE, None), True),
    (who(READER, PUBLISHER, teams=("backend",), namespaces=("*",)), approval(), False),
]


@pytest.mark.parametrize(("viewer", "asked", "expected"), SEEN)
def test_approvals_that_are_seen(viewer: Principal, asked: Approval, expected: bool) -> None:
    """
    An approver sees what concerns its teams and names; an auditor all; no role implies another.
    """
    assert sees_approval(viewer, asked) is expected


GRANTS = [
    (who(ADMIN, namespaces=("*",)), "backend", "*", None),
    (who(ADMIN, teams=("backend",), namespaces=("com.acme/*",)), "backend", "com.acme/payroll", None),
    (who(ADMIN, teams=("backend",), namespaces=("com.acme/*",)), "backend", "com.acme.*", "outside"),
    (who(ADMIN, teams=("backend",), namespaces=("com.acme/*",)), "data", "com.acme/*", "team data"),
    (who(ADMIN, teams=("backend",)), "backend", "com.acme/*", "outside"),
    (who(ADMIN), "backend", "com.acme/*", "team backend"),
    (who(APPROVER, teams=("backend",), namespaces=("*",)), "backend", "com.acme/*", "the role admin"),
]


@pytest.mark.parametrize(("giver", "team", "pattern", "why"), GRANTS)
def test_grants(giver: Principal, team: str, pattern: str, why: str | None) -> None:
    """
    An administrator gives what lies within its own names, to its own teams; one for every name gives anything.
    """
    assert_withheld(grant_withheld(giver, team, pattern), why)


@pytest.mark.parametrize(
    ("decider", "why"),
    [
        (who(ADMIN, namespaces=("*",)), None),
        (who(ADMIN, namespaces=("com.acme/*",)), "every name"),
        (who(ADMIN), "every name"),
        (who(APPROVER, namespaces=("*",)), "the role admin"),
    ],
)
def test_teams_and_rules(decider: Principal, why: str | None) -> None:
    """
    What is for everybody is decided by an administrator of every name.
    """
    assert_withheld(governing_withheld(decider), why)


@pytest.mark.parametrize(
    ("decider", "why"),
    [
        (OF_ACME, None),
        (OF_ALL, None),
        (OF_BACKEND, "for all teams"),
        (OF_BOTH, "for all teams"),
        (who(ADMIN, namespaces=("com.acme/*",)), None),
        (who(ADMIN, namespaces=("org.initech/*",)), "outside"),
        (who(ADMIN, APPROVER, teams=("backend",), namespaces=("com.acme/*",)), None),
        (who(PUBLISHER, namespaces=("*",)), "approver or admin"),
    ],
)
def test_blocks(decider: Principal, why: str | None) -> None:
    """
    A block is for every team, and is for those who decide for all of them.
    """
    assert_withheld(block_withheld(decider, PAYROLL), why)


@pytest.mark.parametrize(
    ("asker", "team", "why"),
    [
        (who(AUDITOR), "backend", None),
        (OF_BACKEND, "backend", None),
        (OF_BACKEND, "everyone", "team everyone"),
        (OF_ACME, "everyone", None),
        (who(ADMIN, namespaces=("*",)), "everyone", None),
        (who(ADMIN, teams=("backend",), namespaces=("com.acme/*",)), "backend", None),
        (who(ADMIN, teams=("backend",), namespaces=("com.acme/*",)), "data", "outside"),
        (who(READER, PUBLISHER, teams=("backend",), namespaces=("*",)), "backend", "approver, auditor"),
    ],
)
def test_explanations(asker: Principal, team: str, why: str | None) -> None:
    """
    Who decides or oversees is told about the teams and names it does that for.
    """
    assert_withheld(explained_withheld(asker, team, PAYROLL), why)


@pytest.mark.parametrize(
    ("viewer", "resembles", "expected"),
    [
        (who(AUDITOR), PAYROLL, True),
        (OF_ACME, PAYROLL, True),
        (OF_ACME, "com.acme", True),
        (OF_ACME, "com.*", False),
        (OF_ACME, WEATHER, False),
        (OF_BACKEND, PAYROLL, False),
        (who(ADMIN, namespaces=("*",)), "com.*", True),
    ],
)
def test_what_a_held_name_looks_like(viewer: Principal, resembles: str, expected: bool) -> None:
    """
    It may be a name of others: it is for those who decide for every team about it, or about all of a namespace.
    """
    assert sees_resembled(viewer, resembles) is expected


@pytest.mark.parametrize(
    ("reader", "teams", "why"),
    [
        (who(READER, teams=("backend", "data")), ("data",), None),
        (who(READER, teams=("backend",)), ("backend", "everyone"), "team everyone"),
        (who(READER, teams=("backend",)), (), "name a team"),
        (who(APPROVER, teams=("backend",)), ("backend",), "role reader"),
        (Principal(subject="a", origin=Origin.ANONYMOUS, roles=frozenset({READER}), teams=("e",)), ("e",), "reader"),
    ],
)
def test_requests(reader: Principal, teams: tuple[str, ...], why: str | None) -> None:
    """
    A reader with a credential asks for teams of its own.
    """
    assert_withheld(may_ask(reader, teams), why)


def test_what_concerns_a_reader() -> None:
    """
    What it asked for, and what was decided for its home team by name; never what a rule decided.
    """
    reader = who(READER, teams=("backend", "data"))

    assert concerns_reader(reader, approval())
    assert concerns_reader(reader, approval(teams=("everyone",), requested_by="alice"))
    assert not concerns_reader(reader, approval(teams=("data",)))
    assert not concerns_reader(reader, approval(teams=None))
    assert not concerns_reader(reader, approval(rule="rule_1", requested_by="alice"))
    assert not concerns_reader(who(APPROVER, teams=("backend",)), approval())


def test_what_concerns_a_publisher() -> None:
    """
    Decisions about the names it publishes.
    """
    publisher = who(PUBLISHER, namespaces=("com.acme/*",))

    assert concerns_publisher(publisher, approval())
    assert not concerns_publisher(publisher, approval(WEATHER))
    assert not concerns_publisher(who(PUBLISHER, namespaces=("*",)), approval(BY_RULE))
    assert not concerns_publisher(who(ADMIN, namespaces=("*",)), approval())


def assert_withheld(found: str | None, expected: str | None) -> None:
    assert (found is None) is (expected is None), found
    assert (expected or "") in (found or "")
