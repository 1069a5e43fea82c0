"""`mcp-registry set-status`, on the store itself and on a running server (reference §8: TestStatusCommand_*)."""

from collections.abc import Iterator
from itertools import count

import pytest

from registry.policy.principal import Role
from tests.api.publishing import MIRRORED, Client, manifest, taking
from tests.api.world import OFFICIAL
from tests.doubles.issued import issue
from tests.e2e.command import Outcome, mcp_registry
from tests.e2e.records import audited
from tests.running import RunningRegistry

_NUMBERS = count(1)
_ODD = "1.0.0-rc.1+build%20.7"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("set-status-command")) as running:
        yield running


@pytest.fixture(scope="module")
def token(registry: RunningRegistry) -> str:
    """May publish, and read nothing."""
    return issue(registry, Role.PUBLISHER, namespaces=["com.partner"])


@pytest.fixture
def name(registry: RunningRegistry, token: str) -> str:
    """A server with two published versions."""
    name = f"com.partner/status_command-{next(_NUMBERS)}.x"
    client = Client(registry, token)
    assert client.publish(manifest(name, _ODD)).status == 200
    assert client.publish(manifest(name, "2.0.0")).status == 200
    return name


@pytest.fixture(params=["here", "there"])
def where(request: pytest.FixtureRequest) -> str:
    """On the store, or on the running server."""
    place: str = request.param
    return place


def _run(registry: RunningRegistry, token: str, where: str, *words: str, typed: str = "") -> Outcome:
    if where == "here":
        return mcp_registry("set-status", *words, "--config", registry.config, typed=typed)
    return mcp_registry("set-status", *words, "--server", registry.url, typed=typed, MCP_REGISTRY_TOKEN=token)


def _statuses(registry: RunningRegistry, name: str) -> dict[str, tuple[str, str | None]]:
    read = Client(registry, None).request("GET", f"/servers/{name.replace('/', '%2F')}/versions?include_deleted=true")
    blocks = {each["server"]["version"]: each["_meta"][OFFICIAL] for each in read.json()["servers"]}
    return {version: (block["status"], block.get("statusMessage")) for version, block in blocks.items()}


class TestOne:
    def test_is_set(self, registry: RunningRegistry, token: str, where: str, name: str) -> None:
        """
        TestStatusCommand_VersionValidation, _FlagCombinations: of that version only, however it is written, without
        reading anything and without a question; the record says who.
        """
        outcome = _run(registry, token, where, name, _ODD, "deprecated", "--message", "use 2.0.0")

        assert (outcome.status, outcome.err) == (0, "")
        assert outcome.out == f"{name}@{_ODD}: deprecated (use 2.0.0)\n"
        assert _statuses(registry, name) == {_ODD: ("deprecated", "use 2.0.0"), "2.0.0": ("active", None)}
        event = audited(registry, "server.status_changed")[-1]
        assert (event.object, event.actor.startswith("local:")) == (f"{name}@{_ODD}", where == "here")

    def test_a_message_goes_where_none_is_given(
        self, registry: RunningRegistry, token: str, where: str, name: str
    ) -> None:
        """
        reference §4.3; and back to active.
        """
        _run(registry, token, where, name, "2.0.0", "deleted", "--message", "taken down")

        assert _run(registry, token, where, name, "2.0.0", "deleted").status == 0
        assert _statuses(registry, name)["2.0.0"] == ("deleted", None)
        assert _run(registry, token, where, name, "2.0.0", "active", "--message", "").status == 0
        assert _statuses(registry, name)["2.0.0"] == ("active", None)

    def test_as_json(self, registry: RunningRegistry, token: str, where: str, name: str) -> None:
        """
        JSON is what the API answers.
        """
        outcome = _run(registry, token, where, name, "2.0.0", "deprecated", "--json")

        assert outcome.json["server"] == manifest(name, "2.0.0")
        assert outcome.json["_meta"][OFFICIAL]["status"] == "deprecated"

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (("9.9.9", "deleted"), "Server version not found"),
            (("2.0.0", "active"), "No changes to apply: status and message are already set to the provided values"),
        ],
        ids=["absent", "no change"],
    )
    def test_refused(
        self, registry: RunningRegistry, token: str, where: str, name: str, words: tuple[str, str], why: str
    ) -> None:
        """
        One line with the reason, which programs know.
        """
        outcome = _run(registry, token, where, name, *words)

        assert (outcome.status, outcome.out) == (1, "")
        assert outcome.err == f"mcp-registry: cannot set the status of {name}@{words[0]}: {why}\n"

    def test_mirrored(self, registry: RunningRegistry, where: str) -> None:
        """
        What an upstream serves is the upstream's.
        """
        root = issue(registry, Role.ADMIN, namespaces=["*"])

        outcome = _run(registry, root, where, *MIRRORED, "deleted")

        assert (outcome.status, "is mirrored from official and read-only here" in outcome.err) == (1, True)


class TestAll:
    def test_are_set(self, registry: RunningRegistry, token: str, where: str, name: str) -> None:
        """
        TestStatusCommand_AllVersionsFlag, _YesFlag: with --yes nobody is asked.
        """
        outcome = _run(registry, token, where, name, "deprecated", "--all-versions", "--yes", "--message", "moved")

        assert (outcome.status, outcome.out) == (0, f"{name}: 2 versions are deprecated (moved)\n")
        assert set(_statuses(registry, name).values()) == {("deprecated", "moved")}

    def test_as_json(self, registry: RunningRegistry, token: str, where: str, name: str) -> None:
        """
        JSON is what the API answers.
        """
        outcome = _run(registry, token, where, name, "deleted", "--all-versions", "-y", "--json")

        assert outcome.json["updatedCount"] == 2
        assert [each["server"]["version"] for each in outcome.json["servers"]] == ["2.0.0", _ODD]

    @pytest.mark.parametrize(
        ("typed", "status", "after"), [("y\n", 0, "deleted"), ("n\n", 1, "active"), ("", 130, "active")]
    )
    def test_asks(self, registry: RunningRegistry, token: str, name: str, typed: str, status: int, after: str) -> None:
        """
        TestStatusCommand_YesFlag: anything but a yes changes nothing.
        """
        outcome = _run(registry, token, "there", name, "deleted", "--all-versions", typed=typed)

        assert outcome.status == status
        assert f"set every version of {name} to deleted?" in outcome.err
        assert {each for each, _ in _statuses(registry, name).values()} == {after}

    def test_refused(self, registry: RunningRegistry, token: str, where: str, name: str) -> None:
        """
        One line with the reason.
        """
        outcome = _run(registry, token, where, name, "active", "--all-versions", "--yes")

        why = "No changes to apply: all versions already have the requested status and message"
        assert (outcome.status, outcome.err) == (1, f"mcp-registry: cannot set the status of {name}: {why}\n")


class TestUsage:
    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((), "NAME"),
            (("com.partner/x",), "Missing argument"),
            (("com.partner/x", "1.0.0"), "is not one of 'active', 'deprecated', 'deleted'"),
            (("com.partner/x", "1.0.0", "retired"), "is not one of 'active', 'deprecated', 'deleted'"),
            (("com.partner/x", "deleted"), "which version?"),
            (("com.partner/x", "1.0.0", "2.0.0", "deleted"), "which version?"),
            (("com.partner/x", "1.0.0", "deleted", "--all-versions"), "not both"),
            (("payroll", "1.0.0", "deleted"), "expected namespace/name"),
            (("com.partner/x", "1.0.0", "active", "--message", "why"), "for deprecated and deleted"),
            (("com.partner/x", "1.0.0", "deleted", "--message", "x" * 501), "500 are the most"),
            (("com.partner/x", "1.0.0", "deleted", "--message", "a\nb"), "one line of text"),
        ],
        ids=[
            "nothing", "a name", "a version", "no status", "no version", "two versions", "both", "no name", "message",
            "long", "lines",
        ],
    )  # fmt: skip
    def test_what_cannot_be_meant(self, words: tuple[str, ...], said: str) -> None:
        """
        TestStatusCommand_Validation, _MissingStatus: exit status 2, and nothing is sent.
        """
        outcome = mcp_registry("set-status", *words, "--server", "http://127.0.0.1:9", MCP_REGISTRY_TOKEN="x")

        assert (outcome.status, outcome.out) == (2, "")
        assert said in outcome.err

    def test_no_token(self, registry: RunningRegistry) -> None:
        """
        Said before anything is sent, with the way to one.
        """
        outcome = mcp_registry("set-status", "com.partner/x", "1.0.0", "deleted", "--server", registry.url)

        assert outcome.status == 2
        assert "mcp-registry token create --role publisher" in outcome.err

    @pytest.mark.parametrize("version", ["2.0.0", "9.9.9"])
    def test_not_permitted(self, registry: RunningRegistry, name: str, version: str) -> None:
        """
        The same words whether the version exists or not.
        """
        other = issue(registry, Role.PUBLISHER, namespaces=["com.other"])

        outcome = _run(registry, other, "there", name, version, "deleted")

        assert outcome.status == 1
        assert outcome.err.endswith(": You do not have publish or edit permissions for this server\n")
