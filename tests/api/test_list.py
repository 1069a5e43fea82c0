"""`GET /servers`: its parameters, their bounds, the order, and the shape of a page (reference §2)."""

import re

import pytest

from tests.api.reading import Item, Reader, key, keys, official
from tests.api.world import ENTRY
from tests.doubles.loaded_store import acme

TRUE = ("1", "t", "T", "true", "TRUE", "True")
FALSE = ("0", "f", "F", "false", "FALSE", "False")


class TestPage:
    def test_shape(self, reader: Reader) -> None:
        """
        reference §1.4: items are server and _meta, metadata has count and nextCursor, and no total anywhere.
        """
        page = reader.page("limit=2").json()

        assert list(page) == ["servers", "metadata"]
        assert page["metadata"].keys() == {"nextCursor", "count"}
        assert page["metadata"]["count"] == 2
        assert all(list(item) == ["server", "_meta"] for item in page["servers"])

    def test_body_is_compact_with_a_final_newline(self, reader: Reader) -> None:
        """
        reference §1.2: compact JSON, a final newline, no HTML escaping.
        """
        answer = reader.page("search=dev.hooli/metrics")

        assert answer.body.startswith(b'{"servers":[{"server":')
        assert answer.body.endswith(b'"metadata":{"count":3}}\n')
        assert b"& alerts (<1 s)" in answer.body

    def test_nothing_is_an_empty_list(self, reader: Reader) -> None:
        """
        reference §2: `servers` is [] and never null, and there is no nextCursor.
        """
        answer = reader.page("search=nothing-has-this-in-it")

        assert answer.body == b'{"servers":[],"metadata":{"count":0}}\n'

    def test_server_is_byte_for_byte_what_the_source_sent(self, reader: Reader) -> None:
        """
        Ours: the document keeps its blanks, its order and what we do not know, deleted versions included.
        """
        sent = [item for upstream in acme() if upstream.name == "internal" for item in upstream.items]

        body = reader.page("limit=100&include_deleted=true").body

        for item in sent:
            document = item[item.index(b"{", 1) : item.index(b'"_meta": {\n        "io.modelcontextprotocol')]
            assert document.rstrip(b", \n") in body

    def test_falsy_members_stay(self, reader: Reader) -> None:
        """
        Ours, unlike reference §1.4, §10.7: an empty object or list of the source is not dropped on the way.
        """
        assert reader.version("com.acme/handbook", "1.0").json()["server"]["repository"] == {}

    def test_instants(self, catalog: list[Item]) -> None:
        """
        reference §4.1, §10.26: UTC with Z, the fraction without trailing zeros, as the source has them.
        """
        published = {key(item): official(item)["publishedAt"] for item in catalog}

        assert published["com.acme/payroll", "1.2.0+build.7"] == "2025-10-20T09:00:00.000042Z"
        assert published["com.acme/payroll", "1.1.0"] == "2025-08-18T09:00:00.5Z"
        assert published["com.acme/payroll", "1.0.0"] == "2025-06-02T09:00:00Z"
        for item in catalog:
            block = official(item)
            for instant in (block["publishedAt"], block["updatedAt"], block["statusChangedAt"]):
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z", instant)

    def test_both_blocks_are_on_every_item(self, catalog: list[Item]) -> None:
        """
        Ours: the outer _meta carries the official block, and where the entry comes from under our own key.
        """
        for item in catalog:
            assert {"status", "statusChangedAt", "publishedAt", "updatedAt", "isLatest"} <= official(item).keys()
            assert {"source", "mirroredAt", "digest", "sourceUpdatedAt", "approval"} == item["_meta"][ENTRY].keys()
            assert item["_meta"][ENTRY]["digest"].startswith("sha256:")

    def test_status_message_is_left_out_where_there_is_none(self, catalog: list[Item]) -> None:
        """
        reference §1.4: statusMessage is omitted when null.
        """
        stated = {key(item) for item in catalog if "statusMessage" in official(item)}

        assert ("com.acme/fax", "1.0.0") in stated
        assert ("com.acme/handbook", "1.0") not in stated

    def test_absent_status_changed_at_reads_as_published_at(self, reader: Reader) -> None:
        """
        Ours: statusChangedAt, where the source does not say, is publishedAt.
        """
        block = official(reader.version("org.example.z/needle", "1.0.0").json())

        assert block["statusChangedAt"] == block["publishedAt"] == "2025-11-01T00:00:00Z"

    def test_updated_at_is_when_the_row_changed_here(self, catalog: list[Item]) -> None:
        """
        Ours: updatedAt is the instant of the change in this view, sourceUpdatedAt is the source's.
        """
        item = next(item for item in catalog if key(item) == ("com.acme/handbook", "1.0"))

        assert official(item)["updatedAt"] == item["_meta"][ENTRY]["mirroredAt"]
        assert item["_meta"][ENTRY]["sourceUpdatedAt"] == "2025-05-05T05:05:05Z"


class TestOrder:
    def test_by_name_then_version_as_bytes(self, catalog: list[Item]) -> None:
        """
        reference §2, §10.12: name, then version, ascending in byte order: 10.0.0 before 2.0.0, Z before a.
        """
        found = [key(item) for item in catalog]

        assert found == sorted(found, key=lambda each: (each[0].encode(), each[1].encode()))
        search = [version for name, version in found if name == "com.globex/search"]
        assert search == ["10.0.0", "2.0.0", "9.0.0"]
        order = [name for name, _ in found if name.startswith("org.example.order")]
        assert order == [
            "org.example.order-a/x",
            "org.example.order.a/x",
            "org.example.order/Zebra",
            "org.example.order/aardvark",
        ]

    def test_rows_are_versions(self, catalog: list[Item]) -> None:
        """
        reference §2: a list holds every version of a server, not one row a server.
        """
        weather = [key(item)[1] for item in catalog if key(item)[0] == "io.github.octavia/weather"]

        assert weather == ["0.9.0", "1.0.0", "1.1.0"]


class TestLimit:
    @pytest.mark.parametrize("limit", [1, 2, 30, 99, 100])
    def test_within_bounds(self, reader: Reader, catalog: list[Item], limit: int) -> None:
        """
        reference §2: limit is 1 to 100 and counts items.
        """
        visible = [item for item in catalog if official(item)["status"] != "deleted"]

        assert len(keys(reader.page({"limit": str(limit)}))) == min(limit, len(visible))

    @pytest.mark.parametrize("query", ["", "limit=", "limit", "cursor=", "version=&search=&updated_since="])
    def test_default_is_30(self, reader: Reader, query: str) -> None:
        """
        reference §2: 30 by default. Ours: empty cursor, limit, search, updated_since, version count as absent.
        """
        assert len(keys(reader.page(query))) == 30

    @pytest.mark.parametrize(
        ("limit", "message", "value"),
        [
            ("0", "expected number >= 1", 0),
            ("-1", "expected number >= 1", -1),
            ("101", "expected number <= 100", 101),
            ("1000", "expected number <= 100", 1000),
            ("abc", "invalid integer", "abc"),
            ("1.0", "invalid integer", "1.0"),
            ("0x10", "invalid integer", "0x10"),
            ("1_0", "invalid integer", "1_0"),
            ("１", "invalid integer", "１"),
            (" 5", "invalid integer", " 5"),
            ("9" * 30, "invalid integer", "9" * 30),
        ],
    )
    def test_out_of_bounds(self, reader: Reader, limit: str, message: str, value: object) -> None:
        """
        reference §2, §10.1, §10.8: outside 1..100, or no ASCII integer, is 422 and never clamped.
        """
        answer = reader.page({"limit": limit})

        assert answer.status == 422
        assert answer.json()["errors"] == [{"message": message, "location": "query.limit", "value": value}]

    def test_a_signed_number_is_a_number(self, reader: Reader) -> None:
        """
        reference §10.8: numbers are read as Go reads them: an encoded plus sign is one.
        """
        assert len(keys(reader.page("limit=%2B5"))) == 5


class TestIncludeDeleted:
    @pytest.mark.parametrize("word", TRUE)
    def test_true(self, reader: Reader, word: str) -> None:
        """
        reference §2, §10.11: these words ask for deleted versions.
        """
        assert ("com.acme/fax", "1.0.0") in keys(reader.page({"include_deleted": word}))

    @pytest.mark.parametrize("word", [*FALSE, ""])
    def test_false(self, reader: Reader, word: str) -> None:
        """
        reference §2, §10.11: these words, and none, do not.
        """
        assert ("com.acme/fax", "1.0.0") not in keys(reader.page({"include_deleted": word}))

    @pytest.mark.parametrize("word", ["yes", "no", "on", "off", "tRuE", "fALSE", "2", "-1", "null", " true", "true "])
    def test_anything_else_is_422(self, reader: Reader, word: str) -> None:
        """
        reference §2, §10.11: anything but Go's words is 422.
        """
        answer = reader.page({"include_deleted": word})

        assert answer.status == 422
        assert answer.json()["errors"] == [
            {"message": "invalid boolean", "location": "query.include_deleted", "value": word}
        ]

    @pytest.mark.parametrize(
        ("query", "included"),
        [
            ("include_deleted", True),
            ("limit=100&include_deleted", True),
            ("include_deleted&limit=100", False),
            ("include_deleted=false&include_deleted", False),
        ],
    )
    def test_bare(self, reader: Reader, query: str, included: bool) -> None:
        """
        reference §2: a bare last `include_deleted` reads as true, unless the parameter stood before.
        """
        assert (("com.acme/fax", "1.0.0") in keys(reader.page(query))) is included

    def test_deprecated_is_always_listed(self, reader: Reader) -> None:
        """
        reference §2: deprecated versions are listed without being asked for.
        """
        assert ("com.globex/catalogue", "1.0.0") in keys(reader.page())


class TestUpdatedSince:
    def test_strictly_after_and_with_deleted_ones(self, reader: Reader, catalog: list[Item]) -> None:
        """
        reference §2, §10.18: what changed strictly after the instant, deleted versions without asking.
        """
        instants = sorted({official(item)["updatedAt"] for item in catalog})
        since = instants[len(instants) // 2]

        found = reader.walk(100, updated_since=since).keys

        expected = [item for item in catalog if official(item)["updatedAt"] > since]
        assert found == [key(item) for item in expected]
        assert any(official(item)["status"] == "deleted" for item in expected)

    def test_the_newest_finds_nothing(self, reader: Reader, catalog: list[Item]) -> None:
        """
        reference §2: a poll with the newest updatedAt seen is empty while nothing changes.
        """
        newest = max(official(item)["updatedAt"] for item in catalog)

        assert keys(reader.page({"updated_since": newest})) == []

    @pytest.mark.parametrize("word", ["true", "1", ""])
    def test_beside_include_deleted(self, reader: Reader, word: str) -> None:
        """
        reference §2: include_deleted may be true or unset beside updated_since.
        """
        found = keys(reader.page({"updated_since": "2020-01-01T00:00:00Z", "include_deleted": word}))

        assert ("com.acme/fax", "1.0.0") in found

    def test_include_deleted_false_beside_it_is_400(self, reader: Reader) -> None:
        """
        reference §2, §10.18: an explicit false beside updated_since contradicts it.
        """
        answer = reader.page({"updated_since": "2020-01-01T00:00:00Z", "include_deleted": "false"})

        assert answer.status == 400
        assert answer.json()["detail"] == (
            "Cannot set include_deleted=false when using updated_since (incremental sync requires deleted servers)"
        )

    @pytest.mark.parametrize(
        "instant",
        [
            "2025-08-07T13:15:04Z",
            "2025-08-07T13:15:04.28Z",
            "2025-08-07T13:15:04.123456789Z",
            "2025-08-07T15:15:04+02:00",
            "2025-08-07T11:15:04-02:00",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ],
    )
    def test_rfc3339(self, reader: Reader, instant: str) -> None:
        """
        reference §2, §10.10: RFC 3339 with or without a fraction, in the far past and the far future.
        """
        assert reader.page({"updated_since": instant}).status == 200

    @pytest.mark.parametrize(
        "query",
        [
            "updated_since=yesterday",
            "updated_since=2025-08-07",
            "updated_since=2025-08-07T13:15:04",
            "updated_since=2025-08-07t13:15:04z",
            "updated_since=2025-08-07%2013:15:04Z",
            "updated_since=2025-08-07T13:15:04+02:00",
            "updated_since=2025-08-07T24:00:00Z",
            "updated_since=2025-02-30T00:00:00Z",
            "updated_since=2025-08-07T13:15Z",
            "updated_since=20250807T131504Z",
            "updated_since=%EF%BC%92025-08-07T13:15:04Z",
            "updated_since=1754572504",
        ],
    )
    def test_anything_else_is_400(self, reader: Reader, query: str) -> None:
        """
        reference §2, §10.10: no offset, lower case, hour 24, or a raw `+` that arrives as a blank is 400.
        """
        answer = reader.page(query)

        assert answer.status == 400
        assert answer.json()["detail"] == (
            "Invalid updated_since format: expected RFC3339 timestamp (e.g., 2025-08-07T13:15:04.280Z)"
        )


class TestVersion:
    def test_latest_is_one_row_a_server(self, reader: Reader, catalog: list[Item]) -> None:
        """
        reference §2: `latest` keeps the flagged rows, and a server whose versions are all deleted has none to show.
        """
        found = reader.walk(100, version="latest").keys

        assert len({name for name, _ in found}) == len(found)
        assert ("com.globex/search", "10.0.0") in found
        assert ("org.initech/files", "1.0.0") in found
        assert "com.acme/fax" not in dict(found)
        everything = reader.walk(100, version="latest", include_deleted="true").keys
        assert everything == [key(item) for item in catalog if official(item)["isLatest"]]
        assert dict(everything)["com.acme/fax"] == "1.0.0"

    @pytest.mark.parametrize("version", ["1.0.0", "1.2.0+build.7", "snapshot", "2.0.0-β", "100%"])
    def test_anything_else_is_that_exact_text(self, reader: Reader, catalog: list[Item], version: str) -> None:
        """
        reference §2: any other version is an exact match.
        """
        found = reader.walk(100, version=version, include_deleted="true").keys

        assert found == [key(item) for item in catalog if key(item)[1] == version]
        assert found

    @pytest.mark.parametrize("version", ["LATEST", "1.0", "1.0.", "1%", "v1", "*"])
    def test_no_part_of_a_version_matches(self, reader: Reader, catalog: list[Item], version: str) -> None:
        """
        reference §2: exact means exact: no prefix, no pattern, no other case.
        """
        found = reader.walk(100, version=version, include_deleted="true").keys

        assert found == [key(item) for item in catalog if key(item)[1] == version]


class TestParameters:
    @pytest.mark.parametrize("query", ["repo=owner/name", "foo=bar&bar", "&&&", "=x", "limit[]=0", "LIMIT=0", "a;b"])
    def test_unknown_ones_are_ignored(self, reader: Reader, query: str) -> None:
        """
        reference §2: unknown query parameters are ignored, also the `repo` a future client may send.
        """
        assert len(keys(reader.page(query))) == 30

    @pytest.mark.parametrize("query", ["limit=2&limit=0", "limit=2&limit=50", "limit=2&limit=abc"])
    def test_the_first_occurrence_counts(self, reader: Reader, query: str) -> None:
        """
        reference §2: only the first occurrence of a repeated parameter counts.
        """
        assert len(keys(reader.page(query))) == 2

    def test_all_complaints_come_together(self, reader: Reader) -> None:
        """
        reference §1.2: everything that is wrong with the parameters is in one 422.
        """
        answer = reader.page("limit=0&include_deleted=maybe")

        assert answer.status == 422
        assert [error["location"] for error in answer.json()["errors"]] == ["query.limit", "query.include_deleted"]

    def test_a_broken_escape_drops_the_parameter(self, reader: Reader) -> None:
        """
        reference §10.9: Go drops a pair with a broken escape; it does not fail.
        """
        assert len(keys(reader.page("limit=%zz&search=%"))) == 30
