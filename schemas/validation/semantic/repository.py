"""Where the source is: a repository on one of the two hosting services known, and a folder in it (reference §5.3)."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.validation.issue import Issue, semantic_error
from schemas.validation.reading import Members, member_object, text

_ADDRESSES: Final = {
    # One level below the host: upstream knows no subgroups.
    source: re.compile(rf"https?://(?:www\.)?{source}\.com/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/?", re.ASCII)
    for source in ("github", "gitlab")
}
_FOLDER: Final = re.compile(r"[A-Za-z0-9_./-]+", re.ASCII)


def repository_issues(members: Members) -> Iterator[Issue]:
    """What is wrong with `repository`; nothing if it has neither address nor source."""
    repository = member_object(members, "repository")
    url, source = text(repository, "url"), text(repository, "source")
    if not url and not source:
        return
    address = _ADDRESSES.get(source)
    if address is None or not address.fullmatch(url):
        yield semantic_error("repository.url", f"invalid repository URL: {url}", "invalid-repository-url")
    folder = text(repository, "subfolder")
    if folder and not _inside(folder):
        yield semantic_error("repository.subfolder", f"invalid subfolder path: {folder}", "invalid-subfolder-path")


def _inside(folder: str) -> bool:
    return bool(_FOLDER.fullmatch(folder)) and not {"", ".", ".."} & set(folder.split("/"))
