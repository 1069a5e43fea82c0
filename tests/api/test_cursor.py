"""Paging: what a cursor is, what it carries, and where it leads (reference §2, §10.13-14)."""

import base64
import re

import pytest

from tests.api.reading import Item, Reader, key, keys, official

OPAQUE = re.compile(r"[A-Za-z0-9_-]+")


def _visible(catalog: list[Item]) -> list[tuple[str, str]]:
    return [key(item) for item in catalog if official(item)["status"] != "deleted"]


class TestWalk:
    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 30, 100])
    def test_every_row_once_and_in_order(self, reader: Reader, catalog: list[Item], limit: int) -> None:
        """
        reference §2: following nextCursor meets every row exactly once, whatever the limit.
        """
        assert reader.walk(limit).keys == _visible(catalog)

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 30])
    def test_next_cursor_only_with_a_next_row(self, reader: Reader, catalog: list[Item], limit: int) -> None:
        """
        Ours, unlike reference §10.14: no empty page ends a walk, also when the result is a multiple of the limit.
        """
        walk = reader.walk(limit, include_deleted="true")

        full, rest = divmod(len(catalog), limit)
        assert [len(page) for page in walk.pages] == [limit] * full + [rest] * (rest > 0)

    def test_a_result_as_long_as_the_limit_has_no_cursor(self, reader: Reader) -> None:
        """
        Ours, unlike reference §2: a page that holds all there is names no next one.
        """
        page = reader.page("search=com.globex/search&limit=3").json()

        assert page["metadata"] == {"count": 3}

    @pytest.mark.parametrize(
        "filters",
        [
            {},
            {"version": "latest"},
            {"search": "needle"},
            {"include_deleted": "true"},
            {"updated_since": "2020-01-01T00:00:00Z"},
            {"registry_type": "npm", "transport": "stdio"},
            {"search": "example", "version": "1.0.0", "include_deleted": "true"},
        ],
    )
    def test_opaque_alphabet(self, reader: Reader, filters: dict[str, str]) -> None:
        """
        Ours, unlike reference §10.13: every cursor survives being put into a URL as it is.
        """
        cursors = reader.walk(1, **filters).cursors

        assert cursors
        assert all(OPAQUE.fullmatch(cursor) for cursor in cursors)


class TestFiltersInTheCursor:
    FILTERS = (
        {"search": "needle"},
        {"version": "latest"},
        {"version": "1.0.0"},
        {"include_deleted": "true"},
        {"updated_since": "2020-01-01T00:00:00Z"},
        {"registry_type": "npm"},
        {"transport": "stdio"},
        {"search": "example", "version": "1.0.0", "registry_type": "npm", "include_deleted": "true"},
    )

    @pytest.mark.parametrize("filters", FILTERS)
    def test_are_carried(self, reader: Reader, filters: dict[str, str]) -> None:
        """
        Ours: a client that sends nothing but the cursor from page two on gets the pages of its own question.
        """
        first = reader.page(filters | {"limit": "1"}).json()

        second = reader.page({"limit": "1", "cursor": first["metadata"]["nextCursor"]})

        # A page that holds everything was made without a cursor.
        assert keys(second) == keys(reader.page(filters | {"limit": "100"}))[1:2]

    @pytest.mark.parametrize(
        "beside", ["search=payroll", "version=9.9.9", "registry_type=oci", "transport=sse", "include_deleted=true"]
    )
    def test_win_over_those_beside_it(self, reader: Reader, beside: str) -> None:
        """
        Ours: the cursor's filters win over those sent beside it.
        """
        cursor = reader.page("limit=2&version=latest").json()["metadata"]["nextCursor"]

        second = reader.page(f"limit=2&cursor={cursor}&{beside}")

        assert keys(second) == keys(reader.page("limit=100&version=latest"))[2:4]

    def test_the_limit_is_the_request_s(self, reader: Reader) -> None:
        """
        Ours: limit is always the request's own, 30 if it sends none, and never part of the cursor.
        """
        walk = reader.walk(1)

        assert keys(reader.page(f"limit=5&cursor={walk.cursors[0]}")) == walk.keys[1:6]
        assert keys(reader.page(f"cursor={walk.cursors[0]}")) == walk.keys[1:31]

    @pytest.mark.parametrize("beside", ["limit=0", "limit=101", "include_deleted=maybe", "updated_since=yesterday"])
    def test_what_is_beside_it_is_still_checked(self, reader: Reader, beside: str) -> None:
        """
        reference §2: a parameter that cannot be read is refused, also where a cursor would win over it.
        """
        cursor = reader.page("limit=1").json()["metadata"]["nextCursor"]

        assert reader.page(f"cursor={cursor}&{beside}").status in (400, 422)


class TestPlainCursor:
    @pytest.mark.parametrize(
        "position",
        [
            ("com.acme/payroll", "1.1.0"),
            ("com.acme/payroll", ""),
            ("com.acme/payroll", "1.1"),
            ("com.acme/pay", "9"),
            ("org.example.odd/versions", "1.0:b"),
            ("", "1.0.0"),
            ("a", ""),
            ("zzz", "1"),
        ],
    )
    def test_name_and_version(self, reader: Reader, catalog: list[Item], position: tuple[str, str]) -> None:
        """
        reference §2, §10.13: what follows strictly, split at the first colon; a position nobody has works too.
        """
        found = keys(reader.page({"cursor": ":".join(position), "limit": "100"}))

        assert found == [each for each in _visible(catalog) if each > position]

    @pytest.mark.parametrize("name", ["com.acme/payroll", "com.acme/pay", "zzz", "A", "com.acme/payroll\U0010ffff"])
    def test_name_only(self, reader: Reader, catalog: list[Item], name: str) -> None:
        """
        reference §2: without a colon it is a name, and all of its versions are passed over.
        """
        found = keys(reader.page({"cursor": name, "limit": "100"}))

        assert found == [each for each in _visible(catalog) if each[0] > name]

    def test_takes_the_filters_beside_it(self, reader: Reader) -> None:
        """
        Ours: a plain position has no filters of its own, so the request's hold.
        """
        found = keys(reader.page("cursor=com.globex/search:10.0.0&version=latest&limit=1"))

        assert found == [("dev.hooli/metrics", "v1.2.0")]

    @pytest.mark.parametrize(
        "cursor",
        [
            "%00"[:2],
            "🦉",
            "\x7f\x01",
            "=" * 50,
            "A" * 5000,
            ":",
            "::::",
            "' OR 1=1 --",
            "%ff",
            base64.urlsafe_b64encode(b"\x00\x00\x00\x00\x90").decode(),
        ],
    )
    def test_garbage_is_never_refused(self, reader: Reader, cursor: str) -> None:
        """
        reference §2, §10.13: nothing is ever rejected as a malformed cursor.
        """
        assert reader.page({"cursor": cursor}).status == 200

    def test_a_damaged_cursor_is_a_plain_one(self, reader: Reader, catalog: list[Item]) -> None:
        """
        Ours: one changed character makes a cursor a position like any other text, not another position of ours.
        """
        cursor = reader.page("limit=1&version=latest").json()["metadata"]["nextCursor"]
        for index in range(len(cursor)):
            damaged = cursor[:index] + ("A" if cursor[index] != "A" else "B") + cursor[index + 1 :]

            found = keys(reader.page({"cursor": damaged, "limit": "100"}))

            # The last character may carry bits that encode nothing; then it is the same cursor.
            same = index == len(cursor) - 1 and found == reader.walk(100, version="latest").keys[1:]
            assert same or found == [each for each in _visible(catalog) if each[0] > damaged]

    def test_a_stale_position_of_ours_works(self, reader: Reader) -> None:
        """
        reference §2: a cursor whose row is gone goes on behind where it was.
        """
        with_deleted = reader.walk(1, include_deleted="true")
        index = with_deleted.keys.index(("com.acme/fax", "1.0.0"))

        following = keys(reader.page(f"limit=1&cursor={with_deleted.cursors[index]}&include_deleted=false"))

        assert following == with_deleted.keys[index + 1 : index + 2]
