"""The small pure parts of sync, each over its own table."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.entry import Digest, Entry, Facets, ServerName
from sync.batches import BatchSize
from sync.selection import Selection
from sync.split import TooManyItems, beginning_texts, split
from sync.watermark import watermark


def entry(size_bytes: int) -> Entry:
    return Entry(
        name=ServerName.parse("com.acme/a"),
        version="1",
        document=b"x" * size_bytes,
        digest=Digest(b"0" * 32),
        facets=Facets(),
    )


class TestWatermark:
    @pytest.mark.parametrize(
        ("newest_us", "started_us", "before_us", "expected"),
        [
            (1000, 5000, None, 900),
            (9000, 5000, None, 4900),
            (None, 5000, None, None),
            (None, 5000, 700, 700),
            (1000, 5000, 950, 950),
            (1000, 5000, 850, 900),
        ],
    )
    def test_is_behind_the_newest_and_the_start(
        self, newest_us: int | None, started_us: int, before_us: int | None, expected: int | None
    ) -> None:
        """
        The overlap is taken off, the start caps it, and an increment never moves it back.
        """
        found = watermark(newest_us=newest_us, started_us=started_us, overlap_us=100, before_us=before_us)

        assert found == expected


class TestBatchSize:
    @given(durations_ns=st.lists(st.integers(0, 10**9), max_size=50))
    def test_stays_within_bounds(self, durations_ns: list[int]) -> None:
        """
        Whatever the store does, a batch has 5 to 200 entries.
        """
        size = BatchSize()

        for duration_ns in durations_ns:
            size.took(size.count, duration_ns)

        assert 5 <= size.count <= 200

    def test_shrinks_when_slow_and_grows_when_fast(self) -> None:
        """
        It aims at ten milliseconds a transaction.
        """
        size = BatchSize()

        size.took(50, 20_000_000)
        slow = size.count
        size.took(slow, 2_000_000)

        assert (slow, size.count) == (25, 50)

    @given(sizes=st.lists(st.integers(1, 300_000), max_size=300))
    def test_cuts_a_page_without_loss(self, sizes: list[int]) -> None:
        """
        All entries, in order, the last part marked as such; large documents make small parts.
        """
        entries = [entry(size_bytes) for size_bytes in sizes]

        parts = list(BatchSize().cut(entries))

        assert [one for part, _ in parts for one in part] == entries
        assert [last for _, last in parts] == [False] * (len(parts) - 1) + [True]
        assert all(sum(len(one.document) for one in part[:-1]) < 512 * 1024 for part, _ in parts)


class TestSelection:
    @pytest.mark.parametrize(
        ("include", "exclude", "name", "taken"),
        [
            (("*/*",), (), "com.acme/a", True),
            ((), (), "com.acme/a", False),
            (("com.acme/*",), (), "com.acme/a", True),
            (("com.acme/*",), (), "com.acme.data/a", False),
            (("com.acme.*/*",), (), "com.acme/a", False),
            (("*/a?",), (), "com.acme/ab", True),
            (("*/a?",), (), "com.acme/a", False),
            (("*/*",), ("com.acme/*",), "Com.Acme/a", False),
            (("com.acme/a.b",), (), "com.acme/axb", False),
        ],
    )
    def test_matches_names(self, include: tuple[str, ...], exclude: tuple[str, ...], name: str, taken: bool) -> None:
        """
        `*` and `?` stay on their side of the slash; a dot is a dot; case does not matter; exclusion wins.
        """
        assert Selection(include=include, exclude=exclude).takes(name) == taken


class TestSplit:
    def test_cuts_where_items_end(self) -> None:
        """
        Each item as it stands, with whatever is wrong inside it.
        """
        body = b' { "servers" : [ {"a":"\\ud800"} , {"b":NaN},[1, 2] ] , "metadata" : {"count":3} } '

        assert split(body, most=9) == ([b'{"a":"\\ud800"}', b'{"b":NaN}', b"[1, 2]"], b'{"count":3}')

    def test_knows_an_empty_list(self) -> None:
        """
        Nothing in it, nothing beside it.
        """
        assert split(b'{"servers":[]}', most=9) == ([], b"null")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"{}",
            b'{"servers":null}',
            b'{"servers":[1}',
            b'{"servers":[1,]}',
            b'{"servers":[]} x',
            b'{"a":1,}',
            b'{"servers":[[}]}',
            b'{"servers":[{"a":1]}',
            b'{"servers":["a]}',
            b'{"servers":[' + b"[" * 300_000,
        ],
    )
    def test_refuses_what_is_no_list(self, body: bytes) -> None:
        """
        Whatever is not an object with an array of servers.
        """
        with pytest.raises(ValueError, match=r"expect|Expect|object"):
            split(body, most=9)

    @given(values=st.lists(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=9), max_size=9))
    def test_cuts_what_any_encoder_writes(self, values: list[object]) -> None:
        """
        Quotes, brackets and backslashes within texts do not mislead it.
        """
        body = json.dumps({"servers": values, "x": [values]}, indent=1).encode()

        items, _ = split(body, most=9)

        assert [json.loads(item) for item in items] == values

    def test_stops_at_the_first_item_too_many(self) -> None:
        """
        What follows it is not read, so its being broken is not found out.
        """
        with pytest.raises(TooManyItems):
            split(b'{"servers":[1,2,3,,,,', most=2)

    @pytest.mark.parametrize(
        ("item", "texts"),
        [
            (b'{"_meta":{"name":"no"},"server":{"x":{"name":"no"},"name":"yes","version":"1', {"name": "yes"}),
            (b'{"server":{"name":"yes","version":"1","blob":"xxxx', {"name": "yes", "version": "1"}),
            (b'{"server":{"name":7,"version":"1",', {"version": "1"}),
            (b'{"server":[', {}),
            (b"[[[[", {}),
            (b"", {}),
        ],
    )
    def test_reads_a_name_from_a_beginning(self, item: bytes, texts: dict[str, str]) -> None:
        """
        Only what stands directly in `server`, and is whole.
        """
        assert beginning_texts(item, within=4096) == texts
