"""What a team sees of a name, and as which bytes.

What may be seen was decided before (standing.py), and who answers for the name before that (overlay.py). Everything
that reads, lists, searches or exports goes through what `compute_view` makes of it.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from registry.catalog.entry import Digest, Status
from registry.catalog.ranking import Ranked, latest
from registry.catalog.rewrite import Overlaid, shown_as
from schemas.registry_api import ENTRY_KEY, OFFICIAL_KEY, EntryBlock, FindingCounts, OfficialBlock
from schemas.rfc3339 import format_instant

_WITHDRAWN: Final = "no longer listed by its source"
_BETWEEN_DOCUMENT_AND_OFFICIAL: Final = f',"_meta":{{"{OFFICIAL_KEY}":'.encode()
_BETWEEN_OFFICIAL_AND_ENTRY: Final = f',"{ENTRY_KEY}":'.encode()
_END: Final = b"}}"
_encode: Final = msgspec.json.Encoder().encode


class StoredEntry(msgspec.Struct, frozen=True, kw_only=True):
    """
    An entry as the store has it. Instants in microseconds since 1970.

    `mirrored_us`: when these facts were taken over from the source. `withdrawn_us`: since when the source no
    longer lists it without having said so; None while it does. `fresh_from_us`: what its cool-off counts from (see
    cool_off.py); None if there is none, or it is over. `waived_by`: who did not wait for the cool-off of these bytes.
    `waived_digest`: the bytes for which somebody last did not wait; others may have come in their place.
    """

    id: int
    source: str
    version: str
    document_id: int
    digest: Digest
    text_id: int
    registry_types: str
    transports: str
    rank: bytes
    status: str
    status_message: str | None
    status_changed_us: int | None
    published_us: int
    source_updated_us: int | None
    mirrored_us: int
    withdrawn_us: int | None
    fresh_from_us: int | None = None
    waived_by: str | None = None
    waived_digest: Digest | None = None


class Official(msgspec.Struct, frozen=True, kw_only=True):
    """
    What an item says, apart from when this row last changed: equality of two of these is "nothing changed here".

    `shown`: the digest of the bytes that overlays have shown in place of the document; None where it is shown as it is.
    """

    version: str
    document_id: int
    status: str
    status_message: str | None
    status_changed_us: int
    published_us: int
    is_latest: bool
    shown: Digest | None = None


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """
    An entry that may be seen. `approval`: under which approval, and until when; None where none was needed.
    `overlaid`: how its document is shown; None for as it is.
    """

    entry: StoredEntry
    approval: str | None = None
    expires_us: int | None = None
    overlaid: Overlaid | None = None


class Departed(msgspec.Struct, frozen=True, kw_only=True):
    """What a view showed, as it showed it last, and shows no longer: since when, and why."""

    entry: StoredEntry
    since_us: int
    message: str | None
    overlaid: Overlaid | None = None


class VisibleEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a view. `approval`, `expires_us` and `overlaid` as it was admitted."""

    entry: StoredEntry
    official: Official
    approval: str | None = None
    expires_us: int | None = None
    overlaid: Overlaid | None = None

    @property
    def deleted(self) -> bool:
        return self.official.status == Status.DELETED


def compute_view(admitted: Iterable[Admitted], *, departed: Iterable[Departed] = ()) -> list[VisibleEntry]:
    """
    The rows of one name, in no particular order, with `isLatest` over exactly these.

    What was shown and is shown no longer stays as a deleted entry, since leaving a view is an event that others who
    mirror us must be able to see.
    """
    stated = [(each, _stated(each.entry)) for each in admitted]
    stated += [
        (
            Admitted(entry=each.entry, overlaid=each.overlaid),
            (Status.DELETED.value, each.message, each.since_us),
        )
        for each in departed
    ]
    flagged = latest(
        Ranked(
            version=each.entry.version,
            rank=each.entry.rank,
            published_us=each.entry.published_us,
            deleted=status == Status.DELETED,
        )
        for each, (status, _, _) in stated
    )
    return [
        VisibleEntry(
            entry=each.entry,
            official=Official(
                version=each.entry.version,
                document_id=each.entry.document_id,
                status=status,
                status_message=message,
                status_changed_us=changed_us,
                published_us=each.entry.published_us,
                is_latest=each.entry.version == flagged,
                shown=None if each.overlaid is None else each.overlaid.digest,
            ),
            approval=each.approval,
            expires_us=each.expires_us,
            overlaid=each.overlaid,
        )
        for each, (status, message, changed_us) in stated
    ]


def item(visible: VisibleEntry, *, document: bytes, updated_us: int, pending: bool = False) -> bytes:
    """
    The bytes of one item of a list: the document verbatim or as overlays have it, the official block, and our own.

    Args:
        document: As its source sent it.
        updated_us: The instant this row last changed in the view that is read.
        pending: Whether it is shown although the view that is read does not have it.
    """
    entry, official, overlaid = visible.entry, visible.official, visible.overlaid
    return b"".join(
        (
            b'{"server":',
            document if overlaid is None or overlaid.document is None else overlaid.document,
            _BETWEEN_DOCUMENT_AND_OFFICIAL,
            _encode(
                OfficialBlock(
                    status=official.status,
                    status_changed_at=format_instant(official.status_changed_us),
                    status_message=official.status_message,
                    published_at=format_instant(official.published_us),
                    updated_at=format_instant(updated_us),
                    is_latest=official.is_latest,
                )
            ),
            _BETWEEN_OFFICIAL_AND_ENTRY,
            _encode(
                EntryBlock(
                    source=entry.source,
                    mirrored_at=format_instant(entry.mirrored_us),
                    digest=f"sha256:{entry.digest.hex()}",
                    source_updated_at=None
                    if entry.source_updated_us is None
                    else format_instant(entry.source_updated_us),
                    approval=visible.approval,
                    approval_expires_at=None if visible.expires_us is None else format_instant(visible.expires_us),
                    overlays=None if overlaid is None else overlaid.applied,
                    original=(overlaid.original or None) if overlaid is not None else None,
                    categories=(overlaid.categories or None) if overlaid is not None else None,
                    pending=pending,
                )
            ),
            _END,
        )
    )


class _Ours(msgspec.Struct):
    overlays: tuple[str, ...] = ()
    original: dict[str, msgspec.Raw] = {}
    categories: tuple[str, ...] = ()


class _Blocks(msgspec.Struct):
    ours: _Ours = msgspec.field(name=ENTRY_KEY)


class _Item(msgspec.Struct):
    server: msgspec.Raw
    blocks: _Blocks = msgspec.field(name="_meta")


_item: Final = msgspec.json.Decoder(_Item)


def shown_before(item: bytes) -> Overlaid | None:
    """How *item* shows its document otherwise than its source has it; None if it does not, or is no item."""
    try:
        read = _item.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    ours = read.blocks.ours
    if not ours.overlays:
        return None
    return shown_as(
        bytes(read.server) if ours.original else None,
        applied=ours.overlays,
        original=ours.original,
        categories=ours.categories,
    )


def with_findings(item: bytes, counts: FindingCounts) -> bytes:
    """*item*, and in our own block what the rules found in its document."""
    return b"%b,%b%b" % (item[: -len(_END) - 1], _encode({"findings": counts})[1:], _END)


def _stated(entry: StoredEntry) -> tuple[str, str | None, int]:
    """Status, message and since when: as the source states them, or as withdrawn."""
    if entry.withdrawn_us is not None and entry.status != Status.DELETED:
        return Status.DELETED.value, _WITHDRAWN, entry.withdrawn_us
    # reference §1.4 and older registries: absent upstream means it never changed since it was published.
    changed_us = entry.published_us if entry.status_changed_us is None else entry.status_changed_us
    return entry.status, entry.status_message, changed_us
