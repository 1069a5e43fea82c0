"""Governing through the API: teams, grants, rules, blocks, and who may. What was answered is in force."""

from collections.abc import Iterator

import pytest

from registry.policy.principal import Role
from tests.api.governing import Person, restored
from tests.api.publishing import problem, version_path
from tests.api.world import ENTRY
from tests.running import RunningRegistry

PAYROLL, WAREHOUSE = "com.acme/payroll", "com.acme/warehouse"
PATH = f"/v0.1{version_path(PAYROLL, 'latest')}"
READER, PUBLISHER, APPROVER, AUDITOR, ADMIN = (
    Role.READER,
    Role.PUBLISHER,
    Role.APPROVER,
    Role.AUDITOR,
    Role.ADMIN,
)


@pytest.fixture
def registry(served: RunningRegistry) -> Iterator[RunningRegistry]:
    """What a test decided is taken back before the next one."""
    yield served
    restored(served)


class TestGrants:
    def test_given_and_taken_back(self, admin: Person, data: Person) -> None:
        """
        A grant is in force when it is answered, for everything a rule has approved; and so is its end.
        """
        assert data.sees() == []

        grant = admin.made("/v1/grants", team="data", pattern="io.github.octavia", reason="they forecast")

        assert (grant["pattern"], grant["state"], grant["granted_by"]) == ("io.github.octavia/*", "active", "ada")
        assert {each.partition("@")[0] for each in data.sees()} == {"io.github.octavia/weather"}
        revoked = admin.delete(f"/v1/grants/{grant['id']}", reason="they stopped")
        assert (revoked.status, revoked.json()["state"]) == (200, "revoked")
        assert data.sees() == []
        assert data.reads("io.github.octavia/weather") == 404

    def test_lists(self, admin: Person) -> None:
        """
        Of all teams or of one, in pages, those in force; with state=all also those that were.
        """
        first = admin.get("/v1/grants", limit=3).json()
        second = admin.get("/v1/grants", limit=3, cursor=first["metadata"]["nextCursor"]).json()

        assert [len(first["items"]), len(second["items"])] == [3, 1]
        assert first["metadata"]["count"] == 3
        assert "nextCursor" not in second["metadata"]
        of_data = admin.get("/v1/grants", team="data").json()["items"]
        assert [each["pattern"] for each in of_data] == [WAREHOUSE]
        admin.delete(f"/v1/grants/{of_data[0]['id']}", reason="over")
        assert admin.get("/v1/grants", team="data").json()["items"] == []
        everything = admin.get("/v1/grants", team="data", state="all").json()["items"]
        assert of_data[0]["id"] in [each["id"] for each in everything if each["state"] == "revoked"]

    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            ({"team": "nobody", "pattern": "*", "reason": "r"}, 404, "there is no team 'nobody'"),
            ({"team": "data", "pattern": WAREHOUSE, "reason": "r"}, 409, "already"),
            ({"team": "data", "pattern": "com.acme*", "reason": "r"}, 400, "not a pattern"),
            ({"team": "data", "pattern": "*"}, 400, "missing required field `reason`"),
            ({"team": "data", "pattern": "*", "reason": ""}, 400, "$.reason"),
            ({"team": "data", "pattern": "*", "reason": "r", "command": "x"}, 400, "unknown field `command`"),
        ],
    )
    def test_what_is_refused(self, registry: RunningRegistry, body: dict[str, object], status: int, words: str) -> None:
        """
        In words that say what would help, and nothing is given.
        """
        admin = Person(registry, "ada", ADMIN, namespaces=("*",))

        answer = admin.request("POST", "/v1/grants", body)

        found, detail, _ = problem(answer)
        assert (found, words in detail) == (status, True), detail
        assert len(admin.get("/v1/grants").json()["items"]) == 4

    def test_unknown_and_twice(self, admin: Person) -> None:
        """
        404 for a grant that is none, 409 for one that was revoked already, 422 without a reason.
        """
        grant = admin.get("/v1/grants", team="data").json()["items"][0]["id"]

        assert admin.delete(f"/v1/grants/{grant}").status == 422
        assert admin.delete("/v1/grants/grt_x", reason="r").status == 404
        assert admin.delete(f"/v1/grants/{grant}", reason="r").status == 200
        assert admin.delete(f"/v1/grants/{grant}", reason="r").status == 409


class TestTeams:
    def test_a_new_one_sees_nothing(self, registry: RunningRegistry, admin: Person) -> None:
        """
        Nothing is inherited: a team made now sees what it is given, an environment of a team too.
        """
        made = admin.made("/v1/teams", name="backend~prod", description="production")

        assert (made["name"], made["made_by"]) == ("backend~prod", "ada")
        assert Person(registry, "eve", READER, teams=("backend~prod",)).sees() == []
        names = [each["name"] for each in admin.get("/v1/teams").json()["items"]]
        assert names == ["backend", "backend~prod", "data", "everyone"]
        page = admin.get("/v1/teams", limit=2).json()
        following = admin.get("/v1/teams", cursor=page["metadata"]["nextCursor"]).json()
        assert [each["name"] for each in following["items"]] == ["data", "everyone"]
        assert page["metadata"]["nextCursor"].isalnum()

    def test_what_is_refused(self, registry: RunningRegistry) -> None:
        """
        A name that is none is 400, one that is taken 409, a cursor of somewhere else 400.
        """
        admin = Person(registry, "ada", ADMIN, namespaces=("*",))

        assert admin.post("/v1/teams", name="Backend").status == 400
        assert admin.post("/v1/teams", name="backend").status == 409
        assert admin.get("/v1/teams", cursor="!").status == 400


class TestRules:
    def test_made_and_ended(self, admin: Person, backend: Person) -> None:
        """
        A rule approves what is there; its end takes nothing back, and the end of its approval does.
        """
        rule = admin.made("/v1/rules", name="globex", pattern="com.globex", teams=None, reason="trusted")
        assert "com.globex/search@10.0.0" in backend.sees()

        assert admin.post("/v1/rules", name="globex", pattern="*", teams=None, reason="twice").status == 409
        assert admin.delete(f"/v1/rules/{rule['id']}", reason="enough").json()["state"] == "ended"
        assert "com.globex/search@10.0.0" in backend.sees()
        assert admin.delete(f"/v1/rules/{rule['id']}", reason="enough").status == 404
        assert [each["name"] for each in admin.get("/v1/rules").json()["items"]] == ["octavia"]

        whole = Person(admin.registry, "olga", APPROVER, namespaces=("*",))
        revoked = whole.made(f"/v1/approvals/{rule['approval']}/revoke", reason="not any more")
        assert revoked["state"] == "revoked"
        assert backend.sees() == []

    def test_for_some_teams(self, admin: Person, backend: Person, data: Person) -> None:
        """
        A rule for one team approves for it alone, also beside another rule for the same names.
        """
        admin.made("/v1/rules", name="acme for data", pattern="com.acme/*", teams=["data"], reason="r")
        assert (backend.sees(), len(data.sees())) == ([], 2)

        rule = admin.made("/v1/rules", name="payroll", pattern="com.acme/payroll", teams=["backend"], reason="r")

        assert rule["teams"] == ["backend"]
        assert {each.partition("@")[0] for each in backend.sees()} == {PAYROLL}
        assert admin.post("/v1/rules", name="x", pattern="*", teams=["nobody"], reason="r").status == 404


class TestOverlays:
    def test_set_replaced_and_removed(self, registry: RunningRegistry, admin: Person, backend: Person) -> None:
        """
        In force when it is answered, at every address; the original and its digest beside it; explained to the reader.
        """
        admin.made("/v1/rules", name="acme", pattern="com.acme/*", teams=["backend"], reason="r")
        before = backend.get(PATH).json()
        said = {"name": "ours", "pattern": "com.acme", "teams": ["backend"], "reason": "r"}
        to = "https://gw.acme.example/mcp/{name}"

        admin.made("/v1/overlays", **said, changes={"title": "Ours"})
        made = admin.made(
            "/v1/overlays", **said, changes={"title": "Pay", "remotes": [{"to": to}], "categories": ["a"]}
        )

        assert made | {"id": "", "made_at": ""} == {
            "id": "", "state": "active", **said, "pattern": "com.acme/*", "made_at": "", "made_by": "ada",
            "changes": {"title": "Pay", "remotes": [{"to": to}], "categories": ["a"]},
            "ended_at": None, "ended_by": None,
        }  # fmt: skip
        after = backend.get(PATH).json()
        assert after["server"]["title"] == "Pay"
        entry, was = after["_meta"][ENTRY], before["_meta"][ENTRY]
        assert (entry["overlays"], entry["categories"], entry["digest"]) == ([made["id"]], ["a"], was["digest"])
        assert entry["original"]["/title"] == before["server"]["title"]
        listed = backend.get("/v0.1/servers", search=PAYROLL, version="latest").json()["servers"][0]
        assert listed["server"] == after["server"]
        explained = backend.get("/v0.1/x/registry/explain", name=PAYROLL).json()["versions"]
        assert {tuple(each["overlays"]) for each in explained} == {(made["id"],)}
        assert [each["id"] for each in admin.get("/v1/overlays").json()["items"]] == [made["id"]]
        assert len(admin.get("/v1/overlays", state="all", limit=1).json()["items"]) == 1

        removed = admin.delete(f"/v1/overlays/{made['id']}", reason="enough")

        assert (removed.status, removed.json()["state"], removed.json()["ended_by"]) == (200, "ended", "ada")
        assert backend.get(PATH).json()["server"] == before["server"]
        assert admin.delete(f"/v1/overlays/{made['id']}", reason="enough").status == 404

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({}, "an overlay changes something"),
            ({"packages": [{"registry_type": "npm", "to": "https://u:p@npm.acme.example"}]}, "is not an absolute"),
            ({"remotes": [{"to": "javascript:alert(1)"}]}, "expected an absolute address"),
            ({"icons": [{"src": "data:image/png;base64,AA"}]}, "not the address of an icon"),
            ({"command": "x"}, "unknown field `command`"),
        ],
    )
    def test_what_is_refused(self, served: RunningRegistry, changes: dict[str, object], words: str) -> None:
        """
        In words, and nothing is set.
        """
        admin = Person(served, "ada", ADMIN, namespaces=("*",))

        answer = admin.post("/v1/overlays", name="o", pattern="*", teams=None, changes=changes, reason="r")

        found, detail, _ = problem(answer)
        assert (found, words in detail) == (400, True), detail
        assert admin.get("/v1/overlays").json()["items"] == []

    def test_is_not_for_the_admin_of_some_names(self, served: RunningRegistry) -> None:
        """
        Whoever administers a namespace does not send its readers elsewhere.
        """
        some = Person(served, "sam", ADMIN, namespaces=("com.acme/*",), teams=("backend",))

        answer = some.post(
            "/v1/overlays", name="o", pattern="com.acme/*", teams=["backend"], changes={"title": "x"}, reason="r"
        )

        assert answer.status == 403


class TestBlocks:
    def test_hides_from_all(self, approver: Person, backend: Person) -> None:
        """
        Blocked is gone for every team, whatever is approved; and back when it is unblocked.
        """
        approver.made("/v1/approvals", name=PAYROLL, teams=None, reason="r")
        count = len(backend.sees())

        approver.made("/v1/blocks", name=PAYROLL, version="1.0.0", reason="stolen key")
        assert backend.reads(PAYROLL, "1.0.0") == 404
        assert len(backend.sees()) == count - 1
        approver.made("/v1/blocks", name=PAYROLL, reason="all of them")
        assert backend.sees() == []
        listed = approver.get("/v1/blocks").json()["items"]
        assert [(each["version"], each["reason"]) for each in listed] == [
            (None, "all of them"),
            ("1.0.0", "stolen key"),
        ]

        assert approver.delete("/v1/blocks", name=PAYROLL, reason="mended").status == 200
        assert approver.delete("/v1/blocks", name=PAYROLL, version="1.0.0", reason="mended").status == 200
        assert approver.delete("/v1/blocks", name=PAYROLL, reason="again").status == 404
        assert len(backend.sees()) == count

    def test_is_not_for_the_approver_of_a_team(self, registry: RunningRegistry) -> None:
        """
        A block is for every team.
        """
        of_backend = Person(registry, "dan", APPROVER, teams=("backend",))

        assert of_backend.post("/v1/blocks", name=PAYROLL, reason="r").status == 403


class TestRoles:
    @pytest.mark.parametrize(
        ("method", "path", "roles"),
        [
            ("GET", "/v1/teams", {ADMIN}),
            ("POST", "/v1/teams", {ADMIN}),
            ("GET", "/v1/grants", {ADMIN}),
            ("POST", "/v1/grants", {ADMIN}),
            ("DELETE", "/v1/grants/grt_x?reason=r", {ADMIN}),
            ("GET", "/v1/rules", {ADMIN}),
            ("POST", "/v1/rules", {ADMIN}),
            ("DELETE", "/v1/rules/rule_x?reason=r", {ADMIN}),
            ("GET", "/v1/overlays", {ADMIN}),
            ("POST", "/v1/overlays", {ADMIN}),
            ("DELETE", "/v1/overlays/ovl_x?reason=r", {ADMIN}),
            ("GET", "/v1/approvals", {APPROVER, AUDITOR, ADMIN}),
            ("GET", "/v1/approvals/apr_x", {APPROVER, AUDITOR, ADMIN}),
            ("POST", "/v1/approvals", {APPROVER}),
            ("POST", "/v1/approvals/apr_x/approve", {APPROVER}),
            ("POST", "/v1/approvals/apr_x/reject", {APPROVER}),
            ("POST", "/v1/approvals/apr_x/revoke", {APPROVER}),
            ("POST", "/v1/requests", {READER}),
            ("GET", "/v1/blocks", {APPROVER, ADMIN, AUDITOR}),
            ("POST", "/v1/blocks", {APPROVER, ADMIN}),
            ("DELETE", "/v1/blocks?name=com.acme/x&reason=r", {APPROVER, ADMIN}),
            ("GET", "/v1/explain?team=backend&name=com.acme/x", {APPROVER, AUDITOR, ADMIN}),
            ("POST", "/v1/preview", {APPROVER, ADMIN}),
        ],
    )
    def test_no_role_implies_another(self, world: RunningRegistry, method: str, path: str, roles: set[Role]) -> None:
        """
        Each route answers the roles it is for, and refuses every other before it looks at what is asked.
        """
        refusing = set()
        for role in Role:
            person = Person(world, f"only-{role}", role, teams=("everyone",), namespaces=("*",))
            answer = person.request(method, path, {} if method == "POST" else None)
            if answer.status == 403 and "this needs the role" in answer.json()["detail"]:
                refusing.add(role)

        assert set(Role) - refusing == roles
