"""`mcp-registry publish`, on the store itself and on a running server (reference §8: TestPublishCommand_*)."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from registry.policy.principal import Role
from schemas.validation.versions import CURRENT_URL
from tests.api.publishing import CLAIMED, CONFIGURATION, MIRRORED, Client, manifest, taking
from tests.api.world import OFFICIAL
from tests.doubles.issued import issue
from tests.doubles.server import LoopbackServer
from tests.doubles.wire import Request, Response
from tests.e2e.command import Outcome, mcp_registry
from tests.e2e.records import audited
from tests.running import RunningRegistry

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("publish-command")) as running:
        yield running


@pytest.fixture(scope="module")
def token(registry: RunningRegistry) -> str:
    return issue(registry, Role.PUBLISHER, Role.READER, namespaces=["com.partner", "io.github.octavia"])


@pytest.fixture
def name() -> str:
    return f"com.partner/command-{next(_NUMBERS)}"


def _there(registry: RunningRegistry, token: str, *words: str | Path, typed: str = "") -> Outcome:
    """`mcp-registry publish …` on the running server."""
    return mcp_registry("publish", *words, "--server", registry.url, typed=typed, MCP_REGISTRY_TOKEN=token)


def _written(folder: Path, document: object) -> Path:
    file = folder / "server.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False))
    return file


class TestThere:
    def test_published(self, registry: RunningRegistry, token: str, name: str, tmp_path: Path) -> None:
        """
        TestPublishCommand_Success: what is published, in one line; and it can be read.
        """
        outcome = _there(registry, token, _written(tmp_path, manifest(name)))

        assert (outcome.status, outcome.out, outcome.err) == (0, f"{name}@1.0.0: published, the latest version\n", "")
        assert Client(registry, None).read(name).status == 200

    def test_an_older_version(self, registry: RunningRegistry, token: str, name: str, tmp_path: Path) -> None:
        """
        A version below one that is there says so.
        """
        _there(registry, token, _written(tmp_path, manifest(name, "2.0.0")))

        outcome = _there(registry, token, _written(tmp_path, manifest(name, "1.0.0")))

        assert outcome.out == f"{name}@1.0.0: published, not the latest version\n"

    def test_byte_for_byte(self, registry: RunningRegistry, token: str, name: str) -> None:
        """
        TestPublishCommand_PreservesNonASCIIDescription, and ours: the document is stored as it stands, numbers that
        other programs would change, members that they would drop, and white space.
        """
        text = (
            f'{{ "$schema": "{CURRENT_URL}",\n "name": "{name}", "version": "1.0.0",\n'
            ' "description": "Löhne \\u2028 <&> 工资", "repository": {},\n'
            ' "_meta": {"io.modelcontextprotocol.registry/publisher-provided": {"n": 12345678901234567890.50}} }'
        )

        outcome = _there(registry, token, "-", "--json", typed=text)

        assert outcome.status == 0
        assert f'"server":{text}'.encode() in Client(registry, None).read(name, "1.0.0").body
        assert "12345678901234567890.50" in outcome.out

    def test_as_json(self, registry: RunningRegistry, token: str, name: str, tmp_path: Path) -> None:
        """
        JSON is what the API answers.
        """
        outcome = _there(registry, token, _written(tmp_path, manifest(name)), "--json")

        assert outcome.json["server"] == manifest(name)
        assert outcome.json["_meta"][OFFICIAL]["isLatest"] is True
        assert outcome.json in Client(registry, token).mine("?limit=100").json()["servers"]

    def test_without_a_word_it_is_the_file_here(self, registry: RunningRegistry, token: str, name: str) -> None:
        """
        ./server.json where nothing else is given; one that is not there ends with 2 and sends nothing.
        """
        outcome = _there(registry, token)

        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err == "mcp-registry: server.json cannot be read: no such file or directory\n"


class TestFindings:
    @pytest.mark.parametrize(
        ("document", "place", "rule"),
        [
            (manifest(version="^1.0.0"), "5:14", "version-looks-like-range"),
            (manifest(description=""), "4:18", "json-schema"),
            (manifest(schema=""), "2:14", "schema-field-required"),
            (manifest(schema="https://example.com/server.schema.json"), "2:14", "schema-version-extraction-error"),
            (manifest(unknown=1), "6:14", "request-body"),
            ('{"name": "com.partner/tools",}', "1:30", "json-syntax"),
            ('{"name": "\\ud800"}', "1:1", "json-syntax"),
        ],
        ids=["range", "form", "no schema", "odd schema", "unknown", "comma", "surrogate"],
    )
    def test_are_told_with_their_places(
        self, registry: RunningRegistry, token: str, tmp_path: Path, document: object, place: str, rule: str
    ) -> None:
        """
        TestPublishCommand_422ValidationFlow, _DeprecatedSchema, _RejectsUnpairedSurrogateEscape: whatever is wrong with
        a manifest is told as `validate` tells it, and nothing is published.
        """
        file = _written(tmp_path, document)

        outcome = _there(registry, token, file)

        found = [line for line in outcome.out.splitlines() if line.startswith(f"{file}:{place}: error: ")]
        assert outcome.status == 1
        assert [line.rpartition("[")[2] for line in found] == [f"{rule}]"]
        assert f"mcp-registry: {file} is not published" in outcome.err
        assert outcome.out == mcp_registry("validate", file).out

    def test_several_at_once(self, registry: RunningRegistry, token: str, tmp_path: Path) -> None:
        """
        TestPublishCommand_422WithMultipleIssues: all that is wrong is told together.
        """
        file = _written(tmp_path, manifest("com.partner/x", "latest", websiteUrl="http://x.example"))

        outcome = _there(registry, token, file, "--json")

        rules = {each["rule"] for each in outcome.json["files"][0]["findings"] if each["severity"] == "error"}
        assert outcome.status == 1
        assert rules == {"invalid-server-name", "reserved-version-string", "website-url-invalid-scheme"}

    def test_of_bytes_that_are_no_text(self, registry: RunningRegistry, token: str, tmp_path: Path) -> None:
        """
        TestPublishCommand_RejectsInvalidUTF8ServerJSON.
        """
        file = tmp_path / "server.json"
        file.write_bytes(b'{"name": "\xff"}')

        outcome = _there(registry, token, file)

        assert outcome.status == 1
        assert "not valid UTF-8" in outcome.out

    def test_of_the_form_are_told_before_anything_is_sent(self, tmp_path: Path) -> None:
        """
        A body that no registry takes is not sent: nobody listens there.
        """
        file = _written(tmp_path, manifest(description=""))

        outcome = mcp_registry("publish", file, "--server", "http://127.0.0.1:9", MCP_REGISTRY_TOKEN="x")

        assert (outcome.status, "4:18: error" in outcome.out) == (1, True)

    def test_by_rules_of_a_server(self, tmp_path: Path) -> None:
        """
        Where this command finds nothing, a server that refuses is asked what it finds.
        """
        issue_of_its_own = {
            "type": "linter", "path": "version", "message": "odd", "severity": "error", "reference": "of-its-own",
        }  # fmt: skip

        def answer(request: Request) -> Response:
            if request.path == "/v0.1/publish":
                return Response(status=422, body=b'{"detail":"Failed to publish server, invalid schema"}')
            return Response(body=json.dumps({"valid": False, "issues": [issue_of_its_own]}).encode())

        file = _written(tmp_path, manifest())
        server = LoopbackServer(answer)
        server.start()
        try:
            outcome = mcp_registry("publish", file, "--server", server.url, MCP_REGISTRY_TOKEN="x")
        finally:
            server.stop()

        assert (outcome.status, outcome.out.splitlines()[0]) == (1, f"{file}:5:14: error: version: odd [of-its-own]")
        assert "is not published: Failed to publish server, invalid schema" in outcome.err

    def test_that_are_warnings_keep_nothing(
        self, registry: RunningRegistry, token: str, name: str, tmp_path: Path
    ) -> None:
        """
        TestPublishCommand_DeprecatedSchema: an older schema is a warning, and publishes.
        """
        older = CURRENT_URL.replace("2025-12-11", "2025-10-17")

        assert _there(registry, token, _written(tmp_path, manifest(name, schema=older))).status == 0


class TestRefused:
    def test_twice(self, registry: RunningRegistry, token: str, name: str, tmp_path: Path) -> None:
        """
        TestPublishCommand_Non422Error, _PrintsSubmittedIdentityOnFailure: the reason, in the words programs look for,
        and what it is about.
        """
        file = _written(tmp_path, manifest(name))
        _there(registry, token, file)

        outcome = _there(registry, token, file)

        assert (outcome.status, outcome.out) == (1, "")
        assert outcome.err == (
            f"mcp-registry: cannot publish {name}@1.0.0: invalid version: cannot publish duplicate version\n"
        )

    def test_not_permitted(self, registry: RunningRegistry, token: str, tmp_path: Path) -> None:
        """
        What the token may publish is said.
        """
        outcome = _there(registry, token, _written(tmp_path, manifest("com.other/tools")))

        assert outcome.status == 1
        assert "You have permission to publish: com.partner/*, io.github.octavia/*. Attempting to" in outcome.err

    def test_mirrored(self, registry: RunningRegistry, token: str, tmp_path: Path) -> None:
        """
        A name that an upstream serves.
        """
        outcome = _there(registry, token, _written(tmp_path, manifest(MIRRORED[0], "9.0.0")))

        assert (outcome.status, "name is mirrored from official" in outcome.err) == (1, True)

    def test_a_bad_token(self, registry: RunningRegistry, token: str, tmp_path: Path) -> None:
        """
        How to get a good one is said, and the bad one is not repeated.
        """
        bad = token[:-4] + "AAAA"

        outcome = _there(registry, bad, _written(tmp_path, manifest()))

        assert outcome.status == 1
        assert "MCP_REGISTRY_TOKEN" in outcome.err
        assert "mcp-registry token create --role publisher --namespace com.partner" in outcome.err
        assert bad[-20:] not in outcome.err

    @pytest.mark.parametrize("environ", [{}, {"MCP_REGISTRY_TOKEN": ""}], ids=["absent", "empty"])
    def test_no_token(self, registry: RunningRegistry, tmp_path: Path, environ: dict[str, str]) -> None:
        """
        TestPublishCommand_NoToken: a usage error, before anything is sent.
        """
        outcome = mcp_registry("publish", _written(tmp_path, manifest()), "--server", registry.url, **environ)

        assert outcome.status == 2
        assert "MCP_REGISTRY_TOKEN is not set" in outcome.err
        assert "mcp-registry token create" in outcome.err

    def test_nowhere(self, tmp_path: Path) -> None:
        """
        Neither a store nor a server.
        """
        outcome = mcp_registry("publish", _written(tmp_path, manifest()))

        assert (outcome.status, "--config FILE" in outcome.err) == (2, True)


class TestHere:
    def test_without_a_server(self, tmp_path: Path) -> None:
        """
        On the store, before anything was ever served; what is configured is in force, and the record says who.
        """
        registry = RunningRegistry(tmp_path, CONFIGURATION)
        file = _written(tmp_path, manifest(f"{CLAIMED}/payroll", "7.0.0"))

        outcome = mcp_registry("publish", file, "--config", registry.config)

        assert (outcome.status, outcome.out) == (0, f"{CLAIMED}/payroll@7.0.0: published, the latest version\n")
        (event,) = audited(registry, "server.published")
        assert (event.object, event.actor.partition(":")[0]) == (f"{CLAIMED}/payroll@7.0.0", "local")
        assert set(event.roles) == {"operator", "admin"}
        with registry:
            assert Client(registry, None).read(f"{CLAIMED}/payroll").status == 200

    def test_beside_a_running_server(self, registry: RunningRegistry, name: str, tmp_path: Path) -> None:
        """
        Any name that can be published here, no quota, and the server shows it at once.
        """
        file = _written(tmp_path, manifest(name))

        outcome = mcp_registry("publish", file, "--config", registry.config, "--json")

        assert outcome.json["server"] == manifest(name)
        assert Client(registry, None).read(name).status == 200

    @pytest.mark.parametrize(
        ("document", "why"),
        [
            (manifest(MIRRORED[0], "9.0.0"), "name is mirrored from official"),
            (manifest(version=" "), "expected 1 to 255 printable characters"),
        ],
        ids=["mirrored", "blank"],
    )
    def test_refused(self, registry: RunningRegistry, tmp_path: Path, document: object, why: str) -> None:
        """
        The same reasons as from a server.
        """
        outcome = mcp_registry("publish", _written(tmp_path, document), "--config", registry.config)

        assert (outcome.status, outcome.out) == (1, "")
        assert "mcp-registry: cannot publish" in outcome.err
        assert why in outcome.err

    def test_whose_the_address_is(self, registry: RunningRegistry, name: str, tmp_path: Path) -> None:
        """
        Whoever works on the store sees everything: another server with the same remote URL is named.
        """
        remotes = [{"type": "streamable-http", "url": f"https://{name.rpartition('/')[2]}.example/mcp"}]
        mcp_registry("publish", _written(tmp_path, manifest(name, remotes=remotes)), "--config", registry.config)

        file = _written(tmp_path, manifest(f"{name}-2", remotes=remotes))
        outcome = mcp_registry("publish", file, "--config", registry.config)

        assert (outcome.status, f"is already used by server {name}" in outcome.err) == (1, True)

    def test_findings(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        What is wrong with the manifest is told as for a server.
        """
        file = _written(tmp_path, manifest(version="^1.0.0"))

        outcome = mcp_registry("publish", file, "--config", registry.config)

        assert (outcome.status, f"{file}:5:14: error" in outcome.out) == (1, True)
