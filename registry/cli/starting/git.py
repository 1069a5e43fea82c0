"""The remote of a git working copy, read from its configuration file.

Git itself is not run: it would obey what a repository configures (hooks, aliases, file system monitors), and may not be
there. What one file includes from another is not followed.
"""

import os
import re
from pathlib import Path
from typing import Final

import msgspec

_MOST_BYTES: Final = 1 << 20
_SECTION: Final = re.compile(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_URL: Final = re.compile(r"url\s*=\s*(.*)", re.IGNORECASE)


class WorkingCopy(msgspec.Struct, frozen=True, kw_only=True):
    """
    Where a folder stands in a working copy.

    Attributes:
        remote: The address of `origin`, else of the first remote there is; may hold credentials. Empty: none.
        folder: The folder's path below the top, with slashes; empty at the top.
    """

    remote: str
    folder: str


def working_copy(folder: Path) -> WorkingCopy | None:
    """The working copy that *folder* is in; None if it is in none, or its configuration cannot be read."""
    inside = folder.resolve()
    for top in (inside, *inside.parents):
        directory = _git_directory(top / ".git")
        if directory is None:
            continue
        remotes = _remotes(directory / "config")
        remote = remotes.get("origin") or next(iter(remotes.values()), "")
        relative = inside.relative_to(top).as_posix()
        return WorkingCopy(remote=remote, folder="" if relative == "." else relative)
    return None


def _git_directory(entry: Path) -> Path | None:
    """Where the configuration is: a linked working tree and a submodule have a file that says so."""
    # Not Path.is_dir, which raises where one may not even look.
    if os.path.isdir(entry):
        return entry
    said = _lines(entry)
    if not said or not said[0].startswith("gitdir:"):
        return None
    directory = entry.parent / said[0].removeprefix("gitdir:").strip()
    common = _lines(directory / "commondir")
    return directory / common[0].strip() if common else directory


def _remotes(config: Path) -> dict[str, str]:
    """Addresses by the remote's name, in the order of the file; the first of each."""
    remotes: dict[str, str] = {}
    name: str | None = None
    for line in _lines(config):
        line = line.strip()
        section = _SECTION.match(line)
        if section is not None:
            name = section[2] if section[1].lower() == "remote" else None
            line = line[section.end() :].strip()
        found = _URL.fullmatch(line)
        if name and found is not None:
            remotes.setdefault(name, _value(found[1]))
    return remotes


def _value(text: str) -> str:
    """The value without quotes, and without a comment behind it."""
    if text.startswith('"') and '"' in text[1:]:
        return text[1 : text.index('"', 1)]
    return re.split(r"\s[#;]", text)[0].strip()


def _lines(file: Path) -> list[str]:
    try:
        if not file.is_file():
            return []
        with file.open("rb") as opened:
            return opened.read(_MOST_BYTES).decode(errors="replace").splitlines()
    except (OSError, ValueError):
        return []
