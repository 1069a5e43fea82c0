"""Ids that leave the process."""

import re

from hypothesis import given
from hypothesis import strategies as st

from registry.ids import Counted, new_id

NOW_US = 1_757_376_000_000_000


class TestNewId:
    def test_shape(self) -> None:
        """
        The prefix that says what it is, then 26 characters that need no encoding anywhere.
        """
        assert re.fullmatch(r"run_[0-9a-hjkmnp-tv-z]{26}", new_id("run", NOW_US))

    def test_never_the_same_twice(self) -> None:
        """
        Ids made at the same instant differ.
        """
        assert len({new_id("run", NOW_US) for _ in range(1000)}) == 1000

    @given(st.integers(0, 2**60), st.integers(1000, 2**50))
    def test_sorts_by_time(self, now_us: int, later_us: int) -> None:
        """
        An id made at least a millisecond later sorts later.
        """
        assert new_id("run", now_us) < new_id("run", now_us + later_us)


class TestCounted:
    def test_looks_like_any_other(self) -> None:
        """
        Shape and order are those of ids that are drawn one by one.
        """
        made = Counted("req").next(NOW_US)

        assert re.fullmatch(r"req_[0-9a-hjkmnp-tv-z]{26}", made)
        assert made[4:14] == new_id("req", NOW_US)[4:14]

    def test_never_the_same_twice(self) -> None:
        """
        Neither at one instant nor when the clock steps back, nor from two workers.
        """
        first, second = Counted("req"), Counted("req")
        made = [ids.next(NOW_US - step % 3 * 1000) for step in range(3000) for ids in (first, second)]

        assert len(set(made)) == len(made)
