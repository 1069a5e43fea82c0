"""Cool-off, look-alikes and offers: what is held back or refused, through the API and the command line."""

import json
from collections.abc import Iterator

import pytest

from registry.policy.principal import Role
from tests.api.governing import Person, everywhere
from tests.api.publishing import Client, manifest
from tests.api.world import entry
from tests.doubles.loaded_store import ANONYMOUS
from tests.e2e.command import mcp_registry
from tests.running import RunningRegistry

PAYROLL, ALIKE, WEATHER, TIDE = "com.acme/payroll", "com.acrne/payroll", "io.github.octavia/weather", "org.tide/table"
DESK = "com.partner/desk"
DAY_S = 24 * 3600
_OLD = entry(WEATHER, "1.0.0")
_GOVERNANCE = """
[[team]]
name = "everyone"

[[grant]]
team = "everyone"
pattern = "*"

[[rule]]
name = "everything"
pattern = "*"
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """An internal upstream has the payroll, which somebody approved; then a public one lists more than at first."""
    folder = tmp_path_factory.mktemp("firewall")
    upstreams = ""
    for name, items in (("internal", [entry(PAYROLL, "1.0.0")]), ("public", [_OLD])):
        (folder / f"{name}.json").write_bytes(b'{"servers":[%b]}' % b",".join(items))
        upstreams += f'[[upstream]]\nname = "{name}"\nkind = "file"\npath = "{folder / name}.json"\ncool_off = "24h"\n'
    with RunningRegistry(folder, f"{ANONYMOUS}\n{upstreams}", governance=_GOVERNANCE) as running:
        running.wait_for("synced", times=2)
        _approver(running).made("/v1/approvals", name=PAYROLL, teams=None, reason="ours")
        more = [_OLD, entry(WEATHER, "2.0.0"), entry(TIDE, "1.0.0"), entry(ALIKE, "1.0.0"), entry(PAYROLL, "9.9.9")]
        (folder / "public.json").write_bytes(b'{"servers":[%b]}' % b",".join(more))
        _operator(running).post("/v1/sync-runs", upstream="public")
        running.wait_for("synced", times=3)
        yield running


def _approver(registry: RunningRegistry) -> Person:
    return Person(registry, "paul", Role.APPROVER, namespaces=("*",))


def _operator(registry: RunningRegistry) -> Person:
    return Person(registry, "olaf", Role.OPERATOR)


def _reader(registry: RunningRegistry) -> Person:
    return Person(registry, "bob", Role.READER, teams=("everyone",))


def _because(registry: RunningRegistry, name: str, version: str) -> str:
    explained = _approver(registry).get("/v1/explain", team="everyone", name=name).json()
    found: str = next(each["because"] for each in explained["versions"] if each["version"] == version)
    return found


class TestCoolOff:
    def test_until_it_is_waived_or_over(self, registry: RunningRegistry) -> None:
        """
        A new version is the same 404 everywhere; waived it is there with the answer, and the other one a day later.
        """
        reader, approver = _reader(registry), _approver(registry)
        listed = approver.get("/v1/cool-offs", limit=2).json()
        rest = approver.get("/v1/cool-offs", limit=2, cursor=listed["metadata"]["nextCursor"]).json()
        found = [(each["name"], each["version"]) for each in listed["items"] + rest["items"]]
        assert found == [(PAYROLL, "9.9.9"), (ALIKE, "1.0.0"), (WEATHER, "2.0.0"), (TIDE, "1.0.0")]
        hidden, absent = everywhere(reader, TIDE, "1.0.0"), everywhere(reader, "org.tide/none", "1.0.0")
        assert [each.body for each in hidden] == [each.body for each in absent]
        assert {each.status for each in hidden} == {404}
        assert reader.reads(WEATHER) == 200
        assert reader.reads(WEATHER, "2.0.0") == 404
        assert _because(registry, WEATHER, "2.0.0") == "cool-off"

        assert WEATHER in mcp_registry("cool-offs", "--server", registry.url, MCP_REGISTRY_TOKEN=approver.token).out

        waived = approver.post("/v1/cool-offs/waive", name=WEATHER, version="2.0.0", reason="a fix")

        assert (waived.status, waived.json()) == (200, {"name": WEATHER, "versions": ["2.0.0"]})
        assert reader.reads(WEATHER, "2.0.0") == 200
        assert approver.post("/v1/cool-offs/waive", name=WEATHER, reason="again").status == 409
        registry.clock.advance(DAY_S)
        assert _reader(registry).reads(TIDE, "1.0.0") == 200
        assert _approver(registry).get("/v1/cool-offs").json()["items"] == []

    def test_is_not_for_those_who_decide_for_one_team(self, registry: RunningRegistry) -> None:
        """
        It would be seen by every team: so it takes an approver of the name for all, and others are not shown it.
        """
        own = Person(registry, "tess", Role.APPROVER, teams=("everyone",))
        elsewhere = Person(registry, "ned", Role.APPROVER, namespaces=("com.globex/*",))

        for person in (own, elsewhere):
            assert person.post("/v1/cool-offs/waive", name=TIDE, reason="r").status == 403
            assert person.get("/v1/cool-offs").json()["items"] == []
            assert person.get("/v1/look-alikes").json()["items"] == []
            assert person.post("/v1/look-alikes/release", name=ALIKE, reason="r").status == 403


class TestLookAlike:
    def test_until_it_is_released(self, registry: RunningRegistry) -> None:
        """
        It is held under the name it looks like, which readers are not told; released it is seen after its cool-off.
        """
        reader, approver = _reader(registry), _approver(registry)
        (held,) = approver.get("/v1/look-alikes").json()["items"]
        assert (held["name"], held["resembles"], held["likeness"]) == (ALIKE, PAYROLL, "reads the same")
        assert _because(registry, ALIKE, "1.0.0") == "look-alike"
        assert approver.get("/v1/explain", team="everyone", name=ALIKE).json()["resembles"] == PAYROLL
        told = reader.get("/v0.1/x/registry/explain", name=ALIKE)
        assert (told.status, told.json()["resembles"]) == (200, None)
        assert PAYROLL.encode() not in told.body
        of_alike = Person(registry, "nan", Role.APPROVER, namespaces=("com.acrne/*",))
        (theirs,) = of_alike.get("/v1/look-alikes").json()["items"]
        assert (theirs["name"], theirs["resembles"]) == (ALIKE, None)
        assert of_alike.get("/v1/explain", team="everyone", name=ALIKE).json()["resembles"] is None

        released = mcp_registry(
            *("release", ALIKE, "--reason", "a customer", "--server", registry.url), MCP_REGISTRY_TOKEN=approver.token
        )

        assert released.out == f"{ALIKE}: not held any more for looking like {PAYROLL}\n", released.err
        assert approver.get("/v1/look-alikes").json()["items"] == []
        (kept,) = _operator(registry).get("/v1/look-alikes", state="all").json()["items"]
        assert (kept["state"], kept["released_by"], kept["reason"]) == ("released", "paul", "a customer")
        assert _because(registry, ALIKE, "1.0.0") in ("cool-off", "visible")


class TestOffer:
    def test_until_somebody_decides(self, registry: RunningRegistry) -> None:
        """
        Who had the name first goes on to answer; the offer is listed and counted, and what an operator decides holds.
        """
        reader, operator = _reader(registry), _operator(registry)
        (offer,) = operator.get("/v1/offers").json()["items"]
        assert (offer["name"], offer["source"], offer["owner"]) == (PAYROLL, "public", "internal")
        upstreams = {each["name"]: each for each in operator.get("/v1/status").json()["upstreams"]}
        assert (upstreams["public"]["refused"], upstreams["internal"]["refused"]) == (1, 0)
        assert reader.reads(PAYROLL, "9.9.9") == 404

        assigned = mcp_registry("assign", PAYROLL, "internal", "--reason", "ours", "--config", registry.config)

        assert assigned.out == f"{PAYROLL}: answered by internal\n", assigned.err
        assert operator.get("/v1/offers").json()["items"] == []
        decided = operator.get("/v1/offers", state="all").json()["items"]
        assert {each["chosen"] for each in decided} == {"internal"}
        moved = operator.post("/v1/offers/assign", name=PAYROLL, source="public", reason="they moved")
        assert (moved.status, moved.json()["owner"]) == (200, "public")
        assert reader.reads(PAYROLL, "1.0.0") == 404
        back = operator.post("/v1/offers/assign", name=PAYROLL, source="internal", reason="no")
        assert (back.status, reader.reads(PAYROLL, "1.0.0")) == (200, 200)
        shown = json.loads(mcp_registry("offers", "--all", "--config", registry.config, "--json").out)
        assert [each["source"] for each in shown] == ["internal", "public"]

    def test_what_was_published_before_a_name_moved(self, registry: RunningRegistry) -> None:
        """
        issue §3, §5: the owner alone answers, also to those who published it before.
        """
        publisher = Person(registry, "pat", Role.PUBLISHER, namespaces=("com.partner/*",))
        client = Client(registry, publisher.token)
        assert client.publish(manifest(DESK)).status == 200
        assert client.read(DESK, "1.0.0").status == 200
        listed = registry.config.parent / "public.json"
        listed.write_bytes(listed.read_bytes().replace(b"]}", b",%b]}" % entry(DESK, "7.0.0")))
        synced = mcp_registry("sync", "--upstream", "public", "--server", registry.url)
        assert synced.status == 0, synced.err

        decided = _operator(registry).post("/v1/offers/assign", name=DESK, source="public", reason="theirs")

        assert (decided.status, client.read(DESK, "1.0.0").status) == (200, 403)
