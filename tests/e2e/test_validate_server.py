"""`mcp-registry validate --server`: a running registry is asked, too, whether it would accept each manifest."""

import json
import re
import shlex
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from registry.policy.principal import Role
from tests.api.publishing import CLAIMED, CONFIGURATION, MIRRORED, Client, manifest, taking
from tests.doubles.issued import issue
from tests.e2e.command import Outcome, mcp_registry
from tests.e2e.records import audited
from tests.e2e.test_validate_command import PROJECT
from tests.e2e.test_validate_formats import require_sarif
from tests.running import RunningRegistry

_NUMBERS = count(1)
_DUPLICATE = "invalid version: cannot publish duplicate version"
_REMOTES = [{"type": "streamable-http", "url": "https://tools.partner.example/mcp"}]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("validate-server")) as running:
        yield running


@pytest.fixture(scope="module")
def token(registry: RunningRegistry) -> str:
    return issue(registry, Role.PUBLISHER, namespaces=["com.partner", "io.github.octavia", CLAIMED])


@pytest.fixture
def published(registry: RunningRegistry, token: str) -> str:
    """The name of a server whose version 1.0.0 is published."""
    name = f"com.partner/asked-{next(_NUMBERS)}"
    assert Client(registry, token).publish(manifest(name)).status == 200
    return name


def _run(registry: RunningRegistry, token: str, *words: str | Path) -> Outcome:
    return mcp_registry("validate", *words, "--server", registry.url, MCP_REGISTRY_TOKEN=token)


def _written(file: Path, document: object) -> Path:
    file.write_text(json.dumps(document, indent=2))
    return file


def _good(name: str, version: str = "1.0.0") -> object:
    """Without advice of any kind."""
    unique = name.rpartition("/")[2]
    return manifest(
        name, version, remotes=[{"type": "streamable-http", "url": f"https://{unique}.partner.example/mcp"}]
    )


class TestVerdict:
    def test_accepted(self, registry: RunningRegistry, token: str, tmp_path: Path) -> None:
        """
        Nothing more is found, and nothing is published by asking.
        """
        before = len(audited(registry, "server.published"))
        file = _written(tmp_path / "server.json", _good("com.partner/accepted"))

        outcome = _run(registry, token, file)

        assert (outcome.status, outcome.out, outcome.err) == (0, "1 file: ok\n", "")
        assert Client(registry, None).read("com.partner/accepted").status == 404
        assert len(audited(registry, "server.published")) == before

    def test_refused(self, registry: RunningRegistry, token: str, published: str, tmp_path: Path) -> None:
        """
        The reason is one more finding, at what it is about.
        """
        file = _written(tmp_path / "server.json", _good(published))

        outcome = _run(registry, token, file)

        assert outcome.status == 1
        assert outcome.out == f"{file}:5:14: error: version: {_DUPLICATE} [publish-check]\n1 file: 1 error\n"

    @pytest.mark.parametrize(
        ("document", "found"),
        [
            (manifest(MIRRORED[0], "9.0.0"), "3:11: error: name: name is mirrored from official"),
            (
                manifest("com.partner/copy", remotes=[{"type": "sse", "url": "https://other.example"}, *_REMOTES]),
                "13:14: error: remotes[1].url: remote URL https://tools.partner.example/mcp is already used",
            ),
            (
                manifest(
                    "com.partner/large",
                    _meta={"io.modelcontextprotocol.registry/publisher-provided": {"x": "y" * 5000}},
                ),
                "6:12: error: _meta: _meta.io.modelcontextprotocol.registry/publisher-provided extension exceeds 4KB",
            ),
            (manifest(version=" "), "5:14: error: version: not a version"),
        ],
        ids=["name", "address", "meta", "version"],
    )
    def test_place(self, registry: RunningRegistry, token: str, tmp_path: Path, document: object, found: str) -> None:
        """
        A reason stands where its cause does.
        """
        Client(registry, token).publish(manifest("com.partner/tools", remotes=_REMOTES))
        file = _written(tmp_path / "server.json", document)

        outcome = _run(registry, token, file)

        assert outcome.status == 1
        assert [line for line in outcome.out.splitlines() if line.startswith(f"{file}:{found}")]

    def test_what_is_wrong_anyway_is_told_once(self, registry: RunningRegistry, token: str, tmp_path: Path) -> None:
        """
        That a registry refuses what breaks the rules is no news; what has not the form of a manifest is not sent.
        """
        _written(tmp_path / "rule.server.json", manifest(version="^1.0.0"))
        _written(tmp_path / "form.server.json", manifest(description=7))
        (tmp_path / "text.server.json").write_text("[]")

        outcome = _run(registry, token, tmp_path)

        assert (outcome.status, "publish-check" in outcome.out) == (1, False)
        assert "3 files: 3 errors" in outcome.out

    def test_each_file_has_its_own(self, registry: RunningRegistry, token: str, published: str, tmp_path: Path) -> None:
        """
        One that is refused keeps none of the others.
        """
        _written(tmp_path / "a.server.json", _good(published))
        _written(tmp_path / "b.server.json", _good(published, "1.0.1"))

        files = _run(registry, token, tmp_path, "--format", "json").json["files"]

        assert [each["valid"] for each in files] == [False, True]

    def test_rules_that_only_the_server_has(self, tmp_path: Path) -> None:
        """
        A registry that is stricter than the verdict asked for here is believed, and says what is wrong, and where.
        """
        with taking(tmp_path, CONFIGURATION + "require_valid_schema = true\n") as strict:
            bearer = issue(strict, Role.PUBLISHER, namespaces=["com.partner"])
            file = _written(tmp_path / "server.json", manifest() | {"title": None})

            alone = mcp_registry("validate", file, "--profile", "official")
            asked = _run(strict, bearer, file, "--profile", "official")

        assert (alone.status, asked.status) == (0, 1)
        (line,) = [line for line in asked.out.splitlines() if line.endswith("[publish-check]")]
        assert line.startswith(f"{file}:6:12: error: title: ")


class TestFormats:
    def test_all(self, registry: RunningRegistry, token: str, published: str, tmp_path: Path) -> None:
        """
        It is a finding like any other in every format.
        """
        file = _written(tmp_path / "server.json", _good(published))

        told = {form: _run(registry, token, file, "--format", form) for form in ("json", "github", "sarif", "junit")}

        assert {form: outcome.status for form, outcome in told.items()} == dict.fromkeys(told, 1)
        (finding,) = told["json"].json["files"][0]["findings"]
        assert finding == {
            "line": 5,
            "column": 14,
            "severity": "error",
            "type": "semantic",
            "rule": "publish-check",
            "path": "version",
            "message": _DUPLICATE,
            "reference": "publish-check",
        }
        assert told["github"].out.endswith(f",line=5,col=14,title=publish-check::version: {_DUPLICATE}\n")
        require_sarif(told["sarif"].json)
        assert [each["ruleId"] for each in told["sarif"].json["runs"][0]["results"]] == ["publish-check"]
        (case,) = ElementTree.fromstring(told["junit"].out)[0]
        assert case[0].get("type") == "publish-check"


class TestNoAnswer:
    def test_a_bad_token(self, registry: RunningRegistry, token: str, tmp_path: Path) -> None:
        """
        Ends with 2, in words that help, and no verdict.
        """
        outcome = _run(registry, token[:-4] + "AAAA", _written(tmp_path / "server.json", manifest()))

        assert (outcome.status, outcome.out) == (2, "")
        assert "server.json cannot be checked: " in outcome.err
        assert "mcp-registry token create --role publisher --namespace com.partner" in outcome.err

    @pytest.mark.parametrize("role", [Role.PUBLISHER, Role.READER])
    def test_a_token_that_is_not_for_it(self, registry: RunningRegistry, role: Role, tmp_path: Path) -> None:
        """
        A token that may not publish the name cannot ask whether it would be accepted.
        """
        other = issue(registry, role, namespaces=["com.other"])

        outcome = _run(registry, other, _written(tmp_path / "server.json", manifest()))

        assert (outcome.status, outcome.out) == (2, "")
        assert "You do not have permission to publish this server" in outcome.err

    def test_no_token(self, registry: RunningRegistry, tmp_path: Path) -> None:
        """
        Said before anything is read.
        """
        outcome = mcp_registry("validate", tmp_path / "absent", "--server", registry.url)

        assert outcome.status == 2
        assert "MCP_REGISTRY_TOKEN is not set" in outcome.err

    def test_nobody_there(self, tmp_path: Path) -> None:
        """
        A server that does not answer is not one that accepts.
        """
        file = _written(tmp_path / "server.json", manifest())

        outcome = mcp_registry("validate", file, "--server", "http://127.0.0.1:9", MCP_REGISTRY_TOKEN="x")

        assert (outcome.status, outcome.out) == (2, "")
        assert "127.0.0.1:9" in outcome.err

    def test_nobody_is_asked_unless_told(self, tmp_path: Path) -> None:
        """
        The variable that other commands find their server in makes no network access of a look at a file.
        """
        file = _written(tmp_path / "server.json", _good("com.partner/quiet"))

        outcome = mcp_registry("validate", file, MCP_REGISTRY_SERVER="http://127.0.0.1:9", MCP_REGISTRY_TOKEN="x")

        assert outcome.status == 0


class TestInOtherProjects:
    def test_example_workflow(self, registry: RunningRegistry, token: str, published: str, tmp_path: Path) -> None:
        """
        The example's second command annotates what the registry would refuse, with the secret in that step only.
        """
        workflow = yaml.safe_load((PROJECT / "docs" / "ci" / "example-workflow.yml").read_text())
        (job,) = workflow["jobs"].values()
        (step,) = (step for step in job["steps"] if "--server" in step.get("run", ""))
        command = step["run"].replace("$MCP_REGISTRY_URL", registry.url)
        file = _written(tmp_path / "server.json", _good(published))

        outcome = mcp_registry(*shlex.split(command)[1:], file, MCP_REGISTRY_TOKEN=token)

        assert set(step["env"]) == {"MCP_REGISTRY_URL", "MCP_REGISTRY_TOKEN"}
        assert [each for each in job["steps"] if each is not step and "secrets." in json.dumps(each)] == []
        assert re.fullmatch(r"::error file=.*,title=publish-check::version: .*\n", outcome.out)
