"""Positions in an answer, and what a question means when little is said."""

from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.entry import parse_version
from registry.catalog.query import AFTER_EVERY_VERSION, Position, Query
from registry.errors import Invalid

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


class TestPosition:
    @given(st.tuples(st.integers(0, 2), _texts, _texts), st.tuples(st.integers(0, 2), _texts, _texts))
    def test_orders_by_tier_name_and_version(self, one: tuple[int, str, str], other: tuple[int, str, str]) -> None:
        """
        Positions compare by tier, then name, then version, as the UTF-8 bytes of the texts do.
        """
        positions = [Position(tier=tier, name=name, version=version) for tier, name, version in (one, other)]
        as_bytes = [(tier, name.encode(), version.encode()) for tier, name, version in (one, other)]

        assert (positions[0] < positions[1]) == (as_bytes[0] < as_bytes[1])

    @given(st.text(min_size=1, max_size=10))
    def test_a_position_can_skip_a_whole_name(self, text: str) -> None:
        """
        What sorts after every version does so for every version there can be.
        """
        try:
            version = parse_version(text)
        except Invalid:
            return

        assert version < AFTER_EVERY_VERSION


class TestQuery:
    def test_silence_asks_for_the_beginning_of_everything_alive(self) -> None:
        """
        Thirty items from the start, no filter, nothing deleted.
        """
        query = Query()

        assert (query.limit, query.search, query.version, query.updated_since_us) == (30, "", None, None)
        assert not query.include_deleted
        assert query.after < Position(tier=0, name="-")
