"""Why a team sees what it sees, and what a decision would change before it is made."""

from collections.abc import Iterator
from typing import Any

import pytest

from registry.policy.principal import Role
from tests.api.governing import Person, governed
from tests.api.publishing import problem
from tests.running import RunningRegistry

PAYROLL, WAREHOUSE, ONCALL, HANDBOOK = "com.acme/payroll", "com.acme/warehouse", "com.acme/oncall", "com.acme/handbook"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with governed(tmp_path_factory.mktemp("explained")) as running:
        yield running


@pytest.fixture(scope="module")
def approver(registry: RunningRegistry) -> Person:
    return Person(registry, "paul", Role.APPROVER, namespaces=("*",))


@pytest.fixture(scope="module")
def auditor(registry: RunningRegistry) -> Person:
    return Person(registry, "olga", Role.AUDITOR)


@pytest.fixture(scope="module")
def admin(registry: RunningRegistry) -> Person:
    return Person(registry, "ada", Role.ADMIN, namespaces=("*",))


@pytest.fixture(scope="module")
def backend(registry: RunningRegistry) -> Person:
    return Person(registry, "bob", Role.READER, teams=("backend",))


def _of(explained: Any, version: str) -> Any:  # Any: an answer, decoded
    return next(each for each in explained["versions"] if each["version"] == version)


class TestExplain:
    def test_each_version(self, approver: Person, auditor: Person, backend: Person) -> None:
        """
        Visible or not, by which rule, in words, with grant and approval; and what is said is what is seen.
        """
        made = approver.made("/v1/approvals", name=PAYROLL, teams=["backend"], versions=["1.0.0"], reason="r")
        asked = backend.made("/v1/requests", name=PAYROLL, teams=["backend"], versions=["1.1.0"], reason="newer")

        explained = auditor.get("/v1/explain", team="backend", name=PAYROLL).json()

        assert explained["reason"].startswith("team backend sees 1 of ")
        assert (explained["source"], explained["owned_by"]) == ("internal", "claim")
        assert explained["ownership"] == (
            "internal claims the namespace com.acme; official has the name too and is not asked"
        )
        shown = _of(explained, "1.0.0")
        assert (shown["visible"], shown["because"], shown["approval"]) == (True, "visible", made["id"])
        assert shown["grant"].startswith("grt_")
        assert shown["digest"] == made["versions"][0]["digest"]
        waiting = _of(explained, "1.1.0")
        assert (waiting["visible"], waiting["because"]) == (False, "not-approved")
        assert waiting["reason"] == f"{asked['id']}, requested by bob, waits for a decision"
        assert [each["version"] for each in explained["versions"] if each["visible"]] == [
            each.partition("@")[2] for each in backend.sees() if each.startswith(PAYROLL)
        ]

    def test_without_a_grant(self, auditor: Person) -> None:
        """
        Ownership is settled first, and the grant is named that is not there.
        """
        explained = auditor.get("/v1/explain", team="everyone", name=WAREHOUSE).json()

        assert explained["reason"] == "team everyone has no grant that covers com.acme/warehouse"
        assert explained["source"] == "internal"
        assert {each["because"] for each in explained["versions"]} == {"no-grant"}

    def test_by_a_rule(self, auditor: Person) -> None:
        """
        What a rule approved names the rule, and the source that had the name first.
        """
        explained = auditor.get("/v1/explain", team="everyone", name="io.github.octavia/weather").json()

        assert (explained["source"], explained["owned_by"]) == ("official", "memory")
        assert {each["because"] for each in explained["versions"]} == {"visible"}
        assert "(rule rule_" in explained["versions"][0]["reason"]

    def test_nobody_answers(self, auditor: Person) -> None:
        """
        A name that no source has says so, and one that is claimed and empty says who would answer.
        """
        nowhere = auditor.get("/v1/explain", team="everyone", name="io.github.octavia/none").json()
        claimed = auditor.get("/v1/explain", team="backend", name="com.acme/none").json()

        assert (nowhere["source"], nowhere["owned_by"], nowhere["versions"]) == (None, "nobody", [])
        assert nowhere["reason"] == ("there is no io.github.octavia/none: no source that answers for it has a version")
        assert (claimed["source"], claimed["owned_by"]) == ("internal", "claim")

    def test_readers_learn_about_their_own_team(self, registry: RunningRegistry, approver: Person) -> None:
        """
        All of it where their team has a grant; else the same few words whether or not the name exists.
        """
        data = Person(registry, "dora", Role.READER, teams=("data",))

        covered = data.get("/v0.1/x/registry/explain", name=WAREHOUSE).json()
        hidden = data.get("/v0.1/x/registry/explain", name=PAYROLL).json()
        absent = data.get("/v0/x/registry/explain", name="com.acme/absent").json()

        assert (covered["team"], covered["source"]) == ("data", "internal")
        assert {each["because"] for each in covered["versions"]} == {"not-approved"}
        assert hidden == absent | {
            "name": PAYROLL,
            "reason": "team data has no grant that covers com.acme/payroll",
        }
        assert (hidden["source"], hidden["ownership"], hidden["versions"]) == (None, None, [])
        assert data.get("/v1/explain", team="data", name=WAREHOUSE).status == 403

    def test_what_is_refused(self, registry: RunningRegistry, auditor: Person) -> None:
        """
        An unknown team is 404, a missing parameter 422, no name 400, somebody else's team 403.
        """
        of_data = Person(registry, "dan", Role.APPROVER, teams=("data",))

        assert auditor.get("/v1/explain", team="nobody", name=PAYROLL).status == 404
        assert auditor.get("/v1/explain", team="backend").status == 422
        assert auditor.get("/v1/explain", team="backend", name="payroll").status == 400
        assert of_data.get("/v1/explain", team="backend", name=PAYROLL).status == 403


class TestPreview:
    def test_an_approval(self, approver: Person, backend: Person) -> None:
        """
        Who gains what, and the latest there would be; nothing is stored, and deciding it does just that.
        """
        before = backend.sees()
        decision = {"name": ONCALL, "teams": ["backend"], "reason": "r"}

        previewed = approver.made("/v1/preview", decision="approve", **decision)

        (change,) = previewed["changes"]
        assert (change["team"], change["name"], change["lost"]) == ("backend", ONCALL, [])
        assert (change["latest_before"], change["latest_after"]) == (None, "0.4.0")
        assert (previewed["names"], previewed["complete"]) == (1, True)
        assert backend.sees() == before
        assert approver.get("/v1/approvals", name=ONCALL).json()["items"] == []
        made = approver.made("/v1/approvals", **decision)
        gained = [each.partition("@")[2] for each in backend.sees() if each.startswith(ONCALL)]
        assert sorted(gained) == change["gained"]
        approver.made(f"/v1/approvals/{made['id']}/revoke", reason="over")

    def test_a_revocation(self, approver: Person, backend: Person) -> None:
        """
        Which pinned versions would vanish.
        """
        made = approver.made("/v1/approvals", name=HANDBOOK, teams=["backend"], reason="r")

        (change,) = approver.made("/v1/preview", decision="revoke-approval", approval=made["id"], reason="r")["changes"]

        assert change["lost"] == [each["version"] for each in made["versions"]]
        assert change["latest_after"] is None
        assert backend.reads(HANDBOOK) == 200

    def test_a_request(self, approver: Person, backend: Person) -> None:
        """
        Of what was asked for, too.
        """
        asked = backend.made("/v1/requests", name="com.globex/catalogue", teams=["backend"], reason="r")

        previewed = approver.made("/v1/preview", decision="approve-request", approval=asked["id"], reason="r")

        assert [change["name"] for change in previewed["changes"]] == ["com.globex/catalogue"]
        assert approver.get(f"/v1/approvals/{asked['id']}").json()["state"] == "requested"

    def test_grants(self, admin: Person, registry: RunningRegistry) -> None:
        """
        Giving one and taking it back, name by name.
        """
        data = Person(registry, "dora", Role.READER, teams=("data",))
        given = admin.made("/v1/preview", decision="grant", team="data", pattern="*", reason="r")
        grant = admin.get("/v1/grants", team="everyone").json()["items"][0]["id"]
        taken = admin.made("/v1/preview", decision="revoke-grant", grant=grant, reason="r")

        assert [(change["team"], change["name"]) for change in given["changes"]] == [
            ("data", "io.github.octavia/weather")
        ]
        assert given["names"] > 1
        assert [(change["team"], change["gained"]) for change in taken["changes"]] == [("everyone", [])]
        assert len(taken["changes"][0]["lost"]) == 3
        assert data.sees() == []

    def test_a_rule_and_a_block(self, admin: Person, approver: Person) -> None:
        """
        A rule gives to every team with a grant, a block takes from all.
        """
        rule = admin.made("/v1/preview", decision="rule", name="globex", pattern="com.globex/*", teams=None, reason="r")
        block = approver.made("/v1/preview", decision="block", name="io.github.octavia/weather", reason="r")

        assert {(change["team"], change["name"]) for change in rule["changes"]} == {
            ("backend", "com.globex/catalogue"),
            ("backend", "com.globex/search"),
        }
        assert [(change["team"], change["latest_after"]) for change in block["changes"]] == [("everyone", None)]
        assert [each["name"] for each in admin.get("/v1/rules").json()["items"]] == ["octavia"]
        assert approver.get("/v1/blocks").json()["items"] == []

    def test_of_others_it_only_counts(self, registry: RunningRegistry) -> None:
        """
        Who decides about a name for every team does not see by it what the others see.
        """
        decision = {"decision": "block", "name": "io.github.octavia/weather", "reason": "r"}
        previewed = [
            Person(registry, f"sam-of-{team}", Role.ADMIN, namespaces=("io.github.octavia/*",), teams=(team,))
            .post("/v1/preview", **decision).json()
            for team in ("everyone", "data")
        ]  # fmt: skip

        assert [[change["team"] for change in each["changes"]] for each in previewed] == [["everyone"], []]
        assert [each["left_out"] for each in previewed] == [0, 1]

    def test_what_is_refused(self, registry: RunningRegistry, admin: Person, approver: Person) -> None:
        """
        What could not be decided cannot be previewed, and for the same reason.
        """
        of_data = Person(registry, "dan", Role.APPROVER, teams=("data",))

        def refused(person: Person, **decision: object) -> tuple[int, str]:
            return problem(person.post("/v1/preview", **decision))[:2]

        assert refused(approver, decision="grant", team="data", pattern="*", reason="r")[0] == 403
        assert refused(of_data, decision="approve", name=PAYROLL, teams=["backend"], reason="r")[0] == 403
        assert refused(admin, decision="grant", team="nobody", pattern="*", reason="r")[0] == 404
        assert refused(admin, decision="revoke-grant", grant="grt_x", reason="r")[0] == 404
        assert refused(approver, decision="approve-request", approval="apr_x", reason="r")[0] == 404
        assert refused(approver, decision="publish", name=PAYROLL) == (
            400,
            "the body is not what is expected here: Invalid value 'publish' - at `$.decision`",
        )
