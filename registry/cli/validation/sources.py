"""Which manifests the words of a command line mean, and their bytes.

A file is taken as it is, whatever its name. In a directory these are taken, at any depth: `server.json` and
`*.server.json`; not in hidden directories nor `node_modules`, and not behind links to directories. `-` is standard
input. A pattern is for shells that do not expand it, and for what they leave alone in quotes.
"""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from schemas.validation.engine import MOST_BYTES

STDIN: Final = "-"

_MANIFEST: Final = "server.json"
_OTHERS: Final = "node_modules"


class NothingThere(Exception):
    """Raised when a word of the command line means no file at all."""


def sources(words: Iterable[str]) -> list[str]:
    """
    Every file that *words* mean, once, in their order; within a directory or a pattern by name.

    Raises NothingThere.
    """
    return list(dict.fromkeys(file for word in words for file in _meant(word)))


def read(source: str) -> bytes:
    """The bytes of *source*, at most one more than a manifest may have. Raises OSError."""
    if source == STDIN:
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with open(source, "rb") as opened:
        return opened.read(MOST_BYTES + 1)


def shown(source: str) -> str:
    """How messages name *source*: with slashes, and without what is not UTF-8."""
    name = "stdin" if source == STDIN else Path(source).as_posix()
    return os.fsencode(name).decode(errors="replace")


def _meant(word: str) -> Iterable[str]:
    if word == STDIN:
        return [word]
    if os.path.isdir(word):
        found = sorted(_manifests_in(word))
        if not found:
            raise NothingThere(f"there is no {_MANIFEST} and no *.{_MANIFEST} in {word}")
        return found
    if not os.path.lexists(word) and glob.has_magic(word):
        matched = sorted(match for match in glob.glob(word, recursive=True) if not os.path.isdir(match))
        if not matched:
            raise NothingThere(f"no file matches {word}")
        return matched
    # One that is not there is reported as unreadable, beside what is wrong with the others.
    return [word]


def _manifests_in(directory: str) -> Iterator[str]:
    for folder, folders, files in os.walk(directory):
        folders[:] = [name for name in folders if not name.startswith(".") and name != _OTHERS]
        for name in files:
            if name == _MANIFEST or name.endswith(f".{_MANIFEST}"):
                yield os.path.normpath(os.path.join(folder, name))
