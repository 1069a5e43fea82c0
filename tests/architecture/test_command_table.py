"""The command line starts one command, and not all of them."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from registry.cli.main import cli

_PROJECT = Path(__file__).resolve().parents[2]
_CONTEXT = click.Context(cli)
_SLOW_TO_IMPORT = ("apscheduler", "dns", "granian", "httpx", "litestar", "sqlite_utils", "structlog")


class TestCommands:
    @pytest.mark.parametrize("name", cli.list_commands(_CONTEXT))
    def test_it_is_what_it_is_called(self, name: str) -> None:
        """
        Under each name of the table stands the command of that name.
        """
        command = cli.get_command(_CONTEXT, name)

        assert command is not None
        assert command.name == name

    @pytest.mark.parametrize("command", ["token", "audit", "status"])
    def test_what_asks_the_store_brings_nothing_else(self, command: str) -> None:
        """
        Commands on the store import neither HTTP nor DNS nor the server, which take longer than the command.
        """
        ended = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "registry", command, "--help"],
            capture_output=True,
            text=True,
            check=True,
            cwd=_PROJECT,
        )

        imported = {line.rpartition("|")[2].strip() for line in ended.stderr.splitlines()}
        assert imported & {*_SLOW_TO_IMPORT} == set()
