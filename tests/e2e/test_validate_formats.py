"""`mcp-registry validate`: its formats, and the hook and the workflow that other projects copy."""

import re
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from tests.e2e.command import mcp_registry
from tests.e2e.test_validate_command import BAD, GOOD, PROJECT, UNWISE, run_in, written


class TestFormats:
    def test_json(self, tmp_path: Path) -> None:
        """
        JSON has all of a finding, and whether each file is valid.
        """
        file = written(tmp_path / "server.json", BAD)

        told = mcp_registry("validate", file, tmp_path / "gone", "--format", "json").json

        assert told == {
            "files": [
                {
                    "file": str(file),
                    "valid": False,
                    "findings": [
                        {
                            "line": 5,
                            "column": 14,
                            "severity": "error",
                            "type": "semantic",
                            "rule": "reserved-version-string",
                            "path": "version",
                            "message": "version string 'latest' is reserved and cannot be used",
                            "reference": "reserved-version-string",
                        }
                    ],
                }
            ],
            "unreadable": [{"file": f"{tmp_path}/gone", "reason": "no such file or directory"}],
            "counts": {"error": 1, "warning": 0, "info": 0},
        }

    def test_github(self, tmp_path: Path) -> None:
        """
        Each finding is one annotation, whose file is named from the checkout.
        """
        written(tmp_path / "a,b/server.json", BAD)

        outcome = run_in(tmp_path, "mcp-registry validate --format github")

        assert outcome.out == (
            "::error file=a%2Cb/server.json,line=5,col=14,title=reserved-version-string::"
            "version: version string 'latest' is reserved and cannot be used\n"
        )

    def test_github_takes_no_commands_from_a_manifest(self, tmp_path: Path) -> None:
        """
        Line breaks in a manifest end no annotation and begin no command.
        """
        hostile = GOOD | {"version": "^1\n::stop-commands::x\r\n%0A::set-env name=A::b", "x\n::error::y": 1}
        file = written(tmp_path / "server.json", hostile)

        outcome = mcp_registry("validate", file, "--format", "github")

        lines = outcome.out.splitlines()
        assert outcome.status == 1
        assert lines
        assert all(re.match(r"::(error|warning|notice) file=", line) for line in lines)

    def test_text_shows_no_control_characters(self, tmp_path: Path) -> None:
        """
        A manifest cannot move the cursor of whoever reads about it, nor fake a line.
        """
        file = written(tmp_path / "server.json", GOOD | {"version": "~1\x1b[2J\nserver.json: ok‮"})

        outcome = mcp_registry("validate", file)

        assert "\x1b" not in outcome.out
        assert "\nserver.json: ok" not in outcome.out
        assert "‮" not in outcome.out

    def test_sarif(self, tmp_path: Path) -> None:
        """
        The log has what the SARIF 2.1.0 standard requires, and every finding with its place.
        """
        written(tmp_path / "a b/server.json", BAD | {"websiteUrl": "x"})

        outcome = run_in(tmp_path, "mcp-registry validate . gone.json --format sarif")

        log = outcome.json
        require_sarif(log)
        (run,) = log["runs"]
        (result,) = (each for each in run["results"] if each["ruleId"] == "reserved-version-string")
        assert (outcome.status, result["level"]) == (2, "error")
        assert result["locations"][0]["physicalLocation"] == {
            "artifactLocation": {"uri": "a%20b/server.json"},
            "region": {"startLine": 5, "startColumn": 14},
        }
        assert run["invocations"][0]["executionSuccessful"] is False

    def test_sarif_of_nothing(self, tmp_path: Path) -> None:
        """
        Without findings it is a log with an empty list, which closes the alerts of the run before.
        """
        outcome = mcp_registry("validate", written(tmp_path / "server.json", GOOD), "--format", "sarif")

        require_sarif(outcome.json)
        assert outcome.json["runs"][0]["results"] == []

    def test_junit(self, tmp_path: Path) -> None:
        """
        Each file is a test case; what does not fail the call is its output; what XML cannot hold is escaped.
        """
        written(tmp_path / "bad.server.json", BAD | {"title": "\x01\x0b"})
        written(tmp_path / "good.server.json", GOOD)
        written(tmp_path / "unwise.server.json", UNWISE)

        outcome = run_in(tmp_path, "mcp-registry validate . gone.json --format junit")

        suite = ElementTree.fromstring(outcome.out)[0]
        cases = {case.get("name"): case for case in suite}
        assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
            "tests": "4",
            "failures": "1",
            "errors": "1",
        }
        assert "5:14: error" in (cases["bad.server.json"][0].text or "")
        assert [child.tag for case in cases.values() for child in case] == ["failure", "system-out", "error"]


# Any: a log as it was printed.
def require_sarif(log: dict[str, Any]) -> None:
    """Asserts what SARIF 2.1.0 requires (§3.13, §3.14, §3.18-19, §3.27-30): members, their types, their ranges."""
    assert log["version"] == "2.1.0"
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        rules = [rule["id"] for rule in driver["rules"]]
        assert isinstance(driver["name"], str)
        assert len(rules) == len(set(rules))
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        assert all(isinstance(invocation["executionSuccessful"], bool) for invocation in run["invocations"])
        for result in run["results"]:
            assert rules[result["ruleIndex"]] == result["ruleId"]
            assert result["level"] in ("none", "note", "warning", "error")
            assert isinstance(result["message"]["text"], str)
            for location in result["locations"]:
                place = location["physicalLocation"]
                assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=@%/:-]+", place["artifactLocation"]["uri"])
                assert place["region"]["startLine"] >= 1
                assert place["region"]["startColumn"] >= 1


class TestInOtherProjects:
    def test_pre_commit_hook(self, tmp_path: Path) -> None:
        """
        The hook runs with the files that its pattern picks, and fails for a bad one.
        """
        (hook,) = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text())
        candidates = ("server.json", "a/payroll.server.json", "a/myserver.json", "server.json5", "a/server.json.bak")
        picked = [name for name in candidates if re.search(hook["files"], name)]
        for name in picked:
            written(tmp_path / name, BAD)

        outcome = run_in(tmp_path, shlex.join([*shlex.split(hook["entry"]), *picked]))

        assert {"id", "name", "entry", "language"} <= hook.keys()
        assert picked == ["server.json", "a/payroll.server.json"]
        assert (outcome.status, outcome.out.count("reserved-version-string")) == (1, 2)

    def test_example_workflow(self, tmp_path: Path) -> None:
        """
        The example's own command annotates a bad manifest, and the job may read and nothing else.
        """
        workflow = yaml.safe_load((PROJECT / "docs" / "ci" / "example-workflow.yml").read_text())
        (job,) = workflow["jobs"].values()
        command, _ = (step["run"] for step in job["steps"] if "mcp-registry validate" in step.get("run", ""))
        written(tmp_path / "servers/payroll/server.json", BAD)

        outcome = run_in(tmp_path, command)

        assert workflow["permissions"] == {"contents": "read"}
        assert (outcome.status, outcome.out.startswith("::error file=servers/payroll/server.json,line=5,")) == (1, True)
