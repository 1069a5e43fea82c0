"""What looks like a range of versions, to the public registry and to us."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.validation.issue import Profile
from schemas.validation.semantic.specific_version import is_range

RANGES: Final = [
    "^1", "^1.2.3", "~1.2", "~v1.2.3", ">=1.0.0", "<=1.2.3.4", ">1", "<2.0", "=1.0.0", "= 1.0.0", ">=1.0.0-beta.1",
    "1.0.0 - 2.0.0", "1.0.0 -2.0.0", "1 - 2", "v1.0 - v2.0-rc.1", "1.0.0 || 2.0.0", "1||2", "1.0 || 2.0 || 3.0",
    "1.x", "1.X", "1.*", "1.2.x", "1.2.*", "x.1", "*.*", "1.x.x", "1.x-alpha", " ^1.0 ",
]  # fmt: skip
RANGES_UPSTREAM_ONLY: Final = [
    "1.0.0-next.1",
    "1.0.0-linux",
    "1.0.0-experimental",
    "1.0.0-x",
    "1.2-linuX.1",
    "1.0.0-x86.64",
]
VERSIONS: Final = [
    "", "1.0.0", "v1.0.0", "1.0", "1", "2021.11.15", "1.0.0-beta.1", "1.0.0+build.x", "1.0.0-rc.1+linux", "snapshot",
    "*", "x", "X", "==1.0", "!=1.0", ">=1.0.0 <2.0.0", "1.0.0- 2.0.0", "^^1.0", ">= ", "^", "1.0.0-", "1.2.3.x",
    "１.x", "^１.0", "next", "1.0.0||", "||1.0", "1..x", "1.0.0 2.0.0", "linux-x64", "^1.0.0.0.0",
]  # fmt: skip


class TestRanges:
    @pytest.mark.parametrize("version", RANGES)
    def test_ranges(self, version: str) -> None:
        """
        A comparator, a hyphen, alternatives and placeholders among the numbers make a range under both profiles.
        """
        assert is_range(version, Profile.PRIVATE)
        assert is_range(version, Profile.OFFICIAL)

    @pytest.mark.parametrize("version", RANGES_UPSTREAM_ONLY)
    def test_a_prerelease_with_the_letter_x_is_a_range_only_to_the_public_registry(self, version: str) -> None:
        """
        An x in a prerelease is no placeholder: only the official profile, which has upstream's bug, refuses it.
        """
        assert not is_range(version, Profile.PRIVATE)
        assert is_range(version, Profile.OFFICIAL)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_no_ranges(self, version: str) -> None:
        """
        Everything else is one version, as far as this heuristic can tell, under both profiles.
        """
        assert not is_range(version, Profile.PRIVATE)
        assert not is_range(version, Profile.OFFICIAL)

    @given(st.text("0123456789.xX*^~<>=|v- a", max_size=40))
    def test_ours_is_never_stricter(self, version: str) -> None:
        """
        Whatever the private profile refuses as a range, the public registry refuses too.
        """
        assert is_range(version, Profile.OFFICIAL) or not is_range(version, Profile.PRIVATE)

    def test_long_texts_take_no_time(self) -> None:
        """
        The patterns need no more than one pass, also over what almost matches.
        """
        almost = ["1." * 500_000, "1-" * 500_000 + "!", "1||" * 300_000 + "!", "^" + "1" * 900_000 + "!", " " * 900_000]

        assert [is_range(version, Profile.OFFICIAL) for version in almost] == [False] * 5
