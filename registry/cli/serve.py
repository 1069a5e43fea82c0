"""`mcp-registry serve`."""

import os
from pathlib import Path

import click
import msgspec

from registry.clock import SystemClock
from registry.settings.file import load_settings


@click.command("serve")
@click.option(
    "--config",
    metavar="FILE",
    envvar="MCP_REGISTRY_CONFIG",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration.",
)
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes; wins over the configuration.")
def serve_command(config: Path, workers: int | None) -> None:
    """Serve the registry until told to stop, and keep its mirror up to date."""
    from registry.serve import serve  # the other commands start faster without the server

    settings = load_settings(config, os.environ)
    if workers is not None:
        server = msgspec.structs.replace(settings.server, workers=workers)
        settings = msgspec.structs.replace(settings, server=server)
    serve(settings, clock=SystemClock())
