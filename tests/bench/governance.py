"""Governance: what a decision costs, and what many teams cost those who read.

Measured in the process that decides, on the store itself: what an edge adds does not depend on teams.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from fixtures.generator import generate
from registry.catalog.entry import ServerName
from registry.catalog.query import Position, Query
from registry.clock import SystemClock
from registry.commands.actor import Actor
from registry.commands.approvals import Wanted, approve_now
from registry.commands.follow import follow_all
from registry.commands.perform import perform
from registry.commands.rules import end_rule
from registry.commands.teams import grant_access, make_team
from registry.store.interface import EVERYONE, Store, TeamView, Transaction
from registry.store.sqlite.store import SqliteStore
from sync.normalize import normalize, take_apart
from tests.bench.catalogs import store_file
from tests.bench.figures import Figure, below
from tests.bench.filling import LARGEST_ENTRY_BYTES, UPSTREAM
from tests.bench.telling import tell

_VERSIONS: Final = 50_000
_TEAMS: Final = 200
_APPROVALS: Final = 20
_GRANTED: Final = 5_000
_SMALL: Final = 40
_ROUNDS: Final = 300
_ADA: Final = Actor(subject="ada", roles=("admin",))
_TERMS: Final = ("server", "data", "api")


def measure(_: float) -> Iterator[Figure]:
    """Decisions, and reading a small view beside a large one."""
    with _copied() as path:
        yield from asyncio.run(_measured(path))


def measure_teams(_: float, *, teams: int = 10_000, all_seeing: int = 10) -> Iterator[Figure]:
    """What ten thousand teams cost a page of the full view. Filling takes minutes."""
    with _copied() as path:
        yield from asyncio.run(_crowded(path, teams, all_seeing))


@contextmanager
def _copied() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(shutil.copy(store_file(_VERSIONS), Path(folder) / "store.db"))


async def _measured(path: Path) -> list[Figure]:
    store = SqliteStore(path, SystemClock())
    try:
        return [*await _decisions(store), *await _small_view(store)]
    finally:
        await store.aclose()


async def _decisions(store: SqliteStore) -> list[Figure]:
    tell(f"making {_TEAMS} teams that may read what is not approved yet")
    for rule in store.snapshot().governance.rules(in_force=True):
        await perform(store, lambda t, r=rule: end_rule(t, r.id, reason="bench", actor=_ADA))  # type: ignore[misc]  # bound per round
    names = await store.transact(lambda t: _unapproved(t, _APPROVALS))
    for number in range(_TEAMS):
        await _team(store, f"team-{number}", "com.bench-new/*")
    approving = []
    for name in names:
        began = time.perf_counter()
        await perform(store, lambda t, n=name: approve_now(t, Wanted(name=n), reason="bench", actor=_ADA))  # type: ignore[misc]  # bound per round
        approving.append((time.perf_counter() - began) * 1000)
    approving.sort()
    pattern, versions = await store.transact(_large)
    await _team(store, "granted")
    began = time.perf_counter()
    await perform(store, lambda t: grant_access(t, "granted", pattern, reason="bench", actor=_ADA))
    await follow_all(store)
    granting_s = time.perf_counter() - began
    return [
        below(f"approving one server, {_TEAMS} teams", median(approving), 50, unit="ms",
              note=f"of {len(approving)}; the slowest {approving[-1]:.0f} ms"),
        below("granting a namespace to a team", granting_s * _GRANTED / versions, 1, unit="s",
              note=f"per {_GRANTED:,} versions; {versions:,} took {granting_s:.2f} s"),
    ]  # fmt: skip


async def _small_view(store: SqliteStore) -> list[Figure]:
    tell(f"a team with {_SMALL} servers beside the full view")
    names = await store.transact(lambda t: t.names(after="", limit=100_000))
    await _team(store, "small", *map(str, names[:: len(names) // _SMALL][:_SMALL]))
    small, full = _view(store, "small"), _view(store, EVERYONE)
    page = await _paired(lambda view: view.page(Query(limit=30)), small, full)
    found = [
        below("list page of 30, few servers visible ÷ full view", page, 1.3, unit="", note=f"median of {_ROUNDS} pairs")
    ]
    for term in _TERMS:
        ratio = await _paired(lambda view, t=term: view.page(Query(limit=30, search=t)), small, full)  # type: ignore[misc]  # bound per round
        found.append(below(f"search {term!r}, few servers visible ÷ full view", ratio, 1.3, unit=""))
    return found


async def _crowded(path: Path, teams: int, all_seeing: int) -> list[Figure]:
    store = SqliteStore(path, SystemClock())
    try:
        full = _view(store, EVERYONE)
        names = await store.transact(lambda t: t.names(after="", limit=100_000))
        starts = [names[index] for index in range(0, len(names), max(1, len(names) // 500))]
        before = await _pages_us(full, starts)
        tell(f"making {teams:,} teams: {all_seeing} that see everything, the others {_SMALL} servers")
        began = time.monotonic()
        for number in range(teams):
            if number < all_seeing:
                await _team(store, f"all-{number}", "*")
            else:
                some = [names[(number * 37 + step * 101) % len(names)] for step in range(_SMALL)]
                await _team_at_once(store, f"few-{number}", some)
            if number % 1000 == 999:
                tell(f"{number + 1:,} teams, {time.monotonic() - began:.0f} s")
        after = await _pages_us(full, starts)
        before_again = after / before
        return [
            below(f"a page of the full view with {teams:,} teams ÷ with one", before_again, 1.1, unit="",
                  note=f"{before:.0f} µs before, {after:.0f} µs after"),
        ]  # fmt: skip
    finally:
        await store.aclose()


async def _pages_us(view: TeamView, starts: Sequence[ServerName]) -> float:
    """Microseconds for a page, the median of three rounds over the whole catalog."""
    rounds = []
    for _ in range(4):
        began = time.perf_counter()
        for start in starts:
            await view.page(Query(limit=30, after=Position(name=start)))
        rounds.append((time.perf_counter() - began) / len(starts) * 1e6)
    return median(rounds[1:])


async def _paired(ask: Callable[[TeamView], Awaitable[object]], small: TeamView, full: TeamView) -> float:
    """How many times the one costs of the other, asked in turn."""
    ratios = []
    for _ in range(_ROUNDS):
        taken = []
        for view in (small, full):
            began = time.perf_counter()
            await ask(view)
            taken.append(time.perf_counter() - began)
        ratios.append(taken[0] / taken[1])
    return median(ratios)


def _view(store: Store, team: str) -> TeamView:
    view = store.view(team)
    if view is None:
        raise ValueError(f"there is no team {team}")
    return view


async def _team(store: Store, name: str, *patterns: str) -> None:
    await perform(store, lambda t: make_team(t, name, description="", actor=_ADA))
    for pattern in patterns:
        await perform(store, lambda t, p=pattern: grant_access(t, name, p, reason="bench", actor=_ADA), durable=False)  # type: ignore[misc]  # bound per round
    await follow_all(store)


async def _team_at_once(store: Store, name: str, names: Sequence[ServerName]) -> None:
    """The same in one transaction."""

    def made(transaction: Transaction) -> None:
        make_team(transaction, name, description="", actor=_ADA)
        for each in dict.fromkeys(names):
            grant_access(transaction, name, str(each), reason="bench", actor=_ADA)

    await store.transact(made, durable=False)


def _unapproved(transaction: Transaction, count: int) -> list[ServerName]:
    """New servers that no rule has approved."""
    names = []
    for number, line in zip(range(count), generate(count, seed=7), strict=False):
        entry = normalize(line, take_apart(line), max_entry_bytes=LARGEST_ENTRY_BYTES)
        name = ServerName.parse(f"com.bench-new/server-{number}")
        transaction.put_entry(UPSTREAM, msgspec.structs.replace(entry, name=name), seen_in=1)
        names.append(name)
    return names


def _large(transaction: Transaction) -> tuple[str, int]:
    """A pattern that covers some thousand versions, and how many."""
    best = ("*", 0)
    for pattern in ("com.*", "io.*", "ai.*", "dev.*", "org.*"):
        low, high = pattern[:-1], pattern[:-1] + "\U0010ffff"
        names = transaction.names_between(low, high, after="", limit=100_000)
        versions = sum(len(transaction.entries(UPSTREAM, name)) for name in names)
        if abs(versions - _GRANTED) < abs(best[1] - _GRANTED):
            best = (pattern, versions)
    return best
