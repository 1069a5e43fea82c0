"""One server: its versions, one of them, and the latest (reference §2, §3)."""

import pytest

from tests.api.reading import Item, Reader, key, keys, official
from tests.api.world import ENTRY, ODD_VERSIONS
from tests.doubles.plain_client import Answer


def _not_found(answer: Answer) -> bool:
    return answer.status == 404 and answer.json()["detail"] == "Server not found"


class TestVersions:
    @pytest.mark.parametrize("deleted", ["", "?include_deleted=true", "?include_deleted=false"])
    def test_newest_published_first(self, reader: Reader, catalog: list[Item], deleted: str) -> None:
        """
        reference §2: all versions of a server, newest publishedAt first, deleted ones if asked for.
        """
        for name in {key(item)[0] for item in catalog} - {"com.acme/fax", "org.example.odd/gone"}:
            items = [item for item in catalog if key(item)[0] == name]
            if deleted != "?include_deleted=true":
                items = [item for item in items if official(item)["status"] != "deleted"]
            # Instants differ in the length of their fraction; the dot sorts before the Z.
            items.sort(key=lambda item: (official(item)["publishedAt"].rstrip("Z"), key(item)[1]), reverse=True)
            if not items:
                continue

            assert keys(reader.versions(name, deleted)) == [key(item) for item in items]

    def test_metadata_has_only_a_count(self, reader: Reader) -> None:
        """
        reference §1.3: a history is whole: no cursor, and limit means nothing.
        """
        history = reader.versions("com.acme/payroll", "?limit=1&cursor=x").json()

        assert history["metadata"] == {"count": 4}
        assert len(history["servers"]) == 4

    def test_exactly_one_is_latest(self, reader: Reader, catalog: list[Item]) -> None:
        """
        reference §3: at most one row of a name carries the flag, and one does.
        """
        for name in {key(item)[0] for item in catalog}:
            flags = [official(item)["isLatest"] for item in catalog if key(item)[0] == name]

            assert flags.count(True) == 1, name

    def test_all_deleted_is_not_found(self, reader: Reader) -> None:
        """
        reference §2: a history with nothing to show is 404, unless deleted ones are asked for.
        """
        assert _not_found(reader.versions("com.acme/fax"))
        assert keys(reader.versions("com.acme/fax", "?include_deleted=1")) == [("com.acme/fax", "1.0.0")]

    @pytest.mark.parametrize("query", ["?include_deleted=yes", "?include_deleted=tRuE"])
    def test_bad_boolean_is_422(self, reader: Reader, query: str) -> None:
        """
        reference §1.3: include_deleted is read as in the list.
        """
        assert reader.versions("com.acme/payroll", query).status == 422
        assert reader.version("com.acme/payroll", "latest", query).status == 422

    def test_bare_include_deleted(self, reader: Reader) -> None:
        """
        reference §2: a bare last include_deleted reads as true here too.
        """
        assert reader.versions("com.acme/fax", "?include_deleted").status == 200
        assert reader.version("com.acme/fax", "latest", "?include_deleted").status == 200


class TestLatest:
    @pytest.mark.parametrize(
        ("name", "version"),
        [
            ("io.github.octavia/weather", "1.1.0"),
            ("com.globex/search", "10.0.0"),  # not 9.0.0: numbers, not texts
            ("io.github.Boreal-Labs/Ledger-Reader", "2.0.0"),  # a release after its prereleases
            ("com.acme/payroll", "1.2.0+build.7"),  # after 1.2.0-rc.1; build metadata does not count
            ("dev.hooli/metrics", "v1.2.0"),  # a semantic version beats a newer one that is none
            ("com.acme/warehouse", "2025.11.15"),  # a date is a semantic version if nothing has a leading zero
            ("com.acme.data/lineage", "3.0.0-alpha.1"),  # a prerelease can be the latest
            ("com.acme/handbook", "1.0"),  # no semantic version at all
            ("org.initech/files", "1.0.0"),  # the newest is deleted
            ("com.acme/oncall", "0.4.0"),
        ],
    )
    def test_is_the_highest_that_is_not_deleted(self, reader: Reader, name: str, version: str) -> None:
        """
        reference §3: latest is the highest version that is not deleted.
        """
        latest = reader.version(name, "latest").json()

        assert key(latest) == (name, version)
        assert official(latest)["isLatest"] is True

    @pytest.mark.parametrize(("name", "version"), [("com.acme/fax", "1.0.0"), ("org.example.odd/gone", "2.0.0")])
    def test_with_all_deleted(self, reader: Reader, name: str, version: str) -> None:
        """
        reference §3, §10.15: the highest deleted one keeps the flag; only who asks for deleted ones sees it.
        """
        assert _not_found(reader.version(name, "latest"))
        assert key(reader.version(name, "latest", "?include_deleted=true").json()) == (name, version)

    def test_is_computed_here(self, reader: Reader) -> None:
        """
        Ours: isLatest is computed from what is in the view; the source said false of every one of these.
        """
        needle = reader.version("org.example.z/needle", "latest").json()

        assert key(needle) == ("org.example.z/needle", "1.1.0")

    def test_is_answered_by_one_source_whole(self, reader: Reader) -> None:
        """
        Ours: 9.9.9 of a stranger upstream is not a version of the name another upstream claims.
        """
        assert _not_found(reader.version("com.acme/payroll", "9.9.9"))
        assert ("com.acme/payroll", "9.9.9") not in keys(reader.versions("com.acme/payroll", "?include_deleted=true"))


class TestExact:
    def test_every_version_is_the_item_of_the_list(self, reader: Reader, catalog: list[Item]) -> None:
        """
        reference §1.3: what the list says of a version is what the version itself says; ours adds what was found in it.
        """
        for item in catalog:
            answer = reader.version(*key(item), "?include_deleted=true")

            assert answer.status == 200, key(item)
            detail = answer.json()
            # Not there until the document was judged.
            detail["_meta"][ENTRY].pop("findings", None)
            assert detail == item

    @pytest.mark.parametrize("version", ODD_VERSIONS)
    def test_hard_to_carry(self, reader: Reader, version: str) -> None:
        """
        reference §1.1.4: a slash, a colon, a plus, a blank, a percent sign in a version all find their way.
        """
        assert key(reader.version("org.example.odd/versions", version).json())[1] == version

    def test_deleted_is_not_found_unless_asked_for(self, reader: Reader) -> None:
        """
        reference §2: detail of a deleted version is 404 without include_deleted.
        """
        assert _not_found(reader.version("org.initech/files", "1.0.1"))
        item = reader.version("org.initech/files", "1.0.1", "?include_deleted=true").json()
        assert official(item)["status"] == "deleted"

    @pytest.mark.parametrize(
        ("name", "version"),
        [
            ("com.acme/nobody", "1.0.0"),
            ("com.acme/nobody", "latest"),
            ("com.acme/payroll", "0.0.0"),
            ("com.acme/payroll", "LATEST"),
            ("com.acme/payroll", "1.0.0 "),
            ("com.acme/payroll", "x" * 3000),
            ("COM.ACME/payroll", "1.0.0"),
            ("com.acme/Payroll", "latest"),
            ("no-slash", "1.0.0"),
            ("a/b/c", "1.0.0"),
            ("encoding/versions", "1.0.0"),
            ("encoding of names", "1.0.0"),
            ("com.acme/päyroll", "1.0.0"),
            ("com.acme/payroll\n", "1.0.0"),
            ("x" * 300 + "/y", "1.0.0"),
        ],
    )
    def test_not_found(self, reader: Reader, name: str, version: str) -> None:
        """
        reference §1.3: 404 `Server not found`, the same for a name, a version, and what can be neither.
        """
        answer = reader.version(name, version)

        assert _not_found(answer)
        assert answer.body == reader.version("com.acme/nobody", "1.0.0").body

    @pytest.mark.parametrize("name", ["com.acme/nobody", "a/b/c", "no-slash", "com.acme/", "/payroll"])
    def test_history_of_nobody(self, reader: Reader, name: str) -> None:
        """
        reference §1.3: a history of a name that is not there, or is none, is 404 `Server not found`.
        """
        assert _not_found(reader.versions(name))
