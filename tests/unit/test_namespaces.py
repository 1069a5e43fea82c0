"""Which names a pattern covers, and who may therefore publish where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE, Source
from registry.catalog.pattern import covers, name_range, parse_pattern
from registry.errors import Invalid
from registry.policy.namespaces import may_edit, may_publish
from registry.policy.principal import Origin, Principal, Role

PAYROLL = ServerName.parse("com.acme/payroll")
CLAIMING = Source(id=PRIVATE, precedence=-1, claims=("com.acme", "com.acme.*"))
CLAIMLESS = Source(id=PRIVATE, precedence=-1)
NAMES = st.sampled_from(
    ["com.acme/payroll", "com.acme/payroll-pro", "com.acme.hr/x", "com.acme-evil/x", "com.acmex/x", "com/acme", "a.b/c"]
)
PATTERNS = st.sampled_from(["*", "com.acme/*", "com.acme.*", "com.acme/payroll", "com.acme.hr/*", "com.*", "a.b/c"])

COVERED = [
    ("*", "io.github.x/y", True),
    ("com.acme/*", "com.acme/payroll", True),
    ("com.acme/*", "com.acme.hr/payroll", False),
    ("com.acme.*", "com.acme.hr/payroll", True),
    ("com.acme.*", "com.acme/payroll", False),
    ("com.acme.*", "com.acme-evil/payroll", False),
    ("com.acme/payroll", "com.acme/payroll", True),
    ("com.acme/payroll", "com.acme/payroll-pro", False),
    ("com.acme/*", "Com.Acme/payroll", False),
]


def _principal(*roles: Role, origin: Origin = Origin.TOKEN, namespaces: tuple[str, ...] = ("*",)) -> Principal:
    return Principal(subject="ci", origin=origin, roles=frozenset(roles), namespaces=namespaces)


class TestPatterns:
    @pytest.mark.parametrize(("pattern", "name", "expected"), COVERED)
    def test_a_pattern_covers_what_it_spells_out(self, pattern: str, name: str, expected: bool) -> None:
        """
        A star stands for the rest of the name, and the rest of the pattern for itself, in its very case.
        """
        assert covers(pattern, name) is expected

    @pytest.mark.parametrize(
        ("text", "pattern"),
        [("com.acme", "com.acme/*"), ("com.acme.*", "com.acme.*"), ("com.acme/x", "com.acme/x"), ("*", "*")],
    )
    def test_a_namespace_alone_means_its_names(self, text: str, pattern: str) -> None:
        """
        What people write first is understood.
        """
        assert parse_pattern(text) == pattern

    @pytest.mark.parametrize(
        "text", ["", "com.acme*", "com.acme/p*", "*/x", "a/b/c", "com.acme/**", "**", "a b/*", "é/*"]
    )
    def test_what_would_cover_a_neighbour_is_refused(self, text: str) -> None:
        """
        A star in the middle of a word would give away `com.acme-evil` with `com.acme`.
        """
        with pytest.raises(Invalid, match="not a pattern of names"):
            parse_pattern(text)

    @given(PATTERNS, NAMES)
    def test_a_range_holds_exactly_what_a_pattern_covers(self, pattern: str, name: str) -> None:
        """
        Asking the store for a range and asking the pattern are one question.
        """
        low, high = name_range(pattern)

        assert (low <= name < high) is covers(pattern, name)


class TestMayPublish:
    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLISHER])
    def test_no_other_role_publishes(self, role: Role) -> None:
        """
        No role implies another, admin included.
        """
        assert not may_publish(_principal(role), PAYROLL, CLAIMLESS)

    def test_no_pattern_is_no_permission(self) -> None:
        """
        An empty list means nothing.
        """
        assert not may_publish(_principal(Role.PUBLISHER, namespaces=()), PAYROLL, CLAIMLESS)

    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [(Origin.TOKEN, True), (Origin.ORGANISATION, True), (Origin.PUBLIC_IDENTITY, False)],
    )
    def test_a_claimed_namespace_is_not_for_public_identities(self, origin: Origin, allowed: bool) -> None:
        """
        Who proved a domain or an account elsewhere does not publish among the organisation's own servers.
        """
        principal = _principal(Role.PUBLISHER, origin=origin)

        assert may_publish(principal, PAYROLL, CLAIMING) is allowed
        assert may_publish(principal, ServerName.parse("com.Acme/payroll"), CLAIMING) is allowed
        assert may_publish(principal, PAYROLL, CLAIMLESS)

    def test_an_edit_needs_the_admin_of_the_namespace(self) -> None:
        """
        A publisher edits nothing, and an admin of other names does not edit these.
        """
        assert may_edit(_principal(Role.ADMIN, namespaces=("com.acme/*",)), PAYROLL)
        assert not may_edit(_principal(Role.ADMIN, namespaces=("com.other/*",)), PAYROLL)
        assert not may_edit(_principal(Role.PUBLISHER), PAYROLL)
