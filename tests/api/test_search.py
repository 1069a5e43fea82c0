"""Search: where it looks, in which order it answers, and that it is literal (reference §2, §10.29)."""

import pytest

from tests.api.raw_request import send
from tests.api.reading import Reader, keys
from tests.running import RunningRegistry

NEEDLES = [
    ("org.example.z/needle", "1.0.0"),
    ("org.example.z/needle", "1.1.0"),
    ("org.example.a/needlework", "1.0.0"),
    ("org.example.a/titled", "1.0.0"),
    ("org.example.b/described", "1.0.0"),
    ("org.example.needle/server", "1.0.0"),
]


def _names(reader: Reader, term: str) -> list[str]:
    return list(dict.fromkeys(name for name, _ in reader.walk(100, search=term).keys))


class TestWhere:
    @pytest.mark.parametrize("term", ["needle", "NEEDLE", "nEeDlE"])
    def test_name_title_and_description(self, reader: Reader, term: str) -> None:
        """
        Ours, unlike reference §2 (name only): name, title and description, without regard to case.
        """
        assert sorted(reader.walk(100, search=term).keys) == sorted(NEEDLES)

    def test_nowhere_else(self, reader: Reader) -> None:
        """
        Ours: package identifiers, registry types, versions and URLs are not searched.
        """
        assert "org.example.b/packaged" not in _names(reader, "needle")
        assert _names(reader, "git.example") == []

    def test_not_across_fields(self, reader: Reader) -> None:
        """
        Ours: the end of a name and the start of a title are no match.
        """
        assert _names(reader, "titledThe") == []
        assert _names(reader, "titled The NEEDLE") == []
        assert _names(reader, "titled\x1fthe") == []

    @pytest.mark.parametrize(("term", "name"), [("σίσυφοσ", "special/greek"), ("STRASSE", "special/greek")])
    def test_case_is_folded_as_unicode_does(self, reader: Reader, term: str, name: str) -> None:
        """
        reference §8: a search that is not ASCII is answered, and letters without ASCII have two cases too.
        """
        assert _names(reader, term) == [f"org.example.{name}"]


class TestOrder:
    def test_exact_last_segment_first(self, reader: Reader) -> None:
        """
        Ours: the exact last segment comes before everything else, the others by name.
        """
        assert reader.walk(100, search="Needle").keys == NEEDLES

    def test_exact_name_before_all(self, reader: Reader) -> None:
        """
        Ours: the exact name comes first.
        """
        assert _names(reader, "ORG.EXAMPLE.Z/needle") == ["org.example.z/needle"]
        assert _names(reader, "com.acme/payroll") == ["com.acme/payroll"]

    @pytest.mark.parametrize("limit", range(1, 8))
    def test_stable_under_paging(self, reader: Reader, limit: int) -> None:
        """
        Ours: whatever the limit, the pages together are the same list.
        """
        assert reader.walk(limit, search="needle").keys == NEEDLES


class TestLiteral:
    @pytest.mark.parametrize(
        ("term", "names"),
        [
            ("%", ["org.example.special/percent"]),
            ("100%_", ["org.example.special/percent"]),
            ("_of", ["org.example.special/percent"]),
            ("\\", ["org.example.special/backslash"]),
            (r"C:\s", ["org.example.special/backslash"]),
            ('"AND"', ["org.example.special/quote"]),
            ('" OR NOT', ["org.example.special/quote"]),
            ("(a+)+$", ["org.example.special/regex"]),
            ("[a-z]*", ["org.example.special/regex"]),
            ("needle OR weather", []),
            ("needle*", []),
            ("n__dle", []),
            ("need%", []),
            ('""', []),
            ("name:needle", []),
            ("NEAR(needle)", []),
            ("^needle", []),
            ("'; DROP TABLE view_entries; --", []),
            ("{}", []),
            (".*", []),
        ],
    )
    def test_nothing_is_an_operator(self, reader: Reader, term: str, names: list[str]) -> None:
        """
        reference §10.29, threats "LIKE and FTS injection": every character of a term stands for itself.
        """
        assert _names(reader, term) == names

    @pytest.mark.parametrize("term", ["&", "–", "“", "”", "Σ", "%_"])
    def test_short_terms(self, reader: Reader, term: str) -> None:
        """
        Ours: one and two characters are searched for like any other term.
        """
        found = _names(reader, term)

        assert 1 <= len(found) <= 3

    def test_blanks_and_plus(self, reader: Reader) -> None:
        """
        reference §10.10: `+` in a query is a blank; an encoded plus is a plus.
        """
        assert keys(reader.page("search=not+acme%27s+payroll")) == []
        assert keys(reader.page("search=salaries,+payslips&version=latest")) == [("com.acme/payroll", "1.2.0+build.7")]
        assert keys(reader.page("search=(a%2B)")) == [("org.example.special/regex", "1.0.0")]

    def test_utf8_that_was_not_encoded(self, world: RunningRegistry) -> None:
        """
        reference §8: people type curl 'search=ü'; raw UTF-8 in a query means what it says.
        """
        answer = send(world.port, "/v0.1/servers?search=“what&version=latest")

        assert keys(answer) == [("io.github.Boreal-Labs/Ledger-Reader", "2.0.0")]


class TestBounds:
    def test_as_long_as_it_may_be(self, reader: Reader) -> None:
        """
        Ours: 200 characters are searched for.
        """
        assert reader.page({"search": "ab" * 100}).json()["servers"] == []
        assert reader.page({"search": "🦉" * 200}).status == 200

    def test_longer_is_422(self, reader: Reader) -> None:
        """
        Ours: more than 200 characters are refused, and the answer repeats no more of them than that.
        """
        answer = reader.page({"search": "a" * 201})

        assert answer.status == 422
        assert answer.json()["errors"] == [
            {"message": "expected length <= 200", "location": "query.search", "value": "a" * 200}
        ]
