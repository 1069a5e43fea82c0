"""Shapes of the registry API: the blocks beside a server's document, the list around them, and the error body."""

from typing import Any, Final

import msgspec

OFFICIAL_KEY: Final = "io.modelcontextprotocol.registry/official"
ENTRY_KEY: Final = "mcp-federated-registry/entry"
JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"


class OfficialBlock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`_meta["io.modelcontextprotocol.registry/official"]` as we write it. Instants are RFC 3339 texts."""

    status: str
    status_changed_at: str
    status_message: str | None = None
    published_at: str
    updated_at: str
    is_latest: bool


class EntryBlock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """
    `_meta["mcp-federated-registry/entry"]`: where the entry comes from, and who lets it be seen.

    `digest` is `sha256:<hex>`, of the document as its source sent it. `approval_expires_at`: absent if the approval
    does not end by itself.

    Where overlays have the document shown otherwise: `overlays` are their ids, `original` what stood at each JSON
    pointer that they changed, null for nothing. `categories` are theirs alone. `pending`: shown to its publisher, and
    not in the view that is read.
    """

    source: str
    mirrored_at: str
    digest: str
    source_updated_at: str | None = None
    approval: str | None = None
    approval_expires_at: str | None = None
    overlays: tuple[str, ...] | None = None
    original: dict[str, msgspec.Raw] | None = None
    categories: tuple[str, ...] | None = None
    pending: bool = False


class FindingCounts(msgspec.Struct, frozen=True, kw_only=True):
    """`findings` of the same block, in a detail whose document was judged: at how many places it breaks a rule."""

    errors: int
    warnings: int
    infos: int


class ListedOfficialBlock(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The official block as an upstream sends it: everything may be absent, `isLatest` is not believed."""

    status: str = "active"
    status_changed_at: str | None = None
    status_message: str | None = None
    published_at: str | None = None
    updated_at: str | None = None


class ListMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`metadata` of a list. `count` is the number of items in this page."""

    next_cursor: str | None = None
    count: int


class ProblemDetail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of `errors` in a problem body."""

    message: str
    location: str | None = None
    value: Any = None  # whatever the caller sent at that place


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    The body of every error, `application/problem+json`.

    `error` repeats `detail`: the live registry answers problem bodies, the generic API description promises
    `{"error"}`, and readers of both exist.
    """

    title: str
    status: int
    detail: str
    errors: list[ProblemDetail] | None = None
    error: str
