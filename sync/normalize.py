"""From the bytes of one listed item to an Entry, or to the reason why there can be none.

Strict where two readers could see two different servers, lenient about everything else: a document that merely fails
its JSON Schema is mirrored as it is. The document is the exact slice of the item that the upstream sent.
"""

import json
from typing import Final

import msgspec

from registry.catalog.entry import Entry, ServerName, Status, digest_of, facets_of, parse_version
from registry.errors import Invalid
from schemas.registry_api import OFFICIAL_KEY, ListedOfficialBlock
from schemas.rfc3339 import parse_instant
from schemas.server_json.document import AmbiguousDocument, require_unambiguous
from sync.split import beginning_texts

AROUND_BYTES: Final = 64 * 1024
"""So much may stand around a document in its item."""

_LONGEST_MESSAGE: Final = 4096
_LONGEST_TEXT: Final = 16 * 1024
"""Of a name or version as it stands: what is longer is none."""
_SMALL_BYTES: Final = 64 * 1024
_BEGINNING_BYTES: Final = 16 * 1024
_STATUSES: Final = {status.value: status for status in Status}


class _Meta(msgspec.Struct):
    official: ListedOfficialBlock | None = msgspec.field(name=OFFICIAL_KEY, default=None)


class _Named(msgspec.Struct):
    # Empty where absent. Whatever else may stand in their place is not built.
    name: msgspec.Raw = msgspec.Raw()
    version: msgspec.Raw = msgspec.Raw()


class _Pairs(list[tuple[str, object]]):
    """The members of an object in the order they stand, repeated ones too."""


_KNOWN: Final = frozenset({"server", "_meta"})
_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_META: Final[msgspec.json.Decoder[_Meta | None]] = msgspec.json.Decoder(_Meta | None)
_NAMED: Final = msgspec.json.Decoder(_Named)
_TEXT: Final = msgspec.json.Decoder(str)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What an item calls itself, as far as it can be read: None where it is no text."""

    name: str | None = None
    version: str | None = None


_NO_LABEL: Final = Label()


class Unservable(Exception):
    """Raised when an item cannot become an entry; the message is the reason, for operators."""

    def __init__(self, reason: str, label: Label = _NO_LABEL) -> None:
        super().__init__(reason)
        self.label = label


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """An item taken apart, not judged yet."""

    label: Label
    document: bytes
    meta: bytes
    compact: bool
    """Just `server` and `_meta`, without blanks between: then a member that stands twice would show in the length."""


def require_size(item: bytes, *, max_entry_bytes: int) -> None:
    """Raises Unservable if nothing that is taken can be in an item of this size; it is not read for that."""
    most = max_entry_bytes + AROUND_BYTES
    if len(item) > most:
        raise Unservable(f"it has more than {most} bytes", label_of_beginning(item))


def label_of_beginning(item: bytes) -> Label:
    """What the first bytes of an item say that it is called."""
    texts = beginning_texts(item, within=_BEGINNING_BYTES)
    return _texts(texts.get("name"), texts.get("version"))


def take_apart(item: bytes) -> Parts:
    """
    Raises:
        Unservable: it is no JSON object that every parser reads alike, or has no `server` that is one.
    """
    try:
        members = _MEMBERS.decode(item)
    except _UNREADABLE as error:
        raise _unreadable(item) from error
    slices = {name: bytes(raw) for name, raw in members.items()}
    document = slices.get("server", b"")
    if not document.startswith(b"{"):
        raise Unservable("it has no server object")
    compact = 1 + sum(len(name) + len(raw) + 4 for name, raw in slices.items())
    return Parts(
        label=_label(document),
        document=document,
        meta=slices.get("_meta", b"null"),
        compact=compact == len(item) and slices.keys() <= _KNOWN,
    )


def normalize(item: bytes, parts: Parts, *, max_entry_bytes: int) -> Entry:
    """
    The entry that *item* is, whose size require_size let pass.

    Raises:
        Unservable: it is too large, has no usable name or version, can be read in two ways, or its official block
            cannot be read.
    """
    if len(parts.document) > max_entry_bytes:
        raise Unservable(f"its document has {len(parts.document)} bytes; at most {max_entry_bytes} are taken")
    try:
        name = _name(parts.label)
        version = _version(parts.label)
        if not parts.compact:
            _require_one_reading(item)
        members = require_unambiguous(parts.document)
    except Invalid as error:
        raise Unservable(str(error)) from error
    except AmbiguousDocument as error:
        raise Unservable(f"it can be read in more than one way: {error}") from error
    official = _official(parts.meta)
    return Entry(
        name=name,
        version=version,
        document=parts.document,
        digest=digest_of(parts.document),
        facets=facets_of(members),
        status=_status(official),
        status_message=_message(official),
        status_changed_us=_instant("statusChangedAt", official.status_changed_at),
        published_us=_instant("publishedAt", official.published_at),
        source_updated_us=_instant("updatedAt", official.updated_at),
    )


def _unreadable(item: bytes) -> Unservable:
    """What it is about an item that msgspec cannot read, and what a more patient parser makes of its name."""
    if len(item) > _SMALL_BYTES:
        return Unservable("it is not a JSON object that every parser reads alike", label_of_beginning(item))
    try:
        members = json.loads(item)
    except (ValueError, RecursionError):
        return Unservable("it is not a JSON object, or nested too deep")
    if not isinstance(members, dict):
        return Unservable("it is not a JSON object")
    reason = "it can be read in more than one way: it holds half a surrogate pair, or a number that is none"
    document = members.get("server")
    if not isinstance(document, dict):
        return Unservable(reason)
    return Unservable(reason, _texts(document.get("name"), document.get("version")))


def _texts(name: object, version: object) -> Label:
    return Label(name=_writable(name), version=_writable(version))


def _writable(text: object) -> str | None:
    """None for what is no text, or holds half a surrogate pair: no UTF-8 can carry that into a record."""
    if not isinstance(text, str):
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def _label(document: bytes) -> Label:
    try:
        named = _NAMED.decode(document)
    except _UNREADABLE:
        return Label()
    return Label(name=_text(named.name), version=_text(named.version))


def _text(raw: msgspec.Raw) -> str | None:
    text = bytes(raw)
    if not text.startswith(b'"') or len(text) > _LONGEST_TEXT:
        return None
    try:
        return _TEXT.decode(text)
    except _UNREADABLE:
        return None


def _name(label: Label) -> ServerName:
    if label.name is None:
        raise Unservable("it has no name")
    return ServerName.parse(label.name)


def _version(label: Label) -> str:
    if label.version is None:
        raise Unservable("it has no version")
    return parse_version(label.version)


def _require_one_reading(item: bytes) -> None:
    names = [name for name, _ in json.loads(item, object_pairs_hook=_Pairs)]
    for known in _KNOWN:
        if sum(name.casefold() == known for name in names) > 1:
            raise AmbiguousDocument(f"the member {known!r} stands twice beside it")


def _official(meta: bytes) -> ListedOfficialBlock:
    try:
        decoded = _META.decode(meta)
    except _UNREADABLE as error:
        raise Unservable(f"its official block cannot be read: {str(error)[:200]}") from error
    if decoded is None or decoded.official is None:
        return ListedOfficialBlock()
    return decoded.official


def _status(official: ListedOfficialBlock) -> Status:
    status = _STATUSES.get(official.status)
    if status is None:
        raise Unservable(f"its status is {official.status[:40]!r}; expected active, deprecated or deleted")
    return status


def _message(official: ListedOfficialBlock) -> str | None:
    message = official.status_message
    if message is not None and len(message) > _LONGEST_MESSAGE:
        raise Unservable(f"its statusMessage has more than {_LONGEST_MESSAGE} characters")
    return message


def _instant(member: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Unservable(f"its {member} is {error}") from error
