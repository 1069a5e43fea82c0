"""On which line of a TOML text each key and array element stands; tomllib does not say.

The text must already have been accepted by tomllib: the scanner walks the grammar and relies on every
bracket and quote being closed. A path is the keys and indexes that lead to a value, as in the decoded dict:
`("upstream", 0, "claims", 1)`.
"""

import re
import tomllib
from typing import Final

Path = tuple[str | int, ...]

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
# One or two quotes of the content may stand right before the delimiter (TOML 1.0, String).
_LONG: Final = re.compile(r'"""(?:[^\\]|\\.)*?"""(?!")|\'\'\'.*?\'\'\'(?!\')', re.DOTALL)
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")
_BLANK: Final = re.compile(r"[ \t]*")
_BLANK_LINES: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


class Positions:
    """The lines, counted from 1, of everything that has a path in a TOML text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        _Scanner(text, self._lines).document()

    def line(self, path: Path) -> int | None:
        """The line of *path*, else of the innermost thing around it that has one, else None."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return None


class _Scanner:
    def __init__(self, text: str, lines: dict[Path, int]) -> None:
        self.text = text
        self.at = 0
        self.lines = lines
        self.elements: dict[Path, int] = {}
        self._counted_to = 0
        self._line = 1

    def document(self) -> None:
        table: Path = ()
        while self._skip(_BLANK_LINES) < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._header(2, array=True)
            elif self.text.startswith("[", self.at):
                table = self._header(1, array=False)
            else:
                self._assignment(table)

    def _header(self, brackets: int, *, array: bool) -> Path:
        line = self._line_here()
        self.at += brackets
        keys = self._dotted_key()
        self.at += brackets
        path: Path = ()
        for key in keys[:-1]:
            path = self._last_element((*path, key))
        path = (*path, keys[-1])
        if array:
            self.elements[path] = self.elements.get(path, -1) + 1
            self.lines.setdefault(path, line)
            path = self._last_element(path)
        # [table] may follow [table.sub]: the header is where a person looks, so it wins.
        self.lines[path] = line
        return path

    def _last_element(self, path: Path) -> Path:
        return (*path, self.elements[path]) if path in self.elements else path

    def _assignment(self, table: Path) -> None:
        line = self._line_here()
        path = table
        for key in self._dotted_key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.at += 1
        self._value(path)

    def _dotted_key(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_BLANK)
            bare = _BARE_KEY.match(self.text, self.at)
            if bare is not None:
                keys.append(bare[0])
                self.at = bare.end()
            else:
                start = self.at
                keys.append(str(tomllib.loads(f"key = {self.text[start : self._skip(_QUOTED)]}")["key"]))
            self._skip(_BLANK)
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _value(self, path: Path) -> None:
        self._skip(_BLANK)
        match self.text[self.at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                long = self.text.startswith(('"""', "'''"), self.at)
                self._skip(_LONG if long else _QUOTED)
            case _:
                self._skip(_SCALAR)

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.text[self._skip(_BLANK_LINES)] != "]":
            self.lines[(*path, index)] = self._line_here()
            self._value((*path, index))
            index += 1
            if self.text[self._skip(_BLANK_LINES)] == ",":
                self.at += 1
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while self.text[self._skip(_BLANK_LINES)] != "}":
            self._assignment(path)
            if self.text[self._skip(_BLANK_LINES)] == ",":
                self.at += 1
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
        return self.at

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._line
