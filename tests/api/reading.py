"""Reading the registry as a client does: targets, pages, and what identifies an item."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from tests.api.world import ENTRY, OFFICIAL
from tests.doubles.plain_client import Answer, fetch

Item = dict[str, Any]  # Any: JSON as it came
Key = tuple[str, str]

_PATIENCE_S = 10.0


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """All pages of a list, and the cursors between them."""

    pages: list[list[Item]]
    cursors: list[str]

    @property
    def items(self) -> list[Item]:
        return [item for page in self.pages for item in page]

    @property
    def keys(self) -> list[Key]:
        return [key(item) for item in self.items]


class Reader:
    """One registry, read below *prefix*."""

    def __init__(self, url: str, prefix: str = "/v0.1") -> None:
        self.url = url
        self.prefix = prefix

    def get(self, target: str, **headers: str) -> Answer:
        """The answer to `GET` of *target*, as it is written. *headers* are spelt with underscores."""
        return fetch(self.url, target, method="GET", timeout_s=_PATIENCE_S, **headers)

    def page(self, parameters: Mapping[str, str] | str = "") -> Answer:
        """A page of the list; *parameters* are encoded, a text is a query string as it is."""
        query = parameters if isinstance(parameters, str) else urlencode(parameters)
        return self.get(f"{self.prefix}/servers?{query}")

    def walk(self, limit: int, **parameters: str) -> Walk:
        """All pages, as a client that repeats its parameters on each of them."""
        asked = parameters | {"limit": str(limit)}
        pages, cursors = [], list[str]()
        while True:
            answer = self.page(asked)
            assert answer.status == 200, answer.body
            found = answer.json()
            pages.append(found["servers"])
            cursor = found["metadata"].get("nextCursor")
            if cursor is None:
                return Walk(pages=pages, cursors=cursors)
            assert cursor not in cursors, "a cursor came twice: the walk would never end"
            cursors.append(cursor)
            asked["cursor"] = cursor

    def versions(self, name: str, query: str = "", **headers: str) -> Answer:
        return self.get(f"{self.prefix}/servers/{quote(name, safe='')}/versions{query}", **headers)

    def version(self, name: str, version: str, query: str = "", **headers: str) -> Answer:
        """One version. A `%` in it is encoded twice, as reference §1.1.4 says it must be."""
        # The registry decodes a segment twice, so a literal `%` is sent as `%2525`.
        segment = quote(version.replace("%", "%25"), safe="")
        return self.get(f"{self.prefix}/servers/{quote(name, safe='')}/versions/{segment}{query}", **headers)

    def judged(self, name: str, version: str) -> Item:
        """One version, as soon as it says what was found in its document."""
        ends = time.monotonic() + _PATIENCE_S
        while time.monotonic() < ends:
            detail: Item = self.version(name, version).json()
            if "findings" in detail["_meta"][ENTRY]:
                return detail
        raise AssertionError(f"{name} {version} was not judged in time")


def key(item: Item) -> Key:
    """Name and version."""
    return item["server"]["name"], item["server"]["version"]


def keys(answer: Answer) -> list[Key]:
    """Name and version of every item of a list."""
    assert answer.status == 200, answer.body
    return [key(item) for item in answer.json()["servers"]]


def official(item: Item) -> dict[str, Any]:
    """The official block of an item."""
    block: dict[str, Any] = item["_meta"][OFFICIAL]
    return block
