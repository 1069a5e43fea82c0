"""Approvals and requests through the API. What was answered is in force, and ends when it says."""

from collections.abc import Iterator

import pytest

from registry.policy.principal import Role
from schemas.rfc3339 import format_instant
from tests.api.governing import Person, everywhere, governed, restored
from tests.api.publishing import manifest, problem, server_path, version_path
from tests.api.raw_request import send
from tests.api.world import ENTRY, OFFICIAL
from tests.running import RunningRegistry

PAYROLL, WAREHOUSE = "com.acme/payroll", "com.acme/warehouse"
WAITING = "com.acme.tools/waiting"
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


@pytest.fixture(scope="module")
def publisher(served: RunningRegistry) -> Person:
    """Somebody who published a version that nobody approved, and who also reads for backend."""
    made = Person(served, "pia", PUBLISHER, READER, namespaces=("com.acme.tools/*",), teams=("backend",))
    made.made("/v0.1/publish", **manifest(WAITING))
    return made


class TestApprovals:
    def test_directly(self, approver: Person, backend: Person, data: Person) -> None:
        """
        What is approved for a team is seen by it, and by no other, at once; revoked, it is gone.
        """
        made = approver.made("/v1/approvals", name=WAREHOUSE, teams=["backend"], reason="looked at it")

        assert (made["state"], made["decided_by"], made["teams"]) == ("approved", "paul", ["backend"])
        assert len({each["version"] for each in made["versions"]}) > 1
        assert backend.reads(WAREHOUSE) == 200
        assert data.reads(WAREHOUSE) == 404
        item = backend.get("/v0.1/servers").json()["servers"][0]
        assert item["_meta"]["mcp-federated-registry/entry"]["approval"] == made["id"]
        revoked = approver.made(f"/v1/approvals/{made['id']}/revoke", reason="a vulnerability")
        assert (revoked["state"], revoked["reason"]) == ("revoked", "a vulnerability")
        assert backend.reads(WAREHOUSE) == 404
        assert approver.post(f"/v1/approvals/{made['id']}/revoke", reason="again").status == 409

    def test_for_all_teams_is_said(self, approver: Person, backend: Person, data: Person) -> None:
        """
        All teams are null, never left out.
        """
        assert problem(approver.post("/v1/approvals", name=WAREHOUSE, reason="r"))[:2] == (
            400,
            "the body is not what is expected here: Object missing required field `teams`",
        )

        approver.made("/v1/approvals", name=WAREHOUSE, teams=None, reason="r")

        assert (backend.reads(WAREHOUSE), data.reads(WAREHOUSE)) == (200, 200)

    def test_some_versions(self, approver: Person, backend: Person) -> None:
        """
        An approval of named versions shows these; `latest` is the newest of them.
        """
        approver.made("/v1/approvals", name=PAYROLL, teams=["backend"], versions=["1.0.0"], reason="r")

        assert backend.sees() == [f"{PAYROLL}@1.0.0"]
        assert backend.get("/v0.1/servers/com.acme%2Fpayroll/versions/latest").json()["server"]["version"] == "1.0.0"
        unknown = approver.post("/v1/approvals", name=PAYROLL, teams=["backend"], versions=["9.9.9"], reason="r")
        assert problem(unknown)[:2] == (404, "there is no com.acme/payroll@9.9.9")

    def test_what_is_hidden_is_what_is_not(self, approver: Person, backend: Person) -> None:
        """
        Hidden and not existing are the same answer in every route, byte for byte.
        """
        approver.made("/v1/approvals", name=PAYROLL, teams=["backend"], versions=["1.0.0"], reason="r")

        hidden, absent = everywhere(backend, WAREHOUSE, "2026.1.0"), everywhere(backend, "com.acme/nothing", "1.0.0")

        assert {answer.status for answer in (*hidden, *absent)} == {404}
        assert {answer.body for answer in (*hidden, *absent)} == {hidden[0].body}

    def test_ends_by_itself(self, registry: RunningRegistry, approver: Person, backend: Person) -> None:
        """
        At the instant it ends nothing of it is seen, whether or not anything ran in between.
        """
        ends = _in(registry, 3600)
        made = approver.made("/v1/approvals", name=WAREHOUSE, teams=["backend"], expires_at=ends, reason="trial")
        assert approver.get("/v1/approvals", expires_before=_in(registry, 7200)).json()["items"][0]["id"] == made["id"]
        assert approver.get("/v1/approvals", expires_before=_in(registry, 1800)).json()["items"] == []
        registry.clock.advance(3590)
        assert backend.reads(WAREHOUSE) == 200

        registry.clock.advance(20)

        # The tokens of the test are good for an hour, as the approval was.
        late = Person(registry, "bob", READER, teams=("backend",))
        assert late.reads(WAREHOUSE) == 404
        assert late.sees() == []
        later = Person(registry, "paul", APPROVER, namespaces=("*",))
        assert later.get(f"/v1/approvals/{made['id']}").json()["state"] == "expired"
        assert later.get("/v1/approvals", state="expired").json()["items"][0]["id"] == made["id"]
        assert made["id"] not in [each["id"] for each in later.get("/v1/approvals", state="approved").json()["items"]]
        past = later.post("/v1/approvals", name=WAREHOUSE, teams=["backend"], expires_at=ends, reason="late")
        assert past.status == 400

    def test_scope(self, registry: RunningRegistry, approver: Person) -> None:
        """
        An approver for a team decides for it and for no other, and does not find what concerns others.
        """
        of_data = Person(registry, "dan", APPROVER, teams=("data",))
        foreign = approver.made("/v1/approvals", name=WAREHOUSE, teams=["backend"], reason="r")["id"]
        shared = approver.made("/v1/approvals", name=PAYROLL, teams=["backend", "data"], reason="r")["id"]

        assert of_data.post("/v1/approvals", name=WAREHOUSE, teams=["data"], reason="ours").status == 201
        refused = problem(of_data.post("/v1/approvals", name=WAREHOUSE, teams=["backend"], reason="theirs"))
        assert refused[:2] == (403, "you may not decide this: it is for team backend, and you decide for data only")
        assert of_data.post("/v1/approvals", name=WAREHOUSE, teams=None, reason="all").status == 403
        assert of_data.post(f"/v1/approvals/{foreign}/revoke", reason="r").status == 404
        assert of_data.get(f"/v1/approvals/{foreign}").status == 404
        assert of_data.get(f"/v1/approvals/{shared}").status == 200
        assert of_data.post(f"/v1/approvals/{shared}/revoke", reason="r").status == 403
        assert foreign not in [each["id"] for each in of_data.get("/v1/approvals").json()["items"]]

    def test_publishers_do_not_approve_what_they_published(self, registry: RunningRegistry, admin: Person) -> None:
        """
        Also with the role for it: another approver decides, on both ways there are.
        """
        admin.made("/v1/grants", team="backend", pattern="com.acme.tools", reason="r")
        both = Person(
            registry, "petra", PUBLISHER, APPROVER, READER, teams=("backend",), namespaces=("com.acme.tools/*",)
        )
        assert both.request("POST", "/v0.1/publish", manifest("com.acme.tools/hammer")).status == 200

        refused = both.post("/v1/approvals", name="com.acme.tools/hammer", teams=["backend"], reason="mine")

        assert problem(refused)[:2] == (
            403,
            "you published com.acme.tools/hammer@1.0.0 yourself; another approver decides",
        )
        other = Person(registry, "rita", READER, teams=("backend",))
        asked = other.made("/v1/requests", name="com.acme.tools/hammer", teams=["backend"], reason="we nail")
        assert both.post(f"/v1/approvals/{asked['id']}/approve", reason="mine").status == 403
        assert other.reads("com.acme.tools/hammer") == 404


class TestRequests:
    def test_asked_and_approved(self, approver: Person, backend: Person) -> None:
        """
        A reader asks for its home team, an approver finds it and agrees, and the reader sees it, and the answer.
        """
        answer = backend.post("/v0.1/x/registry/requests", name=PAYROLL, reason="we pay people")

        asked = answer.json()
        assert (answer.status, asked["state"], asked["teams"]) == (201, "requested", ["backend"])
        assert backend.sees() == []
        waiting = approver.get("/v1/approvals", state="requested").json()["items"]
        assert [each["id"] for each in waiting] == [asked["id"]]
        assert approver.get("/v1/approvals", name=PAYROLL).json()["items"][0]["id"] == asked["id"]
        agreed = approver.made(f"/v1/approvals/{asked['id']}/approve", reason="fine")
        assert (agreed["state"], agreed["decided_by"]) == ("approved", "paul")
        assert backend.reads(PAYROLL) == 200
        mine = backend.get("/v0.1/x/registry/requests").json()["items"][0]
        assert (mine["id"], mine["state"], mine["reason"]) == (asked["id"], "approved", "fine")

    def test_nobody_decides_what_they_asked_for(self, registry: RunningRegistry) -> None:
        """
        Neither the request nor the same thing past it.
        """
        both = Person(registry, "bea", READER, APPROVER, teams=("backend",))
        asked = both.made("/v1/requests", name=PAYROLL, teams=["backend"], reason="r")

        assert both.post(f"/v1/approvals/{asked['id']}/approve", reason="r").status == 403
        assert both.post("/v1/approvals", name=PAYROLL, teams=["backend"], reason="r").status == 403
        assert both.sees() == []

    def test_a_rejection_reaches_who_asked(self, approver: Person, backend: Person, data: Person) -> None:
        """
        With its reason; and nobody of another team.
        """
        asked = backend.made("/v0/x/registry/requests", name=PAYROLL, reason="r")

        approver.made(f"/v1/approvals/{asked['id']}/reject", reason="it logs salaries")

        mine = backend.get("/v0.1/x/registry/requests", name=PAYROLL).json()["items"][0]
        assert (mine["state"], mine["reason"], mine["decided_by"]) == ("rejected", "it logs salaries", "paul")
        assert asked["id"] not in [each["id"] for each in data.get("/v0.1/x/registry/requests").json()["items"]]
        assert approver.post(f"/v1/approvals/{asked['id']}/approve", reason="after all").status == 409

    def test_a_rejection_reaches_the_publisher(
        self, registry: RunningRegistry, admin: Person, approver: Person, backend: Person
    ) -> None:
        """
        With its reason, and without who it was for and who decided.
        """
        admin.made("/v1/grants", team="backend", pattern="com.acme.tools", reason="r")
        publisher = Person(registry, "petra", PUBLISHER, namespaces=("com.acme.tools/*",))
        assert publisher.request("POST", "/v0.1/publish", manifest("com.acme.tools/saw")).status == 200
        asked = backend.made("/v0.1/x/registry/requests", name="com.acme.tools/saw", reason="r")

        approver.made(f"/v1/approvals/{asked['id']}/reject", reason="no licence")

        elsewhere = Person(registry, "otto", PUBLISHER, namespaces=("*",))
        backend.made("/v0.1/x/registry/requests", name=PAYROLL, reason="r")
        assert elsewhere.get("/v0.1/x/registry/requests", name=PAYROLL).json()["items"] == []
        (told,) = publisher.get("/v0.1/x/registry/requests", name="com.acme.tools/saw").json()["items"]
        assert (told["name"], told["state"], told["reason"]) == ("com.acme.tools/saw", "rejected", "no licence")
        assert told["versions"][0]["version"] == "1.0.0"
        assert not {"teams", "requested_by", "request", "decided_by"} & told.keys()

    def test_asking_tells_nothing(self, registry: RunningRegistry) -> None:
        """
        A name that no grant covers, and one that does not exist, are refused alike; so is a foreign team.
        """
        backend, data = (Person(registry, team, READER, teams=(team,)) for team in ("backend", "data"))

        hidden = data.post("/v0.1/x/registry/requests", name=PAYROLL, reason="r")
        absent = data.post("/v0.1/x/registry/requests", name="com.acme/absent", reason="r")

        assert problem(hidden)[:2] == (404, f"there is no {PAYROLL}")
        assert problem(absent)[:2] == (404, "there is no com.acme/absent")
        foreign = backend.post("/v0.1/x/registry/requests", name=PAYROLL, reason="r", teams=["data"])
        assert problem(foreign)[:2] == (403, "you may not decide this: you do not belong to team data")

    def test_needs_a_credential(self, registry: RunningRegistry) -> None:
        """
        reference §4.1: a write without a credential is 422 below /v0.1, a read 401; below /v1 both are 401.
        """
        body = b'{"name":"com.acme/payroll","reason":"r"}'
        length = f"Content-Length: {len(body)}"
        written = send(registry.port, "/v0.1/x/registry/requests", length, method="POST", body=body)
        assert written.status == 422
        assert send(registry.port, "/v0.1/x/registry/requests").status == 401
        assert send(registry.port, "/v0.1/x/registry/explain?name=com.acme/payroll").status == 401
        for path in ("teams", "grants", "rules", "approvals", "blocks", "explain", "approvals/apr_1"):
            assert send(registry.port, f"/v1/{path}").status == 401, path
        for path in ("teams", "grants", "rules", "approvals", "blocks", "requests", "preview"):
            kind = "Content-Type: application/json"
            assert send(registry.port, f"/v1/{path}", length, kind, method="POST", body=body).status == 401, path
        approver = Person(registry, "paul", APPROVER, namespaces=("*",))
        assert approver.post("/v0.1/x/registry/requests", name=PAYROLL, reason="r", teams=["backend"]).status == 403


class TestTwoApprovers:
    def test_it_takes_both(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        """
        With `approvers = 2` the first agreement shows nothing, the same person's second is refused, another's counts.
        """
        folder = tmp_path_factory.mktemp("two")
        with governed(folder) as registry:
            pass
        registry.config.write_text(registry.config.read_text().replace("[governance]", "[governance]\napprovers = 2"))
        with registry:
            backend = Person(registry, "bob", READER, teams=("backend",))
            one, other = (Person(registry, name, APPROVER, namespaces=("*",)) for name in ("paul", "olga"))

            first = one.made("/v1/approvals", name=PAYROLL, teams=["backend"], reason="looks right")

            assert (first["state"], first["first_by"]) == ("requested", "paul")
            assert backend.sees() == []
            assert one.post(f"/v1/approvals/{first['id']}/approve", reason="really").status == 403
            agreed = other.made(f"/v1/approvals/{first['id']}/approve", reason="indeed")
            assert (agreed["state"], agreed["first_by"], agreed["decided_by"]) == ("approved", "paul", "olga")
            assert backend.reads(PAYROLL) == 200

            asked = backend.made("/v0.1/x/registry/requests", name=WAREHOUSE, reason="r")
            assert one.made(f"/v1/approvals/{asked['id']}/approve", reason="r")["state"] == "requested"
            assert one.post(f"/v1/approvals/{asked['id']}/approve", reason="r").status == 403
            assert other.made(f"/v1/approvals/{asked['id']}/approve", reason="r")["state"] == "approved"


def _in(registry: RunningRegistry, seconds: int) -> str:
    return format_instant(registry.clock.now_us() + seconds * 1_000_000)


class TestPending:
    @pytest.mark.parametrize("prefix", ["/v0.1", "/v0"])
    @pytest.mark.parametrize("roles", [(PUBLISHER, READER), (PUBLISHER,)], ids=str)
    def test_is_shown_to_its_publishers(
        self, served: RunningRegistry, publisher: Person, prefix: str, roles: tuple[Role, ...]
    ) -> None:
        """
        By exact version at the root, marked, and kept by nobody: also to those who may read nothing else.
        """
        other = Person(served, "pit", *roles, namespaces=("com.acme.tools/*",), teams=("backend",))

        answer = other.get(f"{prefix}{version_path(WAITING, '1.0.0')}")

        assert (answer.status, answer.json()["server"]) == (200, manifest(WAITING))
        assert answer.json()["_meta"][ENTRY]["pending"] is True
        assert (answer.headers["cache-control"], answer.headers["vary"]) == ("private, no-store", "Authorization")
        assert "etag" not in answer.headers

    @pytest.mark.parametrize(
        ("roles", "namespaces"),
        [
            ((READER,), ("com.acme.tools/*",)),
            ((READER, ADMIN, AUDITOR, APPROVER, Role.OPERATOR), ("*",)),
            ((READER, PUBLISHER), ("com.partner/*",)),
        ],
        ids=str,
    )
    def test_to_nobody_else(
        self, served: RunningRegistry, publisher: Person, roles: tuple[Role, ...], namespaces: tuple[str, ...]
    ) -> None:
        """
        Whatever else they are: it is the 404 of a version that is not there, byte for byte.
        """
        other = Person(served, "otto", *roles, namespaces=namespaces, teams=("backend",))

        hidden = other.get(f"/v0.1{version_path(WAITING, '1.0.0')}")
        absent = other.get(f"/v0.1{version_path(WAITING, '9.9.9')}")

        assert (hidden.status, hidden.body) == (404, absent.body)
        assert send(served.port, f"/v0.1{version_path(WAITING, '1.0.0')}").body == absent.body

    def test_nowhere_else(self, served: RunningRegistry, publisher: Person) -> None:
        """
        Not as the latest, not in lists, not at the address of a team, not when it is deleted unless that is asked for.
        """
        own = version_path(WAITING, "1.0.0")
        for path in ("latest", "9.9.9"):
            assert publisher.get(f"/v0.1{version_path(WAITING, path)}").status == 404
        assert publisher.get(f"/v0.1{server_path(WAITING)}/versions").status == 404
        assert publisher.get(f"/teams/backend/v0.1{own}").status == 404
        assert publisher.sees() == []

        deleted = WAITING + "-2"
        publisher.made("/v0.1/publish", **manifest(deleted))
        publisher.request("DELETE", f"/v0.1{version_path(deleted, '1.0.0')}")
        assert publisher.get(f"/v0.1{version_path(deleted, '1.0.0')}").status == 404
        answer = publisher.get(f"/v0.1{version_path(deleted, '1.0.0')}", include_deleted="true")
        assert (answer.json()["_meta"][OFFICIAL]["status"], answer.json()["_meta"][ENTRY]["pending"]) == (
            "deleted",
            True,
        )

    def test_until_it_is_visible(self, registry: RunningRegistry, publisher: Person, admin: Person) -> None:
        """
        Then it is what the view has, as everybody reads it.
        """
        admin.made("/v1/grants", team="backend", pattern="com.acme.tools", reason="r")
        admin.made("/v1/rules", name="tools", pattern="com.acme.tools/*", teams=["backend"], reason="r")

        answer = publisher.get(f"/v0.1{version_path(WAITING, '1.0.0')}")

        assert "pending" not in answer.json()["_meta"][ENTRY]
        assert "approval" in answer.json()["_meta"][ENTRY]
        assert answer.headers["cache-control"] == "private, no-cache"
