"""The README is true: its table is the schema's, and its tour works as it stands."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.config import markdown_table
from tests.running import RunningRegistry

_PROJECT = Path(__file__).resolve().parents[2]
_README = (_PROJECT / "README.md").read_text()
_DEMO = (_PROJECT / "fixtures" / "demo.toml").read_text()
_GOVERNANCE = (_PROJECT / "fixtures" / "demo-governance.toml").read_text()
_TOUR = _README.partition("## A five-minute tour")[2].partition("\n## ")[0]


def _commands() -> list[str]:
    """Line by line; what keeps something in a variable, with the rest of its block."""
    commands: list[str] = []
    for block in re.findall(r"```sh\n(.*?)```", _TOUR, re.DOTALL):
        if re.search(r"^(export )?\w+=", block, re.MULTILINE):
            commands.append(block)
        else:
            commands += [line for line in block.splitlines() if line and not line.startswith("#")]
    return commands


def _here(command: str, registry: RunningRegistry) -> str:
    """*command* for the demonstration as it runs here."""
    return (
        command.replace("http://127.0.0.1:8080", registry.url)
        .replace(".venv/bin/mcp-registry", f"{sys.executable} -m registry")
        .replace("fixtures/demo.toml", str(registry.config))
    )


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """The demonstration as `make run` starts it, offline, on another port and with a store of its own."""
    upstreams = _DEMO.partition("[anonymous]")[2].replace(
        '"sample.jsonl.gz"', f'"{_PROJECT / "fixtures" / "sample.jsonl.gz"}"'
    )
    offline = re.sub(r'url = "https://[^"]+"', 'url = "http://127.0.0.1:9"', upstreams)
    folder = tmp_path_factory.mktemp("demonstration")
    with RunningRegistry(folder, f"[anonymous]{offline}", governance=_GOVERNANCE) as running:
        running.wait_for("synced sample")
        running.wait_for("sync of official failed")
        yield running


class TestReadme:
    def test_its_table_is_the_schemas(self) -> None:
        """
        The configuration table is the one made from the JSON Schema.
        """
        assert markdown_table().strip() in _README

    @pytest.mark.parametrize("command", _commands())
    def test_its_tour_works(self, demonstration: RunningRegistry, command: str) -> None:
        """
        Each command of the tour, copied by hand, answers.
        """
        ended = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", _here(command, demonstration)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=_PROJECT,
            env={name: value for name, value in os.environ.items() if not name.startswith("MCP_REGISTRY_")},
        )

        assert "problem" not in ended.stdout
        if "mcp-registry status" in command:
            # The public registry cannot be reached here, and status says so with its exit status.
            assert (ended.returncode, "loopback" in ended.stdout) == (1, True)
        else:
            assert ended.returncode == 0, ended.stderr
        assert ended.stdout.strip()

    def test_an_unchanged_answer_is_304(self, demonstration: RunningRegistry) -> None:
        """
        The tour's ETag example ends in a 304.
        """
        command = next(command for command in _commands() if "If-None-Match" in command)

        ended = subprocess.run(
            ["bash", "-c", _here(command, demonstration)], capture_output=True, text=True, timeout=60, check=True
        )

        assert ended.stdout.startswith("HTTP/1.1 304")
