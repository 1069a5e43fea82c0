"""The command `mcp-registry`, run as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

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
    ended = subprocess.run(
        [sys.executable, "-m", "registry", *map(str, words)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
        env=inherited | environ,
        cwd=Path(__file__).resolve().parents[2],
    )
    return Outcome(status=ended.returncode, out=ended.stdout, err=ended.stderr)
