"""Random small catalogs and random questions, against a reading of the rules in plain Python."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.catalog.entry import Entry, Status
from registry.catalog.query import Query
from schemas.rfc3339 import parse_instant
from tests.contract.engines import NOW_US, Engine, configure, entry, everyone, key, official, opened, put, source, walk
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

NAMES = ["com.acme/pay", "Com.Acme/pay", "com.acme/pay-roll", "a.b/com.acme", "com-acme/Pay", "org.zeta/straße".replace(
    "ß", "ss")]  # fmt: skip
VERSIONS = ["1.0.0", "2.0.0", "10.0.0", "v1.0.0", "1.0.0+b", "2.0.0-rc.1", "snapshot", "2021.03.05"]
TYPES, TRANSPORTS = ["npm", "npm-x", "oci", "NPM"], ["stdio", "sse", "streamable-http"]
TEXTS = ["", "Pay", "Straße pay", '100% "pay"', "a_b\\c", "com.acme/pay", "日本語のサーバ"]
TERMS = ["pay", "PAY", "p", "ss", "com.acme/pay", "strasse", "%", "_b", '"', "語の", "語のサ", "acme", "zzz", "o", "."]

_tuples = st.lists(st.sampled_from(TYPES), max_size=3).map(tuple)
_kinds = st.lists(st.sampled_from(TRANSPORTS), max_size=3).map(tuple)
_entries = st.builds(
    entry,
    st.sampled_from(NAMES),
    st.sampled_from(VERSIONS),
    title=st.sampled_from(TEXTS),
    description=st.sampled_from(TEXTS),
    registry_types=_tuples,
    transports=_kinds,
    status=st.sampled_from(Status),
    published_us=st.integers(NOW_US - 3, NOW_US),
)
_catalogs = st.lists(st.lists(_entries, max_size=10), max_size=4)
_queries = st.builds(
    Query,
    limit=st.sampled_from([1, 2, 3, 7, 100]),
    search=st.just("") | st.sampled_from(TERMS),
    version=st.sampled_from([None, None, "latest", *VERSIONS, "none"]),
    updated_since_us=st.none() | st.integers(NOW_US - 1, NOW_US + 40_000_000),
    include_deleted=st.booleans(),
    registry_type=st.sampled_from(["", "", *TYPES, "np", "npm oci", "npm ", " ", "none"]),
    transport=st.sampled_from(["", "", *TRANSPORTS, "std"]),
)


def _answer(query: Query, rows: Iterable[tuple[Entry, bytes]]) -> list[bytes]:
    """What the question means, by the words of `Query` alone."""
    kept = []
    term = query.search.casefold()
    for each, item in rows:
        block = official(item)
        texts = (each.name, each.facets.title, each.facets.description)
        if (
            (query.include_deleted or query.updated_since_us is not None or block["status"] != "deleted")
            and (
                query.version is None
                or query.version == each.version
                or (query.version == "latest" and block["isLatest"])
            )
            and (query.updated_since_us is None or parse_instant(block["updatedAt"]) > query.updated_since_us)
            and (not query.registry_type or query.registry_type in each.facets.registry_types)
            and (not query.transport or query.transport in each.facets.transports)
            and any(term in text.casefold() for text in texts)
        ):
            slug = each.name.slug.casefold()
            tier = 2 if not term else 0 if each.name.casefold() == term else 1 if slug == term else 2
            kept.append((tier, each.name.encode(), each.version.encode(), item))
    return [item for *_, item in sorted(kept)]


class TestOracle:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_catalogs, st.lists(_queries, min_size=1, max_size=25))
    async def test_every_question_is_answered_as_it_reads(
        self, engine: Engine, catalog: list[list[Entry]], queries: list[Query]
    ) -> None:
        """
        Any combination of filters over any catalog, followed to its end, is what the words of the question say.
        """
        clock = FrozenClock(NOW_US)
        with tempfile.TemporaryDirectory() as place:
            async with opened(engine, Path(place), clock) as store:
                await configure(store, source())
                entries: dict[tuple[str, str], Entry] = {}
                for batch in catalog:
                    clock.advance(10)
                    await put(store, *batch)
                    entries |= {(each.name, each.version): each for each in batch}
                view = everyone(store)

                whole = await walk(view, Query(include_deleted=True, limit=100))
                rows = [(entries[key(item)], item) for item in whole]

                assert [key(item) for item in whole] == sorted(entries)
                for query in queries:
                    assert await walk(view, query) == _answer(query, rows), msgspec.structs.asdict(query)
