"""How strict decoders read a page: one value they do not expect and the whole page is lost (clients.md §1, §3)."""

from typing import Any

import msgspec

from tests.doubles.plain_client import Answer


class Official(msgspec.Struct, rename="camel"):
    """Every member a decoder insists on, typed."""

    status: str
    published_at: str
    updated_at: str
    is_latest: bool
    status_changed_at: str
    status_message: str | None = None


class Meta(msgspec.Struct):
    """Xcode: an outer `_meta` without the official block fails the page."""

    official: Official = msgspec.field(name="io.modelcontextprotocol.registry/official")


class Server(msgspec.Struct):
    """VS Code skips an item without these; an older one throws."""

    name: str
    description: str
    version: str


class Response(msgspec.Struct):
    server: Server
    meta: Meta = msgspec.field(name="_meta")


class Metadata(msgspec.Struct, rename="camel"):
    """VS Code: `count` must be a number, and `metadata` must be there."""

    count: int
    next_cursor: str | None = None


class Page(msgspec.Struct):
    """ToolHive: `servers` is an array, never null."""

    servers: list[Response]
    metadata: Metadata


def page(answer: Answer) -> Page:
    """*answer* as a client takes it: 200, JSON, every member in its place and of its type."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(answer.body, type=Page)


def one(answer: Answer) -> Response:
    """The same of a single version."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    return msgspec.json.decode(answer.body, type=Response)


def server(answer: Answer) -> dict[str, Any]:  # Any: the document, as its source wrote it
    """The document of a single version."""
    assert answer.status == 200, answer.body
    document: dict[str, Any] = answer.json()["server"]
    return document
