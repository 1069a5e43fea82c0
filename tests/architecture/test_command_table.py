"""The command line starts one command, and not all of them."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from registry.cli.main import COMMANDS, cli

_PROJECT = Path(__file__).resolve().parents[2]
_CONTEXT = click.Context(cli)
_SLOW_TO_IMPORT = ("apscheduler", "dns", "granian", "httpx", "litestar", "sqlite_utils", "structlog")
_ASK_THE_STORE = ("token", "audit", "status")
# Of a module's commands the last of the table: they all import the same.
_LAST_OF_MODULE = {where.partition(":")[0]: name for name, where in COMMANDS.items()}
_ONE_A_MODULE = sorted({*_LAST_OF_MODULE.values(), *_ASK_THE_STORE})


class TestCommands:
    @pytest.mark.parametrize("name", cli.list_commands(_CONTEXT))
    def test_it_is_what_it_is_called(self, name: str) -> None:
        """
        Under each name of the table stands the command of that name.
        """
        command = cli.get_command(_CONTEXT, name)

        assert command is not None
        assert command.name == name

    @pytest.mark.parametrize("command", _ONE_A_MODULE)
    def test_it_starts_by_itself(self, command: str) -> None:
        """
        In a new interpreter, which no other command had import anything. What asks the store brings neither HTTP nor
        DNS nor the server along, which take longer to import than the command takes.
        """
        ended = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "registry", command, "--help"],
            capture_output=True,
            text=True,
            check=True,
            cwd=_PROJECT,
        )

        assert ended.stdout.startswith(f"Usage: mcp-registry {command} ")
        imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
        if command in _ASK_THE_STORE:
            assert imported & {*_SLOW_TO_IMPORT} == set()
