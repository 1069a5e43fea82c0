"""The version rule of reference §3, row by row, and the byte strings it is kept as."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.ranking import Ranked, is_semantic, latest, rank

_LONG = "9" * 60

SEMANTIC = [
    "1.0.0", "v1.0.0", "0.0.0", "v0.0.0", "2021.11.15", "1.0.0-rc.1", "1.0.0-0", "1.0.0-0a", "1.0.0--", "1.0.0---",
    "1.0.0-a+b.c", "1.0.0+001", "1.0.0+a-b", "1.0.0-x.7.z.92", "1.0.0-alpha-01", "10.20.30", f"{_LONG}.0.0",
    f"1.0.0-{_LONG}", "v1.2.3-beta+exp.sha.5114f85", "1.0.0-rc.1+build.1",
]  # fmt: skip

NOT_SEMANTIC = [
    "2021.03.05", "1.0", "1.0.0.0", "1.0.0-", "snapshot", "1", "v1", "v1.0", "vv1.0.0", "V1.0.0", "v", "", " 1.0.0",
    "1.0.0 ", "1.0.0\n", "1.0.0-01", "1.0.0-a..b", "1.0.0-.a", "1.0.0-a.", "1.0.0+", "1.0.0+a..b", "1.0.0-a+",
    "1.0.0-ä", "1.0.0-a_b", "１.0.0", "1.٠.0", "1.0.0-１", "01.0.0", "1.00.0", "1.0.0x", "-1.0.0", "+1.0.0", "1.-0.0",
    "1..0", ".1.0.0", "1.0.0.", "^1.0.0", "1.0.x", "2025.11.17.0701", "0.5.2rc1", "1.0.0.post1", "main-4", "latest2",
    "1e3.0.0", "1_0.0.0", "1,0,0",
]  # fmt: skip

# Each of the left is older than its right, whatever the times of publishing. With the chains and the table of
# equals this is every row of reference §3.
OLDER_AND_NEWER = [
    ("1.0.0", "1.0.1"), ("1.0.9", "1.0.10"), ("1.9.0", "1.10.0"), ("9.0.0", "10.0.0"), ("1.0.10", "1.1.0"),
    ("1.99.99", "2.0.0"), ("0.0.0", "0.0.1"), ("0.0.9", "0.1.0"), ("0.99.0", "1.0.0"), ("v1.0.0", "1.0.1"),
    ("1.0.0", "v1.0.1"), ("2021.11.9", "2021.11.15"), ("2021.11.15", "2022.1.1"), ("99.0.0", "2021.1.1"),
    (f"{'9' * 20}.0.0", f"1{'0' * 20}.0.0"), ("4294967295.0.0", "4294967296.0.0"), ("9007199254740991.0.0",
    "9007199254740993.0.0"), ("18446744073709551615.0.0", "18446744073709551616.0.0"),
    ("1.0.0-alpha", "1.0.0"), ("1.0.0-zzz", "1.0.0"), ("1.0.0-999", "1.0.0"), ("1.0.0-rc.1", "1.0.0+build"),
    ("1.0.0-rc.1+zzz", "1.0.0"), ("1.0.0", "1.0.1-0"), ("1.0.0", "1.1.0-alpha"), ("1.0.0", "2.0.0-0"),
    ("1.0.0-alpha", "1.0.0-alpha.1"), ("1.0.0-alpha.1", "1.0.0-alpha.beta"), ("1.0.0-alpha.beta", "1.0.0-beta"),
    ("1.0.0-beta", "1.0.0-beta.2"), ("1.0.0-beta.2", "1.0.0-beta.11"), ("1.0.0-beta.11", "1.0.0-rc.1"),
    ("1.0.0-0", "1.0.0-1"), ("1.0.0-9", "1.0.0-10"), ("1.0.0-999999", "1.0.0-a"), ("1.0.0-1", "1.0.0--"),
    ("1.0.0-1", "1.0.0-1a"), ("1.0.0-2", "1.0.0-1a"), ("1.0.0-10a", "1.0.0-9a"), ("1.0.0--", "1.0.0-0a"),
    ("1.0.0-A", "1.0.0-a"), ("1.0.0-Z", "1.0.0-a"), ("1.0.0-a", "1.0.0-a-"), ("1.0.0-a-b", "1.0.0-ab"),
    ("1.0.0-a.b", "1.0.0-a-b"), ("1.0.0-a.0", "1.0.0-a.a"), ("1.0.0-a.9.z", "1.0.0-a.10"),
    ("1.0.0-a", "1.0.0-aa"), ("1.0.0-a.1", "1.0.0-a.1.0"), ("1.0.0-a.1.0", "1.0.0-a.1.a"), ("1.0.0-a.1", "1.0.0-b"),
    ("1.0.0-rc.9", "1.0.0-rc.10"), ("1.0.0-rc9", "1.0.0-rc91"), ("1.0.0-rc10", "1.0.0-rc9"),
    ("1.0.0-pre", "1.0.0-pre1"), ("1.0.0-SNAPSHOT", "1.0.0-alpha"), ("v1.0.0-a", "1.0.0-b"),
    (f"1.0.0-{'9' * 30}", f"1.0.0-1{'0' * 30}"), (f"1.0.0-1{'0' * 30}", "1.0.0-0x"),
    ("snapshot", "0.0.0"), ("snapshot", "0.0.0-0"), ("2021.03.05", "0.0.1"), ("99.99", "0.0.1"),
    ("1.0.0.1", "0.1.0-alpha"), ("zzz", "v0.0.1"), ("１.0.0", "0.0.1"), ("1.0.0-", "0.9.0"), ("V9.0.0", "0.0.1"),
]  # fmt: skip

EQUAL = [
    ("1.0.0", "v1.0.0"), ("1.0.0+a", "1.0.0+b"), ("1.0.0", "1.0.0+a"), ("v1.0.0+a", "1.0.0"),
    ("1.0.0-rc.1+a", "v1.0.0-rc.1+b.2"), ("1.0.0+001", "1.0.0+1"), ("1.0.0-0", "1.0.0-0+z"),
]  # fmt: skip

CHAIN = [
    "1.0.0-0", "1.0.0-3", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0", "2021.11.15",
]  # fmt: skip

EARLY_US, LATE_US = 1_000_000, 2_000_000


def _version(version: str, published_us: int = EARLY_US, *, deleted: bool = False) -> Ranked:
    return Ranked(version=version, rank=rank(version, published_us), published_us=published_us, deleted=deleted)


# --- an independent reading of the rule: numbers as numbers, one comparison at a time -------------------------


def _reference_parts(version: str) -> tuple[list[int], list[str]] | None:
    text = version[1:] if version.startswith("v") else version
    head, plus, build = text.partition("+")
    core, dash, prerelease = head.partition("-")
    numbers = core.split(".")
    words = prerelease.split(".") if dash else []
    builds = build.split(".") if plus else []
    letters = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")
    digits = set("0123456789")
    if len(numbers) != 3 or not all(number and set(number) <= digits for number in numbers):
        return None
    if any(len(number) > 1 and number[0] == "0" for number in numbers):
        return None
    if not all(word and set(word) <= letters for word in words + builds):
        return None
    if any(set(word) <= digits and len(word) > 1 and word[0] == "0" for word in words):
        return None
    return [int(number) for number in numbers], words


def _reference_compare(a: tuple[str, int], b: tuple[str, int]) -> int:
    left, right = _reference_parts(a[0]), _reference_parts(b[0])
    if left is None or right is None:
        if (left is None) != (right is None):
            return -1 if left is None else 1
        return (a[1] > b[1]) - (a[1] < b[1])
    if left[0] != right[0]:
        return 1 if left[0] > right[0] else -1
    if not left[1] or not right[1]:
        return bool(right[1]) - bool(left[1])
    for mine, theirs in zip(left[1], right[1], strict=False):
        if mine == theirs:
            continue
        if mine.isdigit() and theirs.isdigit():
            return 1 if int(mine) > int(theirs) else -1
        if mine.isdigit() != theirs.isdigit():
            return -1 if mine.isdigit() else 1
        return 1 if mine > theirs else -1
    return (len(left[1]) > len(right[1])) - (len(left[1]) < len(right[1]))


_numbers = st.one_of(st.integers(0, 12), st.integers(0, 10**30)).map(str)
_identifiers = st.one_of(_numbers, st.text("aB0-9z", min_size=1, max_size=4))
_semantic_like = st.builds(
    lambda lead, core, words, build: (
        lead + ".".join(core) + ("-" + ".".join(words) if words else "") + ("+" + ".".join(build) if build else "")
    ),
    st.sampled_from(["", "v"]),
    st.lists(_numbers, min_size=2, max_size=4),
    st.lists(_identifiers, max_size=4),
    st.lists(_identifiers, max_size=2),
)
_versions = st.one_of(_semantic_like, st.sampled_from(SEMANTIC + NOT_SEMANTIC), st.text(max_size=8))
_published = st.tuples(_versions, st.integers(-(2**62), 2**62))


class TestIsSemantic:
    @pytest.mark.parametrize("version", SEMANTIC)
    def test_semantic(self, version: str) -> None:
        """
        Three ASCII numbers without leading zeros, one v at most, proper prerelease and build identifiers.
        """
        assert is_semantic(version)

    @pytest.mark.parametrize("version", NOT_SEMANTIC)
    def test_not_semantic(self, version: str) -> None:
        """
        reference §10.16: everything else is no semantic version, however much it looks like one.
        """
        assert not is_semantic(version)

    @given(_versions)
    def test_agrees_with_the_reference(self, version: str) -> None:
        """
        The pattern accepts exactly what an independent reading of the rule accepts.
        """
        assert is_semantic(version) == (_reference_parts(version) is not None)


class TestRank:
    @pytest.mark.parametrize(("older", "newer"), OLDER_AND_NEWER)
    def test_newer_is_greater(self, older: str, newer: str) -> None:
        """
        Where the rule says newer the bytes are greater, whichever was published first.
        """
        assert rank(older, LATE_US) < rank(newer, EARLY_US)
        assert rank(older, EARLY_US) < rank(newer, LATE_US)

    @pytest.mark.parametrize(("one", "other"), EQUAL)
    def test_equal_precedence_is_equal_bytes(self, one: str, other: str) -> None:
        """
        Build metadata, a leading v and the time of publishing do not count between semantic versions.
        """
        assert rank(one, EARLY_US) == rank(other, LATE_US)

    def test_the_whole_chain(self) -> None:
        """
        Of any two of a chain the later is greater: the order is total, not only between neighbours.
        """
        ranks = [rank(version, LATE_US - place) for place, version in enumerate(CHAIN)]

        assert all(lower < higher for lower, higher in combinations(ranks, 2))

    @pytest.mark.parametrize("one", NOT_SEMANTIC)
    def test_between_others_the_time_decides(self, one: str) -> None:
        """
        Two versions that are not semantic compare by when they were published, by nothing else.
        """
        for other in NOT_SEMANTIC:
            assert rank(one, EARLY_US) < rank(other, LATE_US)
            assert rank(one, LATE_US) > rank(other, EARLY_US)
            assert rank(one, EARLY_US) == rank(other, EARLY_US)

    @given(_published, _published)
    def test_bytes_sort_as_the_reference_compares(self, one: tuple[str, int], other: tuple[str, int]) -> None:
        """
        For any two versions, greater bytes, newer version; equal bytes, equal precedence.
        """
        mine, theirs = rank(*one), rank(*other)

        assert (mine > theirs) - (mine < theirs) == _reference_compare(one, other)


class TestLatest:
    def test_none_of_none(self) -> None:
        """
        A name without versions has no latest.
        """
        assert latest([]) is None

    @pytest.mark.parametrize("order", [1, -1])
    @pytest.mark.parametrize(
        ("versions", "expected"),
        [
            ([("2.0.0", 1, False), ("10.0.0", 2, False), ("9.0.0", 3, False)], "10.0.0"),
            ([("1.0.0", 1, False), ("2.0.0-rc.1", 2, False)], "2.0.0-rc.1"),
            ([("1.0.0", 1, False), ("2.0.0", 2, True)], "1.0.0"),
            ([("1.0.0", 1, True), ("2.0.0", 2, True)], "2.0.0"),
            ([("snapshot", 9, False), ("0.0.1", 1, False)], "0.0.1"),
            ([("snapshot", 9, False), ("0.0.1", 1, True)], "snapshot"),
            ([("alpha", 1, False), ("beta", 2, False)], "beta"),
            ([("beta", 1, False), ("alpha", 2, False)], "alpha"),
            ([("1.0.0+a", 1, False), ("1.0.0+b", 2, False)], "1.0.0+a"),
            ([("1.0.0+b", 1, False), ("1.0.0+a", 2, False)], "1.0.0+b"),
            ([("1.0.0", 1, False), ("v1.0.0", 2, False)], "1.0.0"),
            ([("v1.0.0", 1, False), ("1.0.0", 2, False)], "v1.0.0"),
            ([("1.0.0", 1, False), ("v1.0.0", 1, False)], "1.0.0"),
            ([("beta", 1, False), ("alpha", 1, False)], "alpha"),
            ([("1.0.0+a", 1, True), ("1.0.0+b", 2, False)], "1.0.0+b"),
            ([("1.0.0+a", 2, True), ("1.0.0+b", 1, True)], "1.0.0+b"),
        ],
    )
    def test_table(self, versions: list[tuple[str, int, bool]], expected: str, order: int) -> None:
        """
        reference §3, §10.16: the highest not deleted, else the highest deleted; ties keep the earlier published.
        """
        ranked = [_version(version, published_us, deleted=deleted) for version, published_us, deleted in versions]

        assert latest(ranked[::order]) == expected

    @given(st.lists(st.tuples(_versions, st.integers(0, 5), st.booleans()), unique_by=lambda one: one[0]))
    def test_order_of_arrival_does_not_matter(self, versions: list[tuple[str, int, bool]]) -> None:
        """
        The flag is a function of the set of versions, never of the order in which they came.
        """
        ranked = [_version(version, published_us, deleted=deleted) for version, published_us, deleted in versions]

        assert latest(ranked) == latest(reversed(ranked)) == latest(sorted(ranked, key=lambda one: one.version))
