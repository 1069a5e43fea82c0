"""What is asked: pages and names drawn at random over the whole catalog, terms by how often they occur.

Everything is drawn with a fixed seed, so that two runs ask the same.
"""

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec

from registry.api.cursor import encode_cursor
from registry.catalog.query import Position, Query

_SEED: Final = 20_260_101
_KEYS: Final = "SELECT name, version FROM view_entries INDEXED BY view_scan WHERE view_id = 1 ORDER BY name, version"
_LATEST: Final = "SELECT name FROM view_entries WHERE view_id = 1 AND is_latest = 1 AND deleted = 0 ORDER BY name"
_TEXTS: Final = "SELECT text FROM search_texts"
_WORD: Final = re.compile(r"[a-z0-9]{3,}")
_COMMON_FROM: Final = 400
_RARE_UP_TO: Final = 5


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Words of the catalog, by the number of texts they occur in: 400 and more, between, at most 5, none."""

    common: Sequence[str]
    middling: Sequence[str]
    rare: Sequence[str]
    absent: Sequence[str]


def positions(store: Path, count: int) -> list[Position]:
    """Places in the list, each another one; in random order."""
    keys = _rows(store, _KEYS)
    return [Position(name=name, version=version) for name, version in random.Random(_SEED).sample(keys, count)]


def pages(store: Path, count: int, **filters: str) -> list[str]:
    """Targets of pages of 30 behind random positions."""
    query = Query(version=filters.get("version"))
    extra = "".join(f"&{name}={value}" for name, value in filters.items())
    return [
        f"/v0.1/servers?limit=30{extra}&cursor={encode_cursor(query, position)}" for position in positions(store, count)
    ]


def details(store: Path, count: int) -> list[str]:
    """Targets of the latest version of random servers."""
    names = [name for (name,) in _rows(store, _LATEST)]
    drawn = random.Random(_SEED).sample(names, min(count, len(names)))
    return [f"/v0.1/servers/{quote(name, safe='')}/versions/latest" for name in drawn]


def terms(store: Path, each: int) -> Terms:
    """*each* words of every kind; words that are not there are made of ones that are."""
    texts = [text for (text,) in _rows(store, _TEXTS)]
    counted = Counter(word for text in texts for word in set(_WORD.findall(text)))
    rng = random.Random(_SEED)
    common = sorted(word for word, count in counted.items() if count >= _COMMON_FROM)
    middling = sorted(word for word, count in counted.items() if _RARE_UP_TO < count < _COMMON_FROM)
    rare = sorted(word for word, count in counted.items() if count <= _RARE_UP_TO)
    whole = "\n".join(texts)
    # Backwards they have the letters, and often the trigrams, of words, and are none.
    absent = sorted({word[::-1] for word in [*middling, *rare]} - counted.keys())
    rng.shuffle(absent)
    return Terms(
        common=_draw(rng, common, each),
        middling=_draw(rng, middling, each),
        rare=_draw(rng, rare, each),
        absent=[word for word in absent[: 20 * each] if word not in whole][:each],
    )


def search(term: str) -> str:
    """The target of a search."""
    return f"/v0.1/servers?search={quote(term, safe='')}"


def _draw(rng: random.Random, words: Sequence[str], count: int) -> list[str]:
    # With few common words some are asked for twice; nothing remembers an answer.
    return rng.sample(words, count) if len(words) >= count else [rng.choice(words) for _ in range(count)]


def _rows(store: Path, statement: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()
