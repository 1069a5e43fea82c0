"""A process that decides, publishes and lists without pause: `python -m tests.store.deciding FILE SEED WRITES`.

After each commit, and not before, it says on stdout what it was told is in force: one JSON array a line.
"""

import asyncio
import json
import random
import sys
from pathlib import Path

from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE
from registry.clock import SystemClock
from registry.commands.approvals import Wanted, approve_now, revoke_approval
from registry.commands.change import Change
from registry.commands.follow import follow_all
from registry.commands.perform import perform
from registry.commands.publish import Publication, publish
from registry.commands.rules import block, unblock
from registry.commands.teams import grant_access, make_team, revoke_access
from registry.store.sqlite.store import SqliteStore
from tests.contract.engines import configure, entry, put, source
from tests.contract.governing import ADA, BEN

TEAMS = tuple(f"team-{number}" for number in range(8))
_NAMES = tuple(f"com.acme/server-{number}" for number in range(150))


class Deciding:
    """What a random decider does, on a store of its own process."""

    def __init__(self, store: SqliteStore, seed: int) -> None:
        self._store = store
        self._chance = random.Random(seed)
        self._published = 0
        self._seed = seed

    async def begin(self) -> None:
        """Unless another process has done so."""
        if self._store.snapshot().governance.team(TEAMS[0]) is None:
            await configure(self._store, source(), source(PRIVATE, 0))
            for start in range(0, len(_NAMES), 25):
                await put(self._store, *(entry(name) for name in _NAMES[start : start + 25]))
            for team in TEAMS:
                await perform(self._store, lambda t, name=team: make_team(t, name, description="", actor=ADA))  # type: ignore[misc]  # bound per round
        await follow_all(self._store)

    async def one(self) -> list[str]:
        """Write something; what is in force by it."""
        work = self._chance.choice((self._grant, self._grant, self._approve, self._approve, self._publish, self._block))
        return await work()

    async def _grant(self) -> list[str]:
        team = self._chance.choice(TEAMS)
        held = self._store.snapshot().governance.grants(team=team, in_force=True)
        if len(held) > 3:
            gone = self._chance.choice(held).id
            await perform(self._store, lambda t: revoke_access(t, gone, reason="", actor=ADA))
            return ["revoked", gone]
        unheld = [each for each in ("*", "com.*", *_NAMES[:40]) if each not in {grant.pattern for grant in held}]
        pattern = self._chance.choice(unheld)
        given = await perform(self._store, lambda t: grant_access(t, team, pattern, reason="", actor=ADA))
        # What needs several transactions is answered before the last of them, so that a death falls in between.
        acknowledge(["granted", given.id])
        await follow_all(self._store)
        return ["granted", given.id]

    async def _approve(self) -> list[str]:
        wanted = Wanted(name=ServerName(self._chance.choice(_NAMES)), audience=(self._chance.choice(TEAMS),))
        approval = await perform(self._store, lambda t: approve_now(t, wanted, reason="", actor=BEN))
        if self._chance.random() < 0.3:
            await perform(self._store, lambda t: revoke_approval(t, approval.id, reason="", actor=BEN))
            return ["ended", approval.id]
        return ["approved", approval.id]

    async def _publish(self) -> list[str]:
        self._published += 1
        name = f"org.ours/made-{self._seed}-{self._published}"
        publication = Publication(entry=entry(name, published_us=None))
        change = Change(actor=ADA, now_us=SystemClock().now_us())
        await perform(self._store, lambda t: publish(t, publication, change))
        return ["published", name]

    async def _block(self) -> list[str]:
        name = ServerName(self._chance.choice(_NAMES))
        if self._store.snapshot().governance.blocks(name):
            await perform(self._store, lambda t: unblock(t, name, None, reason="", actor=ADA))
            return ["unblocked", name]
        await perform(self._store, lambda t: block(t, name, None, reason="", actor=ADA))
        return ["blocked", name]


def acknowledge(said: list[str]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


async def _decide(path: Path, seed: int, writes: int) -> None:
    store = SqliteStore(path, SystemClock())
    try:
        deciding = Deciding(store, seed)
        await deciding.begin()
        acknowledge(["begun"])
        for _ in range(writes):
            acknowledge(await deciding.one())
    finally:
        await store.aclose()


if __name__ == "__main__":
    asyncio.run(_decide(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
