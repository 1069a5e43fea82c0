"""One thing wrong with the configuration, as a value, so that all of them can be shown at once."""

import difflib
from collections.abc import Iterable

from msgspec import Struct


class ConfigProblem(Struct, frozen=True, kw_only=True):
    """
    Attributes:
        source: The file as the operator named it, or the environment variable.
        line: Counted from 1; None for a variable, or where the file as a whole is meant.
        key: Where in the configuration, as `upstream[0].interval`; empty where no key is meant.
        expected: What would be right there, in words.
        message: The problem in one line, without the place.
    """

    source: str
    line: int | None = None
    key: str = ""
    expected: str = ""
    message: str

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{place}: {self.message}"


def did_you_mean(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """
    `; did you mean "…"?` for the known word closest to *word*, or nothing when none is close.

    Args:
        prefix: Put before the known word. It is not compared: what all words share makes none of them alike.
    """
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f'; did you mean "{prefix}{close[0]}"?' if close else ""
