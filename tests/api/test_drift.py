"""Drift policies, what changed under approvals, many decisions and comments, through the API."""

from collections.abc import Iterator

import pytest

from registry.policy.principal import Role
from tests.api.governing import Person, governed, restored
from tests.api.publishing import manifest, problem, version_path
from tests.running import RunningRegistry

HAMMER, PAYROLL, WAREHOUSE = "com.acme.tools/hammer", "com.acme/payroll", "com.acme/warehouse"
READER, PUBLISHER, APPROVER, AUDITOR, ADMIN = Role.READER, Role.PUBLISHER, Role.APPROVER, Role.AUDITOR, Role.ADMIN


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with governed(tmp_path_factory.mktemp("drift")) as running:
        yield running


@pytest.fixture
def registry(served: RunningRegistry) -> Iterator[RunningRegistry]:
    """What a test decided is taken back before the next one."""
    yield served
    restored(served)


@pytest.fixture
def admin(registry: RunningRegistry) -> Person:
    return Person(registry, "ada", ADMIN, PUBLISHER, namespaces=("*",))


@pytest.fixture
def approver(registry: RunningRegistry) -> Person:
    return Person(registry, "paul", APPROVER, namespaces=("*",))


@pytest.fixture
def backend(registry: RunningRegistry) -> Person:
    return Person(registry, "bob", READER, teams=("backend",))


def edited(admin: Person, name: str, **changes: str) -> None:
    """An administrator changes what is published here."""
    answer = admin.request("PUT", f"/v0.1{version_path(name, '1.0.0')}", manifest(name, **changes))
    assert answer.status == 200, answer.body


def published(admin: Person, name: str) -> None:
    admin.made("/v1/grants", team="backend", pattern=name, reason="r")
    assert admin.request("POST", "/v0.1/publish", manifest(name)).status == 200


class TestDrift:
    def test_held_and_asked_for(self, admin: Person, approver: Person, backend: Person) -> None:
        """
        What was approved is served on; the request says what changed, and approved it is served; not by who changed it.
        """
        published(admin, HAMMER)
        given = approver.made("/v1/approvals", name=HAMMER, teams=["backend"], reason="r")
        edited(admin, HAMMER, description="Now with nails")

        (asked,) = approver.get("/v1/approvals", state="requested", name=HAMMER).json()["items"]
        before = backend.get(f"/v0.1{version_path(HAMMER, '1.0.0')}").json()["server"]["description"]
        assert (asked["requested_by"], asked["teams"]) == ("ada", ["backend"])
        assert asked["draft"]["beside"] == given["id"]
        assert asked["draft"]["classes"] == ["description-only"]
        assert asked["draft"]["places"] == [f'description: "{before}" → "Now with nails"']
        both = Person(admin.registry, "ada", APPROVER, namespaces=("*",))
        assert both.post(f"/v1/approvals/{asked['id']}/approve", reason="mine").status == 403
        approver.made(f"/v1/approvals/{asked['id']}/approve", reason="r")
        assert backend.get(f"/v0.1{version_path(HAMMER, '1.0.0')}").json()["server"]["description"] == "Now with nails"

    def test_policies(self, registry: RunningRegistry, admin: Person, approver: Person, backend: Person) -> None:
        """
        Set, listed, in force, previewed, ended; what is followed says by which policy.
        """
        published(admin, "com.acme.tools/saw")
        approver.made("/v1/approvals", name="com.acme.tools/saw", teams=["backend"], reason="r")
        made = admin.made("/v1/drift-policies", pattern="com.acme.tools", on_change="withdraw", reason="careful")
        assert (made["pattern"], made["on_change"], made["made_by"]) == ("com.acme.tools/*", "withdraw", "ada")
        auditor = Person(registry, "gus", AUDITOR)
        assert [each["pattern"] for each in auditor.get("/v1/drift-policies").json()["items"]] == ["com.acme.tools/*"]
        refused = admin.post("/v1/drift-policies", pattern="*", on_change="follow", reason="r")
        assert problem(refused)[:2] == (
            400,
            "follow needs a namespace or a name that is trusted: com.acme/*, com.acme.* or com.acme/payroll",
        )

        edited(admin, "com.acme.tools/saw", description="Sharper")

        assert backend.reads("com.acme.tools/saw") == 404
        follow = {"pattern": "com.acme.tools", "on_change": "follow", "reason": "ours"}
        (change,) = admin.made("/v1/preview", decision="drift", **follow)["changes"]
        assert (change["name"], change["gained"]) == ("com.acme.tools/saw", ["1.0.0"])
        admin.made("/v1/drift-policies", **follow)
        assert backend.reads("com.acme.tools/saw") == 200
        followed = approver.get("/v1/approvals", state="approved", name="com.acme.tools/saw").json()["items"][0]
        assert (followed["policy"], followed["decided_by"]) == ("com.acme.tools/*", "policy com.acme.tools/*")
        assert (
            admin.delete("/v1/drift-policies", pattern="com.acme.tools/*", reason="r").json()["on_change"] == "follow"
        )
        assert admin.delete("/v1/drift-policies", pattern="com.acme.tools/*", reason="r").status == 404


class TestRules:
    def test_with_conditions(self, admin: Person, approver: Person, backend: Person) -> None:
        """
        Listed with them; patches of what is approved are, and nothing else.
        """
        body = {"name": "patches", "pattern": PAYROLL, "teams": ["backend"], "reason": "r"}
        made = admin.made("/v1/rules", **body, patches_only=True)
        assert (made["max_severity"], made["patches_only"]) == (None, True)
        assert backend.reads(PAYROLL) == 404
        approver.made("/v1/approvals", name=PAYROLL, teams=["backend"], versions=["1.0.0"], reason="r")

        assert f"{PAYROLL}@1.0.0" in backend.sees()
        assert all(each.startswith(f"{PAYROLL}@1.0.") for each in backend.sees())
        assert admin.post("/v1/rules", **{**body, "name": "x"}, max_severity="error").status == 400


class TestMany:
    def test_all_or_none(self, approver: Person, backend: Person) -> None:
        """
        Who cannot be decided about is named, and nothing was decided; else each is answered.
        """
        ids = [
            backend.made("/v1/requests", name=name, teams=["backend"], reason="r")["id"]
            for name in (PAYROLL, WAREHOUSE)
        ]
        approver.made(f"/v1/approvals/{ids[1]}/reject", reason="r")

        refused = approver.post("/v1/decisions", verdict="approve", approvals=ids, reason="r")

        assert problem(refused)[:2] == (
            409, f"nothing was decided: {ids[1]}: cannot approve {ids[1]}: it is rejected",
        )  # fmt: skip
        assert backend.sees() == []
        again = backend.made("/v1/requests", name=WAREHOUSE, teams=["backend"], reason="r")["id"]
        made = approver.made("/v1/decisions", verdict="approve", approvals=[ids[0], again], reason="r")["items"]
        assert [(each["id"], each["state"]) for each in made] == [(ids[0], "approved"), (again, "approved")]
        assert backend.reads(WAREHOUSE) == 200
        late = approver.post("/v1/decisions", verdict="revoke", approvals=[again], reason="r", expires_at="2099-01-01")
        assert late.status == 400
        approver.made("/v1/decisions", verdict="revoke", approvals=[ids[0], again], reason="r")
        assert backend.sees() == []

    def test_of_others_nothing_is_told(self, registry: RunningRegistry, approver: Person) -> None:
        """
        What an approver may not see is not there, and what may not be decided is said to be.
        """
        foreign = approver.made("/v1/approvals", name=WAREHOUSE, teams=["backend"], reason="r")["id"]
        shared = approver.made("/v1/approvals", name=PAYROLL, teams=["backend", "data"], reason="r")["id"]
        of_data = Person(registry, "dan", APPROVER, teams=("data",))

        hidden = of_data.post("/v1/decisions", verdict="revoke", approvals=[foreign], reason="r")
        mixed = of_data.post("/v1/decisions", verdict="revoke", approvals=[foreign, shared], reason="r")

        assert problem(hidden)[:2] == (
            404, f"nothing was decided: {foreign}: there is no approval '{foreign}'",
        )  # fmt: skip
        assert mixed.status == 409
        assert f"{shared}: you may not decide this: it is for team backend" in problem(mixed)[1]


class TestComments:
    def test_are_said_and_read(self, registry: RunningRegistry, approver: Person, backend: Person) -> None:
        """
        By who asked and who decides; both see them with the request, and nobody else can say anything.
        """
        asked = backend.made("/v1/requests", name=PAYROLL, teams=["backend"], reason="r")["id"]
        assert asked == backend.get("/v0.1/x/registry/requests").json()["items"][0]["id"]

        said = approver.made(f"/v1/requests/{asked}/comments", text="why this one?")
        backend.made(f"/v1/requests/{asked}/comments", text="it pays")

        assert (said["said_by"], said["text"]) == ("paul", "why this one?")
        for found in (
            approver.get(f"/v1/approvals/{asked}").json(),
            backend.get("/v0.1/x/registry/requests").json()["items"][0],
        ):
            assert [(each["said_by"], each["text"]) for each in found["comments"]] == [
                ("paul", "why this one?"), ("bob", "it pays"),
            ]  # fmt: skip
        for other in (
            Person(registry, "dora", READER, teams=("data",)),
            Person(registry, "dan", APPROVER, teams=("data",)),
        ):
            assert other.post(f"/v1/requests/{asked}/comments", text="x").status == 404
        assert backend.post(f"/v1/requests/{asked}/comments", text="x" * 1001).status == 400
