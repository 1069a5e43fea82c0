"""What was published here, as its publishers see it: every version, whatever any team sees of it.

An item looks as it does in a view, but for two facts that belong to whoever looks: `isLatest` is over all published
versions of the name, and `updatedAt` is when the entry itself last changed.
"""

from collections.abc import Callable, Iterable

from registry.catalog.view import Admitted, StoredEntry, VisibleEntry, compute_view, item


def published(entries: Iterable[StoredEntry]) -> list[VisibleEntry]:
    """All versions of one name, newest published first, given its entries of the private source."""
    return sorted(
        compute_view(Admitted(entry=entry) for entry in entries),
        key=lambda each: (each.entry.published_us, each.entry.version),
        reverse=True,
    )


def published_item(visible: VisibleEntry, document: Callable[[int], bytes], *, pending: bool = False) -> bytes:
    """
    The bytes of one of them.

    Args:
        document: The document of that id, verbatim.
        pending: Whether it is shown in place of what a view does not have.
    """
    body, updated_us = document(visible.entry.document_id), visible.entry.mirrored_us
    return item(visible, document=body, updated_us=updated_us, pending=pending)
