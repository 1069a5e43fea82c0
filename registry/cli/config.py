"""`mcp-registry config check`."""

import os
from pathlib import Path

import click

from registry.cli.output import emit_json
from registry.settings import warnings
from registry.settings.file import check_config, load_settings


@click.group("config")
def config_group() -> None:
    """The configuration file."""


@config_group.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check_command(file: Path, as_json: bool) -> None:
    """Say what is wrong with FILE: key, line and what was expected. Exits with 1 if anything is.

    Variables MCP_REGISTRY_… of the environment are checked with it.
    """
    problems = check_config(file, os.environ)
    advice = [] if problems else warnings(load_settings(file, os.environ))
    if as_json:
        emit_json({"file": str(file), "problems": problems, "warnings": advice})
    else:
        for problem in problems:
            click.echo(str(problem), err=True)
        for warning in advice:
            click.echo(f"{file}: warning: {warning.key}: {warning.message}", err=True)
        if not problems:
            click.echo(f"{file}: ok")
    if problems:
        raise SystemExit(1)
