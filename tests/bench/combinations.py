"""Every combination of filters, asked of a view while a heartbeat watches the event loop.

A question that is answered on the loop holds it for as long as it takes; one that is answered on a thread holds it
only where the thread has the interpreter. The heartbeat sees both.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import combinations, product
from pathlib import Path
from typing import Any, Final

import msgspec

from registry.catalog.entry import ServerName
from registry.catalog.query import Position, Query
from registry.clock import SystemClock
from registry.errors import StoreBusy
from registry.store.interface import EVERYONE, TeamView
from registry.store.sqlite.store import SqliteStore
from tests.bench import questions

_BEAT_S: Final = 0.001
_SUSPICIOUS_MS: Final = 15.0
_SEED: Final = 5
_CHANGED_BACK: Final = "SELECT changed_us FROM view_entries WHERE view_id = 1 ORDER BY changed_us DESC LIMIT 1 OFFSET ?"
_NAME_AT: Final = "SELECT name, version FROM view_entries WHERE view_id = 1 ORDER BY name, version LIMIT 1 OFFSET ?"
_BIGGEST_NAME: Final = """
SELECT name FROM view_entries INDEXED BY view_scan WHERE view_id = 1 GROUP BY name ORDER BY count(*) DESC LIMIT 1
"""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One question: the longest time it kept the loop from anything else, and how long its answer took."""

    question: str
    hold_ms: float
    took_ms: float
    refused: bool


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """
    What came of all questions that there was time for.

    `covered`: of how many filters every choice of values was asked in every combination: 0, 2 or 3.
    """

    combinations: int
    asked: int
    covered: int
    refused: int
    worst: Asked
    slowest: Asked
    name_hold_ms: float


class _Heartbeat:
    """The longest time between two beats since it was last asked."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._last_ns = time.monotonic_ns()
        self._longest_ns = 0
        self._timer = self._loop.call_later(_BEAT_S, self._beat)

    def begin(self) -> None:
        self._last_ns, self._longest_ns = time.monotonic_ns(), 0

    def longest_ms(self) -> float:
        """Counts the time since the last beat: a question that never yielded held the loop for all of it."""
        self._note()
        return self._longest_ns / 1e6

    def stop(self) -> None:
        self._timer.cancel()

    def _beat(self) -> None:
        self._note()
        self._timer = self._loop.call_later(_BEAT_S, self._beat)

    def _note(self) -> None:
        now_ns = time.monotonic_ns()
        self._longest_ns = max(self._longest_ns, now_ns - self._last_ns)
        self._last_ns = now_ns


async def ask_all(path: Path, *, budget_s: float) -> Found:
    """
    Ask for as long as *budget_s* allows.

    First come as few questions as bring every two values of different filters together, then every three, then the
    rest; each part in random order.
    """
    queries = list(_queries(path))
    random.Random(_SEED).shuffle(queries)
    pairs, triples = _covering(queries, 2), _covering(queries, 3)
    ordered = list(dict.fromkeys([*pairs, *triples, *range(len(queries))]))
    store = SqliteStore(path, SystemClock())
    heart = _Heartbeat()
    try:
        view = store.view(EVERYONE)
        if view is None:
            raise ValueError("the store has no view of everyone")
        asked: list[Asked] = []
        ends = time.monotonic() + budget_s
        for index in ordered:
            if time.monotonic() > ends:
                break
            asked.append(await _ask(view, queries[index], heart))
        reached = set(ordered[: len(asked)])
        return Found(
            combinations=len(queries),
            asked=len(asked),
            covered=3 if reached.issuperset(triples) else 2 if reached.issuperset(pairs) else 0,
            refused=sum(one.refused for one in asked),
            worst=max(asked, key=lambda one: one.hold_ms),
            slowest=max(asked, key=lambda one: one.took_ms),
            name_hold_ms=await _ask_name(view, path),
        )
    finally:
        heart.stop()
        await store.aclose()


def _covering(queries: list[Query], count: int) -> list[int]:
    """Which questions bring every *count* values of different filters together; not the fewest there could be."""
    seen: set[tuple[tuple[str, object], ...]] = set()
    chosen = []
    for index, query in enumerate(queries):
        together = set(combinations(_values(query), count))
        if not together <= seen:
            seen |= together
            chosen.append(index)
    return chosen


def _values(query: Query) -> list[tuple[str, object]]:
    since = query.updated_since_us, query.include_deleted
    fields = query.search, query.version, query.registry_type, query.transport, since, query.after.name
    return [(str(number), value) for number, value in enumerate(fields)]


async def _ask(view: TeamView, query: Query, heart: _Heartbeat) -> Asked:
    """
    The smallest hold of three, where the first one is suspicious.

    What a question does to the loop it does every time; what the rest of the machine does to it, it does once.
    """
    asked = await _ask_once(view, query, heart)
    if asked.hold_ms < _SUSPICIOUS_MS:
        return asked
    return min([asked, *[await _ask_once(view, query, heart) for _ in range(2)]], key=lambda one: one.hold_ms)


async def _ask_once(view: TeamView, query: Query, heart: _Heartbeat) -> Asked:
    # Whatever piled up behind the last question runs first, and counts for none.
    await asyncio.sleep(0)
    heart.begin()
    began_ns = time.monotonic_ns()
    refused = False
    try:
        await view.page(query)
    except StoreBusy:
        refused = True
    hold_ms, took_ms = heart.longest_ms(), (time.monotonic_ns() - began_ns) / 1e6
    return Asked(question=_text(query), hold_ms=hold_ms, took_ms=took_ms, refused=refused)


async def _ask_name(view: TeamView, path: Path) -> float:
    """These are never answered elsewhere than on the loop: they hold it for as long as they take."""
    name = ServerName.parse(_one(path, _BIGGEST_NAME)[0])
    slowest_ms = []
    for _ in range(3):
        began_ns = time.monotonic_ns()
        await view.versions(name, include_deleted=True)
        view.latest(name, include_deleted=True)
        slowest_ms.append((time.monotonic_ns() - began_ns) / 1e6)
    return min(slowest_ms)


def _queries(path: Path) -> Iterator[Query]:
    """Every value of every filter with every value of all others, from three places in the list."""
    terms = questions.terms(path, 1)
    count = _one(path, "SELECT count(*) FROM view_entries")[0]
    searches = ("", terms.common[0], "server", terms.rare[0], terms.absent[0], "e", "日")
    versions = (None, "latest", "0.1.0", "99.98.97")
    types = ("", "npm", "nuget", "absent")
    transports = ("", "stdio", "sse", "absent")
    changed: list[tuple[int | None, bool]] = [(None, False), (None, True), (0, True)]
    changed += [(_one(path, _CHANGED_BACK, back)[0], True) for back in (count // 2, 2_000, 500)]
    changed.append((1 << 60, True))
    places = [Position(tier=0), *(_position(path, count * tenths // 10) for tenths in (5, 9))]
    for search, version, kind, transport, (since_us, deleted), place in product(
        searches, versions, types, transports, changed, places
    ):
        yield Query(
            search=search,
            version=version,
            registry_type=kind,
            transport=transport,
            updated_since_us=since_us,
            include_deleted=deleted,
            after=place,
        )


def _position(path: Path, offset: int) -> Position:
    name, version = _one(path, _NAME_AT, offset)
    return Position(name=name, version=version)


def _text(query: Query) -> str:
    """The filters that are set, for people."""
    shown = {
        name: value for name, value in msgspec.structs.asdict(query).items() if value and name not in ("limit", "after")
    }
    return " ".join([*(f"{name}={value}" for name, value in shown.items()), f"after {query.after.name or 'nothing'}"])


# Any: which columns it has is up to the statement.
def _one(path: Path, statement: str, *bound: object) -> tuple[Any, ...]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        row: tuple[Any, ...] = connection.execute(statement, bound).fetchone()
        return row
