"""The fake upstream as a process of its own, as measurements use it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.generator import generate, write
from tests.doubles.plain_client import fetch

ROOT = Path(__file__).parents[2]


class TestProcess:
    @pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
    def test_serves_a_catalog_until_told_to_stop(self, tmp_path: Path, ending: signal.Signals) -> None:
        """
        Its first line is its URL; it serves the file given to it and ends cleanly on SIGTERM or SIGINT.
        """
        catalog = tmp_path / "catalog.jsonl.gz"
        write(generate(50), catalog)
        command = [sys.executable, "-W", "error", "-m", "tests.doubles.upstream", "--catalog", str(catalog)]

        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            answer = fetch(url, "/v0.1/servers?include_deleted=true&limit=100")
            process.send_signal(ending)
            _, errors = process.communicate(timeout=20)

        assert answer.json()["metadata"]["count"] == 50
        assert (process.returncode, errors) == (0, "")
