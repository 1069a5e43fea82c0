"""The fake upstream lists as the official registry does: reference §2, one test a rule."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.doubles.plain_client import Answer, fetch
from tests.doubles.upstream import FakeUpstream

ACME = Path(__file__).parents[2] / "fixtures" / "acme"
LIST = "/v0.1/servers"
FORMAT = "Invalid updated_since format: expected RFC3339 timestamp (e.g., 2025-08-07T13:15:04.280Z)"
CONTRADICTION = "Cannot set include_deleted=false when using updated_since (incremental sync requires deleted servers)"

Key = tuple[str, str]


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with FakeUpstream() as fake:
        fake.load_file(ACME / "official.json")
        yield fake


def keys(answer: Answer) -> list[Key]:
    assert answer.status == 200, answer.body
    return [(item["server"]["name"], item["server"]["version"]) for item in answer.json()["servers"]]


def walk(upstream: FakeUpstream, query: str = "", *, limit: int) -> list[list[Key]]:
    pages: list[list[Key]] = []
    cursor = ""
    while True:
        answer = fetch(upstream.url, f"{LIST}?limit={limit}&{query}&cursor={quote(cursor)}")
        pages.append(keys(answer))
        cursor = answer.json()["metadata"].get("nextCursor", "")
        if not cursor:
            return pages


class TestList:
    def test_rows_are_versions_in_byte_order(self, upstream: FakeUpstream) -> None:
        """
        One row a version, ordered by name and then version as plain strings: 10.0.0 before 2.0.0, B before o.
        """
        listed = keys(fetch(upstream.url, f"{LIST}?limit=100"))

        assert listed == sorted(listed)
        assert listed.index(("com.globex/search", "10.0.0")) < listed.index(("com.globex/search", "2.0.0"))
        assert listed[-1] == ("org.initech/files", "1.0.0")

    def test_documents_are_verbatim(self, upstream: FakeUpstream) -> None:
        """
        What was loaded is served byte for byte.
        """
        text = '{"name":"a.b/c",  "version":"1","description":"\\u00e9 é","x":1e2}'
        upstream.publish(text)

        answer = fetch(upstream.url, f"{LIST}?search=a.b/c")

        assert text.encode() in answer.body

    def test_default_limit_is_30(self, upstream: FakeUpstream) -> None:
        """
        Without a limit, or with an empty one, a page holds 30 rows.
        """
        for number in range(40):
            upstream.publish({"name": "a.b/c", "version": f"1.0.{number}"})

        assert len(keys(fetch(upstream.url, LIST))) == 30
        assert len(keys(fetch(upstream.url, f"{LIST}?limit="))) == 30

    @pytest.mark.parametrize(
        ("limit", "message", "value"),
        [
            ("0", "expected number >= 1", 0),
            ("-1", "expected number >= 1", -1),
            ("101", "expected number <= 100", 101),
            ("1000", "expected number <= 100", 1000),
            ("abc", "invalid integer", "abc"),
            ("1_0", "invalid integer", "1_0"),
            ("%EF%BC%91", "invalid integer", "１"),
        ],
    )
    def test_limit_out_of_range_is_422(self, upstream: FakeUpstream, limit: str, message: str, value: object) -> None:
        """
        A limit outside 1 to 100 is refused with a problem document, never clamped.
        """
        answer = fetch(upstream.url, f"{LIST}?limit={limit}")

        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "title": "Unprocessable Entity",
            "status": 422,
            "detail": "validation failed",
            "errors": [{"message": message, "location": "query.limit", "value": value}],
        }

    def test_all_bad_parameters_are_told_at_once(self, upstream: FakeUpstream) -> None:
        """
        Errors of several parameters come together.
        """
        answer = fetch(upstream.url, f"{LIST}?limit=0&include_deleted=yes")

        assert [error["location"] for error in answer.json()["errors"]] == ["query.limit", "query.include_deleted"]

    @pytest.mark.parametrize("limit", [1, 5, 16, 17, 100])
    def test_paging_loses_and_repeats_nothing(self, upstream: FakeUpstream, limit: int) -> None:
        """
        Walking by cursor visits every visible row once, in order, at any limit.
        """
        pages = walk(upstream, limit=limit)

        assert list(chain.from_iterable(pages)) == keys(fetch(upstream.url, f"{LIST}?limit=100"))

    def test_next_cursor_is_name_and_version_of_the_last_row(self, upstream: FakeUpstream) -> None:
        """
        The cursor is plain text, `name:version`.
        """
        answer = fetch(upstream.url, f"{LIST}?limit=2")

        assert answer.json()["metadata"] == {"nextCursor": "com.globex/catalogue:1.0.0", "count": 2}

    def test_next_cursor_on_every_full_page(self, upstream: FakeUpstream) -> None:
        """
        A result that fills its last page exactly ends with one more, empty page.
        """
        pages = walk(upstream, "search=octavia", limit=3)

        assert [len(page) for page in pages] == [3, 0]

    def test_the_empty_page(self, upstream: FakeUpstream) -> None:
        """
        Nothing found is an empty array and a count of zero, with a final newline and no cursor.
        """
        answer = fetch(upstream.url, f"{LIST}?search=nothing-like-it")

        assert answer.body == b'{"servers":[],"metadata":{"count":0}}\n'
        assert answer.headers["content-type"] == "application/json"

    @pytest.mark.parametrize(
        ("cursor", "first"),
        [
            ("com.globex/search:10.0.0", ("com.globex/search", "2.0.0")),
            ("com.globex/search:3-stale", ("com.globex/search", "9.0.0")),
            ("com.globex/search", ("dev.hooli/metrics", "snapshot")),
            ("com.globex/search:", ("com.globex/search", "10.0.0")),
            ("no such thing", ("org.initech/files", "1.0.0")),
            (":::", ("com.acme/payroll", "9.9.9")),
        ],
    )
    def test_any_cursor_is_a_position(self, upstream: FakeUpstream, cursor: str, first: Key) -> None:
        """
        A cursor is split at its first colon; stale ones work, none is refused, without a colon it is a name.
        """
        answer = fetch(upstream.url, f"{LIST}?limit=1&cursor={quote(cursor)}")

        assert keys(answer) == [first]

    def test_a_version_with_a_colon(self, upstream: FakeUpstream) -> None:
        """
        Only the first colon of a cursor divides.
        """
        upstream.publish({"name": "a.b/c", "version": "1:2"})
        upstream.publish({"name": "a.b/c", "version": "1:3"})

        assert keys(fetch(upstream.url, f"{LIST}?limit=1&cursor=a.b/c:1:2")) == [("a.b/c", "1:3")]

    @pytest.mark.parametrize("term", ["GLOBEX/", "globex/s", "Search"])
    def test_search_is_a_substring_of_the_name_without_case(self, upstream: FakeUpstream, term: str) -> None:
        """
        Search ignores case and finds a term anywhere in the name.
        """
        assert ("com.globex/search", "2.0.0") in keys(fetch(upstream.url, f"{LIST}?search={term}"))

    @pytest.mark.parametrize("term", ["Forecasts", "_", "%25", "Weather%20"])
    def test_search_looks_nowhere_else_and_is_literal(self, upstream: FakeUpstream, term: str) -> None:
        """
        Titles and descriptions are not searched, and pattern characters stand for themselves.
        """
        assert keys(fetch(upstream.url, f"{LIST}?search={term}")) == []

    def test_version_latest(self, upstream: FakeUpstream) -> None:
        """
        `version=latest` gives the flagged row of every name.
        """
        listed = keys(fetch(upstream.url, f"{LIST}?version=latest"))

        assert ("com.globex/search", "10.0.0") in listed
        assert len(listed) == len({name for name, _ in listed}) == 7

    def test_version_exact(self, upstream: FakeUpstream) -> None:
        """
        Any other version is matched exactly, as a string, over all names.
        """
        assert keys(fetch(upstream.url, f"{LIST}?version=2.0.0")) == [
            ("com.globex/catalogue", "2.0.0"),
            ("com.globex/search", "2.0.0"),
            ("io.github.Boreal-Labs/Ledger-Reader", "2.0.0"),
        ]

    def test_filters_combine(self, upstream: FakeUpstream) -> None:
        """
        Filters combine with AND.
        """
        listed = keys(fetch(upstream.url, f"{LIST}?version=2.0.0&search=search"))

        assert listed == [("com.globex/search", "2.0.0")]

    def test_first_of_a_repeated_parameter_and_unknown_ones(self, upstream: FakeUpstream) -> None:
        """
        The first occurrence counts; parameters nobody knows are ignored.
        """
        assert len(keys(fetch(upstream.url, f"{LIST}?limit=2&limit=5&colour=red"))) == 2

    def test_deprecated_is_listed_and_deleted_is_not(self, upstream: FakeUpstream) -> None:
        """
        Without include_deleted deprecated rows are there and deleted ones are not.
        """
        listed = keys(fetch(upstream.url, f"{LIST}?limit=100"))

        assert ("com.globex/catalogue", "1.0.0") in listed
        assert ("org.initech/files", "1.0.1") not in listed

    @pytest.mark.parametrize("word", ["1", "t", "T", "true", "TRUE", "True"])
    def test_include_deleted_true(self, upstream: FakeUpstream, word: str) -> None:
        """
        Six words mean true.
        """
        assert ("org.initech/files", "1.0.1") in keys(fetch(upstream.url, f"{LIST}?include_deleted={word}"))

    @pytest.mark.parametrize("word", ["0", "f", "F", "false", "FALSE", "False", ""])
    def test_include_deleted_false(self, upstream: FakeUpstream, word: str) -> None:
        """
        Six words mean false, and an empty one means nothing was said.
        """
        assert ("org.initech/files", "1.0.1") not in keys(fetch(upstream.url, f"{LIST}?include_deleted={word}"))

    def test_include_deleted_bare(self, upstream: FakeUpstream) -> None:
        """
        A bare name at the end of the query reads as true.
        """
        assert ("org.initech/files", "1.0.1") in keys(fetch(upstream.url, f"{LIST}?limit=100&include_deleted"))

    @pytest.mark.parametrize("word", ["yes", "on", "tRuE", "2"])
    def test_include_deleted_nonsense_is_422(self, upstream: FakeUpstream, word: str) -> None:
        """
        Other words are refused.
        """
        answer = fetch(upstream.url, f"{LIST}?include_deleted={word}")

        assert answer.status == 422
        assert answer.json()["errors"] == [
            {"message": "invalid boolean", "location": "query.include_deleted", "value": word}
        ]

    def test_latest_of_a_server_whose_versions_are_all_deleted(self, upstream: FakeUpstream) -> None:
        """
        Such a server shows under version=latest only with include_deleted.
        """
        upstream.publish({"name": "a.b/gone", "version": "1.0.0"})
        upstream.set_status("a.b/gone", "1.0.0", "deleted")

        assert keys(fetch(upstream.url, f"{LIST}?version=latest&search=gone")) == []
        assert len(keys(fetch(upstream.url, f"{LIST}?version=latest&search=gone&include_deleted=true"))) == 1


class TestUpdatedSince:
    def test_is_exclusive(self, upstream: FakeUpstream) -> None:
        """
        A row updated at exactly the given instant is not in the answer, one a microsecond later is.
        """
        upstream.publish({"name": "a.b/c", "version": "1"}, at="2026-03-01T00:00:00.5Z")
        upstream.publish({"name": "a.b/c", "version": "2"}, at="2026-03-01T00:00:00.500001Z")

        assert keys(fetch(upstream.url, f"{LIST}?updated_since=2026-03-01T00:00:00.500Z")) == [("a.b/c", "2")]

    def test_implies_deleted(self, upstream: FakeUpstream) -> None:
        """
        Deleted rows are always in an incremental answer, asked for or not.
        """
        since = "updated_since=2025-10-07T07:00:00Z"

        assert ("org.initech/files", "1.0.1") in keys(fetch(upstream.url, f"{LIST}?{since}"))
        assert ("org.initech/files", "1.0.1") in keys(fetch(upstream.url, f"{LIST}?{since}&include_deleted=true"))

    def test_refuses_include_deleted_false(self, upstream: FakeUpstream) -> None:
        """
        The contradiction is a 400 that says so.
        """
        answer = fetch(upstream.url, f"{LIST}?updated_since=2025-10-07T07:00:00Z&include_deleted=false")

        assert (answer.status, answer.json()["detail"]) == (400, CONTRADICTION)

    @pytest.mark.parametrize(
        "text",
        ["2026-03-01", "2026-03-01T00:00:00", "2026-03-01t00:00:00z", "2026-03-01T24:00:00Z", "2026-02-30T00:00:00Z",
         "2026-03-01T00:00:00+02:00", "20260301T000000Z", "yesterday", "2026-03-01T00:00:00.Z"],
    )  # fmt: skip
    def test_takes_only_rfc3339(self, upstream: FakeUpstream, text: str) -> None:
        """
        Anything else is a 400, also a raw `+02:00`, whose plus sign arrives as a space.
        """
        answer = fetch(upstream.url, f"{LIST}?updated_since={text}")

        assert (answer.status, answer.json()["detail"]) == (400, FORMAT)

    def test_takes_offsets_and_long_fractions(self, upstream: FakeUpstream) -> None:
        """
        An encoded offset is understood, nanoseconds are cut to microseconds.
        """
        upstream.publish({"name": "a.b/c", "version": "1"}, at="2026-03-01T00:00:00Z")

        assert keys(fetch(upstream.url, f"{LIST}?updated_since=2026-03-01T01:59:59.999999999%2B02:00")) == [
            ("a.b/c", "1")
        ]
        assert keys(fetch(upstream.url, f"{LIST}?updated_since=2026-03-01T02:00:00%2B02:00")) == []

    def test_is_paged_like_everything(self, upstream: FakeUpstream) -> None:
        """
        An incremental walk pages in the order of the list, not of the updates.
        """
        pages = walk(upstream, "updated_since=2025-11-01T00:00:00Z", limit=3)

        listed = list(chain.from_iterable(pages))
        assert listed == sorted(listed)
        assert [len(page) for page in pages] == [3, 3, 0]
