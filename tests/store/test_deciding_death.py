"""A decider that is killed at any moment has lost nothing it was told, and leaves views that are what the rule says."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from registry.audit.verify import verify_record
from registry.catalog.approval import State
from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE
from registry.clock import SystemClock
from registry.store.interface import Store
from registry.store.sqlite.store import SqliteStore
from registry.views import compare, finish
from tests.store.processes import PROJECT

pytestmark = pytest.mark.anyio

_ALL: Final = 1 << 31


class Told:
    """What deciders have been told is in force. The last word on each thing counts."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._cut_off = 0

    def live(self, path: Path, seed: int, *, writes: int, dies_after: int) -> None:
        """Let one decide, and kill it behind its so-manieth answer, in the middle of whatever it does then."""
        words = [sys.executable, "-m", "tests.store.deciding", str(path), str(seed), str(writes)]
        with subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for number, line in enumerate(process.stdout):
                self._note(line)
                if number == dies_after:
                    process.kill()
        # In what it was killed it may have ended one block that it had been told of.
        self._cut_off += 1

    def _note(self, line: str) -> None:
        # A line that was cut off was no answer.
        if line.endswith("\n"):
            verb, *what = json.loads(line)
            self._last.update(dict.fromkeys(what, verb))

    def missing(self, store: Store) -> list[str]:
        """What is not as it was told. What a decider was killed in may have gone one step further."""
        governance = store.snapshot().governance
        blocked = {each.name for each in governance.blocks()}
        lost = []
        for what, verb in self._last.items():
            match verb:
                case "granted":
                    there = governance.grant(what) is not None
                case "revoked":
                    grant = governance.grant(what)
                    there = grant is not None and not grant.in_force
                case "approved":
                    approval = governance.approval(what)
                    there = approval is not None and approval.state in (State.APPROVED, State.SUPERSEDED)
                case "ended":
                    approval = governance.approval(what)
                    there = approval is not None and approval.state is State.REVOKED
                case "published":
                    there = bool(store.snapshot().entries(PRIVATE, ServerName(what)))
                case _:
                    there = True
            if not there:
                lost.append(f"{verb} {what}")
        wrong = [name for name, verb in self._last.items() if verb == "blocked" and name not in blocked]
        return lost + wrong[self._cut_off :]


def _broken_link(store: Store) -> object:
    """Where the record breaks; None for nowhere."""
    snapshot = store.snapshot()
    checkpoints, head = snapshot.checkpoints(after=0, limit=_ALL), snapshot.audit_head()
    assert head.sequence > 0
    return verify_record(snapshot.sealed_events(after=0, limit=_ALL), checkpoints, head).broken


async def _survives(path: Path, *, deaths: int, writes: int) -> None:
    chance, told = random.Random(deaths), Told()
    for number in range(deaths):
        told.live(path, number, writes=writes, dies_after=chance.randint(1, writes))

        store = SqliteStore(path, SystemClock())
        try:
            assert told.missing(store) == []
            await finish(store)
            compared = await compare(store, SystemClock())
            assert compared.differences == ()
            assert compared.names > 0
            assert _broken_link(store) is None
        finally:
            await store.aclose()


async def test_killed_five_times_while_deciding(path_on_disk: Path) -> None:
    """
    Grants, approvals, publications and blocks that were answered are there, every view equals its recomputation, and
    the record is whole.
    """
    await _survives(path_on_disk, deaths=5, writes=60)


@pytest.mark.long
async def test_killed_twenty_times_while_deciding(path_on_disk: Path) -> None:
    """
    The same, twenty times in a thousand writes each.
    """
    await _survives(path_on_disk, deaths=20, writes=1000)
