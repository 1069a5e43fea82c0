"""From paths to lines and columns, in whatever text there is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.json_positions import START, Position, Positions, syntax_fault

DOCUMENT = """{
  "name": "com.acme/payroll",
  "größe": "ä", "version": "1.0.0",
  "packages": [
    {"identifier": "a"},
    {"transport": {"url": "x"}}
  ],
  "a.b": {"c[0]": 1},
  "a": {"b": 2}
}
"""

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=20,
)


class TestValue:
    @pytest.mark.parametrize(
        ("path", "position"),
        [
            ("", Position(1, 1)),
            ("name", Position(2, 11)),
            ("version", Position(3, 28)),
            ("packages", Position(4, 15)),
            ("packages[0].identifier", Position(5, 20)),
            ("packages[1].transport.url", Position(6, 27)),
            ("a.b.c[0]", Position(8, 19)),
            ("a.b", Position(8, 10)),
        ],
    )
    def test_begins_where_an_editor_says(self, path: str, position: Position) -> None:
        """
        Lines and columns count from 1, columns in characters and not in bytes; names may hold dots and brackets.
        """
        assert Positions(DOCUMENT).value(path) == position

    @pytest.mark.parametrize(
        ("path", "position"),
        [
            ("title", Position(1, 1)),
            ("packages[1].transport.headers[3].name", Position(6, 19)),
            ("packages[7]", Position(4, 15)),
            ("names", Position(1, 1)),
        ],
    )
    def test_of_what_is_missing_is_what_is_around_it(self, path: str, position: Position) -> None:
        """
        A member that is not there is looked for in the object it is missing from.
        """
        assert Positions(DOCUMENT).value(path) == position

    @given(_VALUES, st.sampled_from([None, 2]))
    def test_is_where_the_value_stands(self, value: object, indent: int | None) -> None:
        """
        For any value beside others and in any layout: reading on from its place gives that very value.
        """
        text = json.dumps({"before": [1, {"x": "y"}], "wanted": [0, {"here": value}]}, indent=indent)

        position = Positions(text).value("wanted[1].here")

        offset = sum(len(line) + 1 for line in text.split("\n")[: position.line - 1]) + position.column - 1
        assert json.JSONDecoder().raw_decode(text, offset)[0] == value

    @given(st.text(alphabet='{}[],:"\\a1 \n') | st.text())
    def test_of_any_text_is_within_it(self, text: str) -> None:
        """
        Nothing is raised, whatever the text and the path.
        """
        position = Positions(text).value("a.b[0]")

        assert 1 <= position.line <= text.count("\n") + 1
        assert position.column >= 1

    @pytest.mark.parametrize("text", ["[" * 500_000, '{"a":' * 200_000, "[" + "0," * 500_000, '{"' + "k" * 1_000_000])
    def test_of_a_hostile_text_is_found_all_the_same(self, text: str) -> None:
        """
        A megabyte of depth, of width or of one name is no more work than any other.
        """
        assert Positions(text).value("") == START


class TestName:
    def test_is_the_second_of_two(self) -> None:
        """
        Of a member that stands twice in one object, the second is the one too many.
        """
        assert Positions('{"b": {"a": 1},\n "a": 1,\n "a": 2}').name("a") == Position(3, 2)

    def test_is_the_first_otherwise(self) -> None:
        """
        Escapes in names are read; a name that is nowhere has no place.
        """
        positions = Positions('{"x": 1,\n "N\\u0061me": 2}')

        assert (positions.name("Name"), positions.name("y")) == (Position(2, 2), None)


class TestOddNumber:
    @pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e400"])
    def test_is_found(self, number: str) -> None:
        """
        What looks like a number to some parsers only is found; the same in a text is just a text.
        """
        assert Positions(f'{{"a": "{number}",\n "b": {number}}}').odd_number() == Position(2, 7)

    def test_is_absent_otherwise(self) -> None:
        """
        Ordinary numbers are none.
        """
        assert Positions('{"a": -1.5e3, "b": true}').odd_number() is None


class TestSyntaxFault:
    @pytest.mark.parametrize(
        ("document", "position", "said"),
        [
            (b'{\n  // why\n  "a": 1}', Position(2, 3), "line 2 holds a comment"),
            (b'{"a": 1,\n /* why */ "b": 2}', Position(2, 2), "line 2 holds a comment"),
            (b'{"a": 1} # why', Position(1, 10), "line 1 holds a comment"),
            (b'{"a": 1,\n}', Position(2, 1), "a comma stands before the closing }"),
            (b"[1,\n 2, ]", Position(2, 5), "a comma stands before the closing ]"),
            (b"{'a': 1}", Position(1, 2), "double quotes only"),
            (b'{"a": 1', Position(1, 8), "it ends too early"),
            (b'{"a" 1}', Position(1, 6), "it is not JSON: Expecting ':' delimiter"),
            (b'\xef\xbb\xbf{"a": 1}', Position(1, 1), "byte order mark"),
            (b'{"a":\n "\xc3\xa4\xff"}', Position(2, 4), "byte 0xff"),
            (b"", Position(1, 1), "it is not JSON"),
        ],
    )
    def test_says_where_and_what_would_help(self, document: bytes, position: Position, said: str) -> None:
        """
        The usual mistakes are named as such, at their own line and column.
        """
        fault = syntax_fault(document)

        assert fault is not None
        assert (fault.position, said in fault.message) == (position, True)

    @pytest.mark.parametrize("document", [b'{"a": 1}', b"[" * 100_000, b"1" * 5000])
    def test_is_about_syntax_only(self, document: bytes) -> None:
        """
        What is JSON, or cannot be judged by a parser, has no fault of syntax.
        """
        assert syntax_fault(document) is None
