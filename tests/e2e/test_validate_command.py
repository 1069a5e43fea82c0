"""`mcp-registry validate`: what people, editors and CI get."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.validation.versions import CURRENT_URL
from tests.e2e.command import Outcome, mcp_registry

PROJECT = Path(__file__).resolve().parents[2]
GOOD = {
    "$schema": CURRENT_URL,
    "name": "com.acme/payroll",
    "description": "Pays people",
    "version": "1.0.0",
    "remotes": [{"type": "streamable-http", "url": "https://payroll.example/mcp"}],
}
BAD = GOOD | {"version": "latest"}
"""Line 5, column 14, when it is indented by two."""
UNWISE = GOOD | {"packages": [{"registryType": "npm", "identifier": "payroll", "transport": {"type": "stdio"}}]}


def written(path: Path, manifest: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest, indent=2))
    return path


def run_in(folder: Path, command: str) -> Outcome:
    """A shell's command line, run as CI would; `mcp-registry` is the one under test."""
    words = [*shlex.split(command)]
    assert words[0] == "mcp-registry"
    ended = subprocess.run(
        [sys.executable, "-m", "registry", *words[1:]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    return Outcome(status=ended.returncode, out=ended.stdout, err=ended.stderr)


class TestFiles:
    def test_good(self, tmp_path: Path) -> None:
        """
        A manifest without fault ends with 0.
        """
        outcome = mcp_registry("validate", written(tmp_path / "server.json", GOOD))

        assert (outcome.status, outcome.out) == (0, "1 file: ok\n")

    def test_bad(self, tmp_path: Path) -> None:
        """
        A finding is one line: file, line, column, severity, path, message and rule. The status is 1.
        """
        file = written(tmp_path / "server.json", BAD)

        outcome = mcp_registry("validate", file)

        assert outcome.status == 1
        assert outcome.out.splitlines()[0] == (
            f"{file}:5:14: error: version: version string 'latest' is reserved and cannot be used "
            "[reserved-version-string]"
        )

    def test_directory(self, tmp_path: Path) -> None:
        """
        In a directory server.json and *.server.json are found at any depth, and nothing that is hidden or not ours.
        """
        for name in (
            "server.json",
            "b/payroll.server.json",
            "b/other.json",
            ".git/server.json",
            "node_modules/x/server.json",
        ):
            written(tmp_path / name, GOOD)

        outcome = mcp_registry("validate", tmp_path, "--format", "json")

        assert [each["file"] for each in outcome.json["files"]] == [
            str(tmp_path / "b/payroll.server.json"),
            str(tmp_path / "server.json"),
        ]

    def test_without_words(self, tmp_path: Path) -> None:
        """
        Without any word it is the directory one is in, and files are named from there.
        """
        written(tmp_path / "sub/server.json", BAD)

        outcome = run_in(tmp_path, "mcp-registry validate")

        assert (outcome.status, outcome.out.partition(":")[0]) == (1, "sub/server.json")

    def test_pattern(self, tmp_path: Path) -> None:
        """
        A quoted pattern works, and a file that two words mean is read once.
        """
        file = written(tmp_path / "a/one.json", BAD)

        outcome = mcp_registry("validate", f"{tmp_path}/**/*.json", file, "--format", "json")

        assert [each["file"] for each in outcome.json["files"]] == [str(file)]

    def test_standard_input(self) -> None:
        """
        `-` is standard input.
        """
        outcome = mcp_registry("validate", "-", typed=json.dumps(BAD))

        assert (outcome.status, outcome.out.partition(":")[0]) == (1, "stdin")

    @pytest.mark.parametrize("word", ["empty", "*.nothing"])
    def test_nothing_there(self, tmp_path: Path, word: str) -> None:
        """
        A directory without manifests and a pattern without files are mistakes, not success.
        """
        (tmp_path / "empty").mkdir()

        outcome = mcp_registry("validate", tmp_path / word)

        assert (outcome.status, word in outcome.err) == (2, True)

    def test_unreadable(self, tmp_path: Path) -> None:
        """
        What cannot be read ends with 2, and the others are judged all the same.
        """
        bad = written(tmp_path / "server.json", BAD)

        outcome = mcp_registry("validate", tmp_path / "missing.json", bad)

        assert outcome.status == 2
        assert f"{tmp_path}/missing.json: cannot be read: no such file or directory" in outcome.out
        assert "reserved-version-string" in outcome.out


class TestSyntax:
    @pytest.mark.parametrize(
        ("text", "place", "said"),
        [
            ('{\n  // the name\n  "name": "a/b"\n}', "2:3", "line 2 holds a comment, and JSON has none: take it out"),
            ('{\n  "a": 1,\n}', "3:1", "take it out"),
            ('{\n  "name": "a",\n  "name": "b"\n}', "3:3", "the member 'name' stands twice"),
            ('{\n  "Name": "a"\n}', "2:3", "which some parsers read as 'name'"),
            ('{\n  "a": 1e999\n}', "2:8", "out of range"),
            ("[]", "1:1", "it is not a JSON object"),
        ],
    )
    def test_is_told_with_its_place(self, tmp_path: Path, text: str, place: str, said: str) -> None:
        """
        What is no manifest at all is one finding, at the line and column of the mistake, in words that help.
        """
        file = written(tmp_path / "server.json", text)

        outcome = mcp_registry("validate", file)

        line, total = outcome.out.splitlines()
        assert (outcome.status, total) == (1, "1 file: 1 error")
        assert line.startswith(f"{file}:{place}: error: ")
        assert line.endswith(" [json-syntax]")
        assert said in line

    @pytest.mark.parametrize(
        "text",
        [
            '{"a":' * 150_000,
            '{"a": [' + "0," * 400_000 + "0]}",
            '{"a": ' + "9" * 900_000 + "}",
            " " * 3_000_000,
            "\0" * 9,
        ],
        ids=["deep", "wide", "a huge number", "too large", "NUL"],
    )
    def test_hostile(self, tmp_path: Path, text: str) -> None:
        """
        A hostile manifest is one finding, soon.
        """
        file = written(tmp_path / "server.json", text)
        began = time.monotonic()

        outcome = mcp_registry("validate", file)

        assert (outcome.status, outcome.out.splitlines()[-1]) == (1, "1 file: 1 error")
        assert time.monotonic() - began < 5


class TestOptions:
    @pytest.mark.parametrize(("fail_on", "status"), [("error", 0), ("warning", 1), ("info", 1)])
    def test_fail_on(self, tmp_path: Path, fail_on: str, status: int) -> None:
        """
        A warning fails only whoever asks for it.
        """
        file = written(tmp_path / "server.json", UNWISE)

        assert mcp_registry("validate", file, "--fail-on", fail_on).status == status

    @pytest.mark.parametrize(("severity", "status"), [("error", 1), ("info", 0)])
    def test_severity(self, tmp_path: Path, severity: str, status: int) -> None:
        """
        A rule of advice is as bad as the caller says.
        """
        file = written(tmp_path / "server.json", UNWISE)

        outcome = mcp_registry("validate", file, "--severity", f"unpinned-version={severity}", "--format", "json")

        (finding,) = outcome.json["files"][0]["findings"]
        assert (outcome.status, finding["rule"], finding["severity"]) == (status, "unpinned-version", severity)

    def test_severities_of_an_organisation(self, tmp_path: Path) -> None:
        """
        With --config rules are as bad as the configuration says; --severity wins over it.
        """
        file = written(tmp_path / "server.json", UNWISE)
        config = written(tmp_path / "registry.toml", '[validation]\nerrors = ["unpinned-version"]\n')

        configured = mcp_registry("validate", file, "--config", config)
        overridden = mcp_registry("validate", file, "--config", config, "--severity", "unpinned-version=info")

        assert (configured.status, overridden.status) == (1, 0)
        assert "error: packages[0]: the package payroll has no version" in configured.out

    def test_a_configuration_that_cannot_be_used(self, tmp_path: Path) -> None:
        """
        Is a mistake of the call, and no finding: the status is 2.
        """
        file = written(tmp_path / "server.json", GOOD)
        config = written(tmp_path / "registry.toml", '[validation]\nerrors = ["unpined-version"]\n')

        outcome = mcp_registry("validate", file, "--config", config)

        assert outcome.status == 2
        assert 'did you mean "unpinned-version"?' in outcome.err

    @pytest.mark.parametrize(
        ("override", "said"),
        [
            ("unpined-version=error", 'did you mean "unpinned-version"?'),
            ("invalid-server-name=info", 'no rule of advice "invalid-server-name"'),
            ("plain-http=bad", "expected one of plain-http=error, plain-http=warning, plain-http=info"),
            ("plain-http", "expected one of"),
        ],
    )
    def test_severity_that_is_none(self, tmp_path: Path, override: str, said: str) -> None:
        """
        A rule or a severity that does not exist is a mistake of the call, and the message helps.
        """
        file = written(tmp_path / "server.json", GOOD)

        outcome = mcp_registry("validate", file, "--severity", override)

        assert (outcome.status, said in outcome.err) == (2, True)

    def test_profile(self, tmp_path: Path) -> None:
        """
        The official profile gives the public registry's verdict, which takes this prerelease for a range.
        """
        file = written(tmp_path / "server.json", GOOD | {"version": "1.0.0-next.1"})

        ours, theirs = (mcp_registry("validate", file, "--profile", profile) for profile in ("private", "official"))

        assert (ours.status, theirs.status) == (0, 1)
        assert "version-looks-like-range" in theirs.out


class TestSpeed:
    def test_a_thousand(self, tmp_path: Path) -> None:
        """
        A thousand manifests with advice on each take a few seconds at most, start included.
        """
        for number in range(1000):
            written(tmp_path / f"{number}.server.json", UNWISE)
        began = time.monotonic()

        outcome = mcp_registry("validate", tmp_path)

        assert outcome.out.splitlines()[-1] == "1000 files: 1000 warnings"
        # Under 2 s on one core of its own; tests share theirs with others.
        assert time.monotonic() - began < 6
