"""The command `mcp-registry`, run as a user runs it."""

import json
import os
from pathlib import Path
from typing import Any

import msgspec

from tests.forked import run

_PATIENCE_S = 60


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # Any: what a command prints as JSON has no one shape
        return json.loads(self.out)


def mcp_registry(*words: str | Path, typed: str = "", **environ: str) -> Outcome:
    """Run it with these words; *typed* is what the user types, *environ* what is set beside the usual."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MCP_REGISTRY_")}
    status, out, err = run(
        "registry", [*map(str, words)], environ=inherited | environ, typed=typed, timeout_s=_PATIENCE_S
    )
    return Outcome(status=status, out=out, err=err)
