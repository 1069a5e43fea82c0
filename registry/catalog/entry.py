"""One server version, as one source has it.

Names compare by code point, which is also the byte order of their UTF-8 form and the order of every list. The
document of an entry is the exact text its source sent; nothing here ever re-encodes it.
"""

import hashlib
import re
import unicodedata
from enum import StrEnum
from typing import Final, NewType, Self

import msgspec

from registry.errors import Invalid
from schemas.server_json.document import registry_types, text_of, transports

# reference §1.5; `re.ASCII` and `fullmatch` because the pattern's authors meant ASCII and end-of-text.
_NAME: Final = re.compile(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", re.ASCII)
_NAME_LENGTHS: Final = range(3, 201)
_VERSION_LENGTHS: Final = range(1, 256)
_CONTROL: Final = "\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff"
# A version travels in paths, cursors and log lines. U+10FFFF, no character, is kept for what sorts after every version
# (query.py). `latest` is a route of its own.
_VERSION_REFUSED: Final = re.compile(f"[{_CONTROL}\\U0010ffff]")
_UNSEEN: Final = frozenset({"Cf", "Zl", "Zp"})
_MESSAGE_REFUSED: Final = re.compile(f"[{_CONTROL}]")

SourceId = NewType("SourceId", str)
"""The configured name of an upstream, or of the private source."""

Digest = NewType("Digest", bytes)
"""SHA-256 of a document's bytes, 32 of them."""


class ServerName(str):
    """A server's name, `namespace/slug`, exactly one slash. Made by `parse` only."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name in *text*. Raises Invalid if it is not `namespace/slug` as the registry API writes it."""
        if len(text) not in _NAME_LENGTHS or _NAME.fullmatch(text) is None:
            raise Invalid(f"not a server name: {text[:210]!r}; expected namespace/name, such as com.acme/payroll")
        return cls(text)

    @property
    def namespace(self) -> str:
        return self.partition("/")[0]

    @property
    def slug(self) -> str:
        return self.partition("/")[2]


def parse_version(text: str) -> str:
    """*text* if it can be a version on the wire: 1 to 255 characters, no control characters, not `latest`."""
    if len(text) not in _VERSION_LENGTHS or _VERSION_REFUSED.search(text) or not text.strip():
        raise Invalid(f"not a version: {text[:260]!r}; expected 1 to 255 printable characters")
    if text == "latest":
        raise Invalid("not a version: 'latest' is reserved and would hide the newest version")
    return text


def unseen_mark(text: str) -> str | None:
    """
    The first code point of *text* that nobody sees, as `U+202E`: format characters, which turn the direction of what
    is around them or make two texts look alike, and what separates lines and paragraphs. None if there is none.
    """
    found = next((each for each in text if unicodedata.category(each) in _UNSEEN), None)
    return None if found is None else f"U+{ord(found):04X}"


def is_one_line(message: str) -> bool:
    """Whether a status message holds no control characters, which move a terminal's cursor or end a line of a log."""
    return _MESSAGE_REFUSED.search(message) is None


def digest_of(document: bytes) -> Digest:
    """The name under which a document is stored."""
    return Digest(hashlib.sha256(document).digest())


class Status(StrEnum):
    """The life of a version as its source states it."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    DELETED = "deleted"


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """What of a document can be asked for: the words a search looks in, and what filters compare."""

    title: str = ""
    description: str = ""
    registry_types: tuple[str, ...] = ()
    transports: tuple[str, ...] = ()


def facets_of(members: dict[str, object]) -> Facets:
    """What *members*, a document, can be asked for; what has the wrong type counts as absent."""
    return Facets(
        title=text_of(members, "title"),
        description=text_of(members, "description"),
        registry_types=registry_types(members),
        transports=transports(members),
    )


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """
    One server version as one source has it at one moment.

    Instants are microseconds since 1970 UTC; None where the source does not say. `document` is the source's own
    text of `server`.
    """

    name: ServerName
    version: str
    document: bytes
    digest: Digest
    facets: Facets
    status: Status = Status.ACTIVE
    status_message: str | None = None
    status_changed_us: int | None = None
    published_us: int | None = None
    source_updated_us: int | None = None
