"""Findings from end to end: a server judges what it mirrors, and the command line tells."""

import json
from pathlib import Path

import msgspec
import pytest

from fixtures.generator import generate
from schemas.validation.engine import validate
from schemas.validation.issue import JSON_SCHEMA_RULE, rule_of
from tests.conftest import real_data
from tests.doubles.upstream import FakeUpstream
from tests.e2e.command import mcp_registry
from tests.e2e.mirrored import Item, configuration, contradictions
from tests.e2e.moments import linger
from tests.manifests import manifest
from tests.running import RunningRegistry

_LEASE_S = 11.0
_UNMARKED = [manifest()["packages"][0] | {"environmentVariables": [{"name": "PAYROLL_TOKEN"}]}]
_FAIL_THEIR_SCHEMA = 395


def _until_judged(registry: RunningRegistry, count: int) -> None:
    """Wait until it has logged as many documents as judged, in as many rounds as it takes."""

    def judged(_: object) -> bool:
        return sum(int(line.get("documents", 0)) for line in registry.log) >= count

    registry.wait_until(judged)


def _expected(documents: list[bytes]) -> set[tuple[str, str, str]]:
    """Rule, name and version of everything the engine finds."""
    found = set()
    for document in documents:
        members = json.loads(document)
        rules = {rule_of(issue) for issue in validate(document)}
        found |= {(rule, members["name"], members["version"]) for rule in rules}
    return found


def _found(registry: RunningRegistry, *options: str) -> set[tuple[str, str, str]]:
    report = mcp_registry("findings", "--config", registry.config, "--json", "--limit", "100000", *options).json
    assert not report["more"]
    assert report["summary"]["pending"] == 0
    return {(item["rule"], item["name"], item["version"]) for item in report["items"]}


class TestCommand:
    def test_on_the_store_and_on_a_server(self, tmp_path: Path) -> None:
        """
        Both tell the same: a table, a summary by rule, and what is still to be looked at.
        """
        with FakeUpstream() as upstream:
            upstream.publish(manifest(name="com.acme/blank", title=" "))
            upstream.publish(manifest(name="com.acme/open", packages=_UNMARKED))
            registry = RunningRegistry(tmp_path, configuration(upstream.url))
            mcp_registry("sync", "--config", registry.config)
            before = mcp_registry("findings", "--config", registry.config)
            with registry:
                _until_judged(registry, 2)

                here = mcp_registry("findings", "--config", registry.config)
                there = mcp_registry("findings", "--server", registry.url)
                status = mcp_registry("status", "--server", registry.url)

        assert "nothing was found" in before.out
        assert "2 documents are still to be looked at" in before.out
        assert here == there
        assert (here.status, here.err) == (0, "")
        findings, _, summary = here.out.partition("By rule, in all documents")
        assert "com.acme/blank" in findings
        assert "title: " in findings
        assert "secret-not-marked" in summary
        assert "still to be looked at" not in here.out
        assert "1 errors, " in status.out

    def test_filters(self, tmp_path: Path) -> None:
        """
        By severity, rule, source and name; a misspelt rule is answered with the right one.
        """
        with FakeUpstream() as upstream:
            for name in ("com.acme/one", "com.acme/two"):
                upstream.publish(manifest(name=name, title=" ", packages=_UNMARKED))
            registry = RunningRegistry(tmp_path, configuration(upstream.url))
            with registry:
                registry.wait_for("synced official")
                _until_judged(registry, 2)

                def rules(*options: str) -> list[str]:
                    outcome = mcp_registry("findings", "--json", *options, MCP_REGISTRY_SERVER=registry.url)
                    return [item["rule"] for item in outcome.json["items"]]

                assert rules("--severity", "warning") == ["secret-not-marked", "secret-not-marked"]
                assert rules("--rule", "title-whitespace-only", "com.acme/two") == ["title-whitespace-only"]
                assert rules("--source", "nobody") == []
                assert rules("--limit", "3") == ["secret-not-marked", "secret-not-marked", "title-whitespace-only"]
                misspelt = mcp_registry("findings", "--server", registry.url, "--rule", "secret-not-markd")
                limited = mcp_registry("findings", "--server", registry.url, "--limit", "1")

        assert 'did you mean "secret-not-marked"?' in misspelt.out
        assert "there are more than these 1" in limited.out

    def test_a_changed_configuration_shows_at_once(self, tmp_path: Path) -> None:
        """
        An organisation that raises a rule to an error needs nothing judged again.
        """
        with FakeUpstream() as upstream:
            upstream.publish(manifest(name="com.acme/open", packages=_UNMARKED))
            registry = RunningRegistry(tmp_path, configuration(upstream.url))
            with registry:
                registry.wait_for("synced official")
                _until_judged(registry, 1)
        before = mcp_registry("findings", "--config", registry.config, "--json").json

        registry.config.write_text(f'{registry.config.read_text()}\n[validation]\nerrors = ["secret-not-marked"]\n')
        after = mcp_registry("findings", "--config", registry.config, "--severity", "error", "--json").json

        assert [item["severity"] for item in before["items"]] == ["warning"]
        assert [item["issues"][0]["severity"] for item in after["items"]] == ["error"]
        assert (after["summary"]["errors"], after["summary"]["pending"]) == (1, 0)


class TestKilled:
    def test_nothing_is_lost_and_nothing_is_twice(self, tmp_path: Path) -> None:
        """
        Ended at any moment while it judges, it goes on where it was; in the end all is as the engine says.
        """
        with FakeUpstream() as upstream:
            upstream.load_jsonl(generate(400, seed=5))
            documents = [
                bytes(item.server) for item in (msgspec.json.decode(line, type=Item) for line in generate(400, seed=5))
            ]
            registry = RunningRegistry(tmp_path, configuration(upstream.url))
            mcp_registry("sync", "--config", registry.config)
            for moment in (0.0, 0.02, 0.1, 0.25):
                registry.start()
                linger(moment)
                registry.kill()
                registry.clock.advance(_LEASE_S)
            with registry:
                registry.wait_for("validated")
                found = _found(registry)

        assert found == _expected(documents)
        assert contradictions(registry.store) == []


@pytest.mark.real_data
def test_the_real_registry_of_one_day(tmp_path: Path) -> None:
    """
    All 395 entries that fail the schema they name are found, and all else that the engine finds, also after a restart.
    """
    file = real_data()
    assert file is not None
    lines = file.read_bytes().splitlines()
    documents = [bytes(msgspec.json.decode(line, type=Item).server) for line in lines]
    with FakeUpstream() as upstream:
        upstream.load_jsonl(lines)
        registry = RunningRegistry(tmp_path, configuration(upstream.url))
        with registry:
            registry.wait_for("synced official")
            _until_judged(registry, len(documents))
            before = _found(registry)
        with registry:
            after = _found(registry)

    assert before == after == _expected(documents)
    assert len({key for key in after if key[0] == JSON_SCHEMA_RULE}) == _FAIL_THEIR_SCHEMA
