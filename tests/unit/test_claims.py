"""From claims to a principal: which rules match, what scopes leave of them, and that roles stay with their teams."""

from collections.abc import Mapping

import pytest

from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE, Source
from registry.policy.claims import ClaimRule, principal_of_claims, scopes_of
from registry.policy.delegation import Mandate, withheld
from registry.policy.mandates import approval_withheld, block_withheld, governing_withheld, grant_withheld, may_ask
from registry.policy.namespaces import may_edit, may_publish, published_by
from registry.policy.principal import Origin, Principal, Role

READ, WRITE = "mcp-registry:read", "mcp-registry:write"
BACKEND = ClaimRule(
    claims={"groups": ("backend", "platform"), "staff": True},
    teams=("backend~prod", "everyone"),
    roles=(Role.APPROVER,),
)
OWNERS = ClaimRule(claims={"groups": "owners"}, roles=(Role.PUBLISHER, Role.ADMIN), namespaces=("com.acme/*",))
GUEST = ClaimRule(claims={"groups": "guests"}, teams=("frontend",))
ALL = ClaimRule(claims={}, teams=("everyone",))
PRIVATE_SOURCE = Source(id=PRIVATE, precedence=-1, claims=("com.acme",))


def who(
    scope: object,
    *groups: str,
    rules: tuple[ClaimRule, ...] = (BACKEND, OWNERS, GUEST),
    more: Mapping[str, object] | None = None,
) -> Principal:
    """A member of *groups*, with a token for *scope*. *more*: claims that win over these."""
    claims = {"groups": list(groups), "staff": True, "scope": scope, **(more or {})}
    return principal_of_claims("acme:00u1", claims, rules)


class TestRules:
    def test_one_rule(self) -> None:
        """
        issue §1: teams, roles and names of the rule that matches; the first team is the home team.
        """
        assert who(WRITE, "backend") == Principal(
            subject="acme:00u1",
            origin=Origin.ISSUER,
            home_team="backend~prod",
            teams=("backend~prod", "everyone"),
            roles=frozenset({Role.READER, Role.APPROVER}),
        )

    @pytest.mark.parametrize(
        "more",
        [
            {"staff": False},
            {"staff": "true"},
            {"staff": None},
            {"groups": "platform,backend"},
            {"groups": [["backend"]]},
            {"groups": {"backend": True}},
            {"groups": []},
            {"groups": ["backend", 1.5]},
        ],
        ids=repr,
    )
    def test_every_condition_and_one_of_its_alternatives(self, more: dict[str, object]) -> None:
        """
        issue §1: AND across keys, OR inside arrays, odd types fail closed.
        """
        assert who(WRITE, "backend").teams
        assert (who(WRITE, "backend", more=more).teams, who(WRITE, "backend", more=more).home_team) == ((), None)

    def test_what_tokens_say_of_themselves(self) -> None:
        """
        threats.md: a token gives itself neither roles nor teams nor names; only the configuration does.
        """
        boastful = {"roles": ["admin"], "teams": ["backend"], "namespaces": ["*"], "home_team": "backend"}

        assert who(WRITE, "nobody", more=boastful) == who(WRITE, "nobody")
        assert who(WRITE, "nobody").roles == {Role.READER}

    def test_everybody_of_an_issuer(self) -> None:
        """
        A rule without conditions is for every token, also one without the claims that others ask for.
        """
        assert who(READ, rules=(GUEST, ALL)).teams == ("everyone",)
        assert who(READ, "guests", rules=(GUEST, ALL)).teams == ("frontend", "everyone")


class TestScopes:
    @pytest.mark.parametrize(
        ("scope", "roles"),
        [
            (READ, {Role.READER}),
            (WRITE, {Role.READER, Role.APPROVER}),
            (f"openid {READ} {WRITE}", {Role.READER, Role.APPROVER}),
            ("openid profile", set()),
            ("", set()),
            (None, set()),
            (f"{WRITE},{READ}", set()),
            ("MCP-REGISTRY:WRITE", set()),
            (f"x{WRITE}", set()),
            ([READ], set()),
            ({READ: True}, set()),
            (True, set()),
        ],
        ids=lambda given: "+".join(sorted(given)) if isinstance(given, set) else repr(given),
    )
    def test_how_much_a_token_was_issued_for(self, scope: object, roles: set[Role]) -> None:
        """
        issue §1: read means reader, write reader and the roles of the mapping; neither no role at all.
        """
        principal = who(scope, "backend")

        assert principal.roles == roles
        assert principal.held_back == {Role.READER, Role.APPROVER} - roles

    def test_scp(self) -> None:
        """
        What some issuers call it, as a text or a list; where both are there, the standard's counts.
        """
        assert scopes_of({"scp": f"a {READ}"}) == {"a", READ}
        assert scopes_of({"scp": [READ, "a"]}) == {"a", READ}
        assert scopes_of({"scp": [READ, 1]}) == frozenset()
        assert scopes_of({"scp": WRITE, "scope": "a"}) == {"a"}
        assert scopes_of({"scp": WRITE, "scope": None}) == frozenset()


class TestRolesStayWithTheirTeams:
    """
    issue §1: roles are scoped. Somebody whom two rules match has each rule's roles for its own teams and names alone.
    """

    BOTH = who(WRITE, "backend", "owners", "guests")

    def test_what_is_said_of_all(self) -> None:
        """All teams are theirs to read, and the whole says what any part may."""
        assert self.BOTH.teams == ("backend~prod", "everyone", "frontend")
        assert self.BOTH.roles == {Role.READER, Role.APPROVER, Role.PUBLISHER, Role.ADMIN}
        assert may_ask(self.BOTH, ["frontend", "backend~prod"]) is None

    def test_an_approver_decides_for_the_rules_teams(self) -> None:
        """Neither for a team of another rule, nor for all of a name that another rule gives."""
        assert approval_withheld(self.BOTH, "io.x/y", ("everyone",)) is None
        assert approval_withheld(self.BOTH, "io.x/y", ("frontend",)) == (
            "it is for team frontend, and you decide for backend~prod, everyone only"
        )
        assert approval_withheld(self.BOTH, "com.acme/payroll", None) is not None

    def test_an_administrator_administers_the_rules_names(self) -> None:
        """Without a team of its own it gives no grants, and hands no approver out."""
        assert block_withheld(self.BOTH, "com.acme/payroll") is None
        assert block_withheld(self.BOTH, "io.x/y") is not None
        assert grant_withheld(self.BOTH, "everyone", "com.acme/payroll") == "you do not belong to team everyone"
        assert governing_withheld(self.BOTH) is not None
        assert withheld(self.BOTH, Mandate(roles=(Role.PUBLISHER, Role.READER), namespaces=("com.acme/*",))) is None
        assert withheld(self.BOTH, Mandate(roles=(Role.APPROVER,), teams=("everyone",))) is not None

    def test_a_publisher_publishes_the_rules_names(self) -> None:
        """The organisation's own among them: its issuer is no public identity."""
        other = ClaimRule(claims={"groups": "guests"}, roles=(Role.APPROVER,), namespaces=("*",))
        both = who(WRITE, "owners", "guests", rules=(OWNERS, other))

        assert published_by(both) == ("com.acme/*",)
        assert may_publish(both, ServerName("com.acme/payroll"), PRIVATE_SOURCE)
        assert not may_publish(both, ServerName("com.other/x"), PRIVATE_SOURCE)
        assert not may_edit(both, ServerName("com.other/x"))
        assert approval_withheld(both, "com.other/x", None) is None

    def test_to_read_is_all_that_read_gives(self) -> None:
        """With the smaller scope no part has anything else."""
        reader = who(READ, "backend", "owners")

        assert {role for part in reader.apart() for role in part.roles} == {Role.READER}
        assert published_by(reader) == ()
