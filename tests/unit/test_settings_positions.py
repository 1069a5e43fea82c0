"""The line finder against TOML as people write it, and against texts put together at random."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.settings.positions import Path, Positions

ODD = """\
# a comment with [brackets] and "quotes
top = 1   # trailing
[server]  # [not.a.table]
listen = "[::1]:80 # no comment"
text = \"\"\"
fake = 1
[fake]
quote \\\""" end\"\"\"\"\"
after_text = '''
other = "x
''' # done
"quoted.key" . 'second' = 2
a.b.c = 3
a.b.d = { x = 1, "y z" = [1, 2], w.v = { deep = true } }
list = [
  "one", # ]
  # a comment in between
  [ 2,
    3 ],
  { k = 1 },
]
when = 1979-05-27 07:32:00Z
tricky = "a \\" b" # "
last = 1
[[upstream]]
name = "first"
[upstream.token]
env = "A"
[[ upstream ]]
name = "second"
  [ upstream . "token" ]
  env = "B"
[[upstream.deep]]
[[upstream.deep]]
z = 1
"""


class TestLine:
    @pytest.mark.parametrize(
        ("path", "line"),
        [
            (("top",), 2),
            (("server",), 3),
            (("server", "listen"), 4),
            (("server", "text"), 5),
            (("server", "after_text"), 9),
            (("server", "quoted.key", "second"), 12),
            (("server", "a", "b", "c"), 13),
            (("server", "a", "b", "d", "x"), 14),
            (("server", "a", "b", "d", "y z", 1), 14),
            (("server", "a", "b", "d", "w", "v", "deep"), 14),
            (("server", "list"), 15),
            (("server", "list", 0), 16),
            (("server", "list", 1), 18),
            (("server", "list", 1, 1), 19),
            (("server", "list", 2, "k"), 20),
            (("server", "when"), 22),
            (("server", "tricky"), 23),
            (("server", "last"), 24),
            (("upstream",), 25),
            (("upstream", 0), 25),
            (("upstream", 0, "name"), 26),
            (("upstream", 0, "token"), 27),
            (("upstream", 0, "token", "env"), 28),
            (("upstream", 1), 29),
            (("upstream", 1, "name"), 30),
            (("upstream", 1, "token", "env"), 32),
            (("upstream", 1, "deep", 1, "z"), 35),
        ],
    )
    def test_every_kind_of_key_is_found_on_its_line(self, path: Path, line: int) -> None:
        """A person is sent to the line on which the key is written, however it is written."""
        positions = Positions(ODD)

        assert positions.line(path) == line

    def test_a_missing_key_is_looked_for_at_its_table(self) -> None:
        """What is absent has no line of its own; the header of the table it belongs in is the next best."""
        positions = Positions(ODD)

        assert positions.line(("upstream", 1, "kind")) == 29

    def test_what_is_nowhere_in_the_text_has_no_line(self) -> None:
        """No line is invented for a table that the text does not have."""
        assert Positions(ODD).line(("store", "path")) is None

    def test_windows_line_ends_count_once(self) -> None:
        """A file saved on Windows has the same lines."""
        assert Positions("a = 1\r\n\r\n[t]\r\nb = 2\r\n").line(("t", "b")) == 4

    def test_an_empty_text_has_no_lines(self) -> None:
        """A file of nothing but a comment is a valid file."""
        assert Positions("# nothing").line(("a",)) is None

    def test_a_table_written_after_its_sub_table_keeps_its_own_header(self) -> None:
        """`[a]` below `[a.b]` is where somebody looking for a would look."""
        assert Positions("[a.b]\nx = 1\n[a]\ny = 2\n").line(("a",)) == 3


_FILLERS = [
    "",
    "   # comment = 1",
    '{key} = """\n"a" = 1\n\\""" [x]\n"""',
    "{key} = '''\n[x]\n'''''",
    '{key} = [ "]", # [\n\n {{ a = "}}" }},\n]',
    "{key} = {{ a.b = [ 1 ], c = '#' }}",
    "{key}.'a b'.\"c\\u0041\" = 1979-05-27",
    '{key} = ""',
    '{key} = """"""',
    "[[{key}]]\n[{key}.sub]",
    "[ {key} ]\n",
]


class TestAnyText:
    @given(st.lists(st.sampled_from(_FILLERS), max_size=12), st.sampled_from(["\n", "\r\n"]))
    def test_keys_after_anything_are_found_where_they_are(self, fillers: list[str], end: str) -> None:
        """Whatever stands before a key, its line is the number of line ends before it plus one."""
        text = ""
        expected: dict[str, int] = {}
        for index, filler in enumerate(fillers):
            text += filler.format(key=f"k{index}") + "\n"
            expected[f"mark{index}"] = text.count("\n") + 2
            text += f"[mark{index}]\nx = 1\n"
        text = text.replace("\n", end)

        positions = Positions(text)

        assert set(tomllib.loads(text)) >= set(expected)
        assert {name: positions.line((name, "x")) for name in expected} == expected
