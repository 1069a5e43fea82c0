"""The fixtures' own reading of the version rule, checked against the table of reference §3."""

import pytest

from fixtures.latest import flagged, higher, highest, instant_text, precedence


class TestPrecedence:
    @pytest.mark.parametrize(
        "version",
        ["1.0.0", "v1.0.0", "0.0.0", "2021.11.15", "1.0.0-rc.1", "1.0.0-0a", "1.0.0+001", "1.0.0--", "1.0.0-a+b.c"],
    )
    def test_semantic(self, version: str) -> None:
        """
        Three numeric parts without leading zeros, with or without v, prerelease and build, are semantic.
        """
        assert precedence(version) is not None

    @pytest.mark.parametrize(
        "version",
        ["2021.03.05", "1.0", "1.0.0.0", "1.0.0-", "snapshot", "vv1.0.0", "V1.0.0", "1.0.0-01", "1.0.0+", "1.0.0-a..b",
         "1.0.0\n", "１.0.0", ""],
    )  # fmt: skip
    def test_not_semantic(self, version: str) -> None:
        """
        Everything else is not, however much it looks like one.
        """
        assert precedence(version) is None

    def test_order(self) -> None:
        """
        The chain of the semver specification comes out in its order, numbers below words, releases last.
        """
        chain = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
                 "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.0.1", "1.2.0", "1.10.0", "v2.0.0", "10.0.0"]  # fmt: skip

        assert sorted(reversed(chain), key=lambda version: precedence(version) or ()) == chain

    def test_build_and_lead_do_not_count(self) -> None:
        """
        Build metadata and a leading v change nothing.
        """
        assert precedence("1.0.0+a") == precedence("v1.0.0") == precedence("1.0.0")


class TestHigher:
    def test_semantic_beats_the_other_whatever_the_times(self) -> None:
        """
        A semantic version ranks above one that is not, also when it is older.
        """
        assert higher("0.0.1", 1, than="snapshot", than_published_us=2)
        assert not higher("snapshot", 2, than="0.0.1", than_published_us=1)

    def test_among_others_the_newer(self) -> None:
        """
        Two versions that are not semantic compare by the time of publishing.
        """
        assert higher("alpha", 2, than="beta", than_published_us=1)
        assert not higher("beta", 1, than="alpha", than_published_us=1)


class TestHighest:
    def test_of_equal_ones_the_newest(self) -> None:
        """
        After a change of status the newest of equal versions wins.
        """
        assert highest([("1.0.0+a", 1), ("1.0.0+b", 2), ("0.9.0", 3)]) == "1.0.0+b"

    def test_deleted_only_when_nothing_else_is_left(self) -> None:
        """
        A deleted version keeps the flag only if all are deleted.
        """
        assert flagged([("1.0.0", 1, "active"), ("2.0.0", 2, "deleted")]) == "1.0.0"
        assert flagged([("1.0.0", 1, "deleted"), ("2.0.0", 2, "deleted")]) == "2.0.0"


class TestInstantText:
    @pytest.mark.parametrize(
        ("instant_us", "text"),
        [(0, "1970-01-01T00:00:00Z"), (17_142_131, "1970-01-01T00:00:17.142131Z"),
         (17_140_000, "1970-01-01T00:00:17.14Z")],
    )  # fmt: skip
    def test_trimmed_fraction(self, instant_us: int, text: str) -> None:
        """
        Fractions carry no trailing zeros (reference §4.1).
        """
        assert instant_text(instant_us) == text
