"""`mcp-registry team|grant|rule|request|approve|reject|revoke|block|explain|preview`, on the store and on a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.policy.principal import Role
from tests.api.governing import Person, governed
from tests.e2e.command import Outcome, mcp_registry
from tests.running import RunningRegistry

PAYROLL, WAREHOUSE = "com.acme/payroll", "com.acme/warehouse"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RunningRegistry]:
    with governed(tmp_path) as running:
        yield running


def _here(registry: RunningRegistry, *words: str) -> Outcome:
    return mcp_registry(*words, "--config", registry.config)


def _there(person: Person, *words: str) -> Outcome:
    return mcp_registry(*words, "--server", person.registry.url, MCP_REGISTRY_TOKEN=person.token)


def test_on_the_store(registry: RunningRegistry) -> None:
    """
    Everything acts on the store beside a running server, which shows it at once; ids by their beginning.
    """
    backend = Person(registry, "bob", Role.READER, teams=("backend",))

    made = _here(registry, "team", "make", "ops", "--description", "night shift", "--compat", "xcode")
    assert (made.status, made.out) == (0, "made team ops\n")
    edited = _here(registry, "team", "edit", "ops", "--compat", "none", "--json").json
    assert (edited["description"], edited["compat"]) == ("night shift", None)
    assert "the next start takes this back unless" in made.err
    given = _here(registry, "grant", "give", "ops", "com.globex", "--reason", "they search").out
    assert given.endswith(": ops may read com.globex/*\n")
    listed = _here(registry, "grant", "list", "--team", "ops", "--json").json
    assert [each["pattern"] for each in listed] == ["com.globex/*"]
    assert listed[0]["granted_by"].startswith("local:")

    approved = _here(registry, "approve", PAYROLL, "1.0.0", "--team", "backend", "--reason", "fine", "--expires", "90d")
    assert approved.status == 0, approved.err
    approval = approved.out.partition(":")[0]
    assert approved.out == f"{approval}: approved, {PAYROLL} 1.0.0, for backend\n"
    assert backend.sees() == [f"{PAYROLL}@1.0.0"]
    assert [each["id"] for each in _here(registry, "requests", "--expiring", "91d", "--json").json] == [approval]
    assert _here(registry, "requests", "--expiring", "89d").out == "there are none\n"
    words = ("--title", "Ours", "--index", "npm", "https://npm.acme.example", "--gateway", "https://gw.example/{name}")
    overlay = _here(registry, "overlay", "set", "ours", "com.acme", "--all-teams", *words, "--reason", "r").out[:30]
    explained = _here(registry, "explain", PAYROLL, "--team", "backend")
    assert f"1.0.0 is shown with {overlay}" in explained.out
    assert "team backend sees 1 of" in explained.out
    assert "answered by internal: internal claims the namespace com.acme" in explained.out
    assert approval in explained.out
    previewed = _here(registry, "preview", "revoke", approval[:14])
    assert "1.0.0 → -" in previewed.out
    assert backend.reads(PAYROLL) == 200

    assert _here(registry, "block", PAYROLL, "--reason", "alarm").out == f"{PAYROLL}: blocked for all teams\n"
    assert backend.reads(PAYROLL) == 404
    assert "alarm" in _here(registry, "blocks").out
    assert _here(registry, "unblock", PAYROLL, "--reason", "false alarm").status == 0
    assert backend.reads(PAYROLL) == 200

    revoked = _here(registry, "revoke", approval[:14], "--reason", "over")
    assert revoked.out == f"{approval}: revoked, {PAYROLL} 1.0.0, for backend\n"
    assert backend.sees() == []
    assert _here(registry, "revoke", listed[0]["id"], "--reason", "over").status == 0
    assert _here(registry, "grant", "list", "--team", "ops", "--json").json == []
    assert [each["state"] for each in _here(registry, "grant", "list", "--team", "ops", "--all", "--json").json] == [
        "revoked"
    ]


def test_on_a_running_server(registry: RunningRegistry) -> None:
    """
    The same words, as whoever bears the token: a reader asks, an approver answers.
    """
    backend = Person(registry, "bob", Role.READER, teams=("backend",))
    approver = Person(registry, "paul", Role.APPROVER, namespaces=("*",))
    admin = Person(registry, "ada", Role.ADMIN, namespaces=("*",))

    asked = _there(backend, "request", PAYROLL, "--team", "backend", "--reason", "we pay people", "--json").json
    other = _there(backend, "request", WAREHOUSE, "--team", "backend", "--reason", "we store things", "--json").json
    listed = _there(approver, "requests")
    assert asked["id"] in listed.out
    assert "we pay people" in listed.out
    assert _there(backend, "request", "comment", asked["id"], "it\x1b[2J pays").status == 0
    shown = _there(approver, "request", "show", asked["id"][:14]).out
    assert shown.startswith(f"{asked['id']}: requested, {PAYROLL}")
    assert "bob: it [2J pays\n" in shown
    previewed = _there(approver, "preview", "approve", asked["id"], "--json").json
    assert [change["team"] for change in previewed["changes"]] == ["backend"]

    agreed = _there(approver, "approve", asked["id"], "--reason", "fine", "--json").json
    assert (agreed["state"], agreed["decided_by"]) == ("approved", "paul")
    assert backend.reads(PAYROLL) == 200
    refused = _there(approver, "reject", other["id"], "--reason", "no")
    assert (refused.status, ": rejected, com.acme/warehouse" in refused.out) == (0, True)
    assert _there(approver, "requests").out == "nothing waits for a decision\n"

    many = _there(approver, "revoke", asked["id"], other["id"], "--reason", "over")
    assert (many.status, f"{other['id']}: cannot revoke {other['id']}: it is rejected" in many.err) == (1, True)
    again = _there(backend, "request", WAREHOUSE, "--team", "backend", "--reason", "still", "--json").json
    assert _here(registry, "approve", again["id"], asked["id"], "--reason", "r").status == 1
    assert _there(approver, "approve", again["id"], "--reason", "fine").status == 0
    revoked = _here(registry, "revoke", asked["id"], again["id"], "--reason", "over").out
    assert [line.partition(",")[0] for line in revoked.splitlines()] == [
        f"{asked['id']}: revoked",
        f"{again['id']}: revoked",
    ]
    assert _there(admin, "drift", "set", "com.acme", "withdraw", "--reason", "r").out == "com.acme/*: withdraw\n"
    assert "withdraw" in _here(registry, "drift", "list").out
    assert _here(registry, "drift", "end", "com.acme", "--reason", "r").out == "com.acme/*: withdraw no more\n"

    conditions = ("--max-severity", "warning", "--patches-only")
    rule = _there(
        admin, "rule", "make", "globex", "com.globex", "--all-teams", *conditions, "--reason", "trusted", "--json"
    ).json
    assert (rule["max_severity"], rule["patches_only"]) == ("warning", True)
    assert _there(admin, "rule", "end", rule["id"], "--reason", "enough").status == 0
    assert [each["state"] for each in _there(admin, "rule", "list", "--all", "--json").json] == ["active", "ended"]
    words = ("--category", "money", "--packages", "docker.io", "mirror.acme.example/hub", "--team", "backend")
    overlay = _there(admin, "overlay", "set", "hub", "com.acme/*", *words, "--reason", "r", "--json").json
    assert "mirror" in _there(admin, "overlay", "list").out
    assert _there(admin, "overlay", "remove", overlay["id"][:20], "--reason", "r").out == f"{overlay['id']}: over\n"
    assert [each["name"] for each in _there(admin, "team", "list", "--json").json] == ["backend", "data", "everyone"]
    assert "octavia" in _there(admin, "grant", "list").out
    assert _there(approver, "explain", PAYROLL, "--team", "backend", "--json").json["owned_by"] == "claim"


class TestEndings:
    def test_refusals(self, registry: RunningRegistry) -> None:
        """
        What is not allowed, or not there, ends with 1 and one line of words; what cannot be meant with 2.
        """
        backend = Person(registry, "bob", Role.READER, teams=("backend",))

        def ends(outcome: Outcome, status: int, words: str) -> None:
            assert (outcome.status, outcome.out) == (status, ""), outcome
            assert words in outcome.err

        ends(_there(backend, "approve", PAYROLL, "--team", "backend", "--reason", "r"), 1, "needs the role approver")
        ends(_here(registry, "approve", "apr_x", "--reason", "r"), 1, "nothing whose id begins with 'apr_x'")
        ends(_here(registry, "revoke", "rule_x", "--reason", "r"), 2, "apr_")
        ends(_here(registry, "approve", PAYROLL, "--reason", "r"), 2, "for whom?")
        ends(_here(registry, "approve", PAYROLL, "--team", "backend"), 2, "--reason")
        ends(_here(registry, "approve", PAYROLL, "--team", "nobody", "--reason", "r"), 1, "there is no team 'nobody'")
        ends(_here(registry, "explain", "payroll", "--team", "backend"), 1, "not a server name")
        ends(_here(registry, "explain", PAYROLL, "--team", "nobody"), 1, "there is no team")
        ends(_here(registry, "unblock", PAYROLL, "--reason", "r"), 1, "is not blocked")

    def test_before_anything_was_served(self, tmp_path: Path) -> None:
        """
        Teams, grants and rules can be made before the first start.
        """
        registry = RunningRegistry(tmp_path, "")

        assert _here(registry, "team", "make", "backend").status == 0
        assert _here(registry, "grant", "give", "backend", "*", "--reason", "r").status == 0
        assert _here(registry, "rule", "make", "all", "*", "--all-teams", "--reason", "r").status == 0
        assert _here(registry, "rule", "list", "--json").json[0]["pattern"] == "*"
