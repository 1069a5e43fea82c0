"""Set the status of what was published here: of one version, or of all versions of a name."""

from collections.abc import Sequence
from typing import Final

import msgspec

from registry.audit.event import AuditEvent, Facts
from registry.catalog.entry import ServerName, Status
from registry.catalog.overlay import PRIVATE
from registry.catalog.published import published
from registry.catalog.view import StoredEntry, VisibleEntry
from registry.commands.change import Change, item_of, leaves_deleted, private_entries, require_free
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.errors import Invalid
from registry.store.interface import Transaction

# reference §4.3: programs look for these texts.
_MISSING_VERSION: Final = "Server version not found"
_MISSING: Final = "Server not found"
_MESSAGE_WITH_ACTIVE: Final = "status_message cannot be provided when setting status to active"
_NO_CHANGE: Final = "No changes to apply: status and message are already set to the provided values"
_NO_CHANGES: Final = "No changes to apply: all versions already have the requested status and message"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The status to set. Without a message a stored one goes."""

    status: Status
    message: str | None = None


def set_status(transaction: Transaction, name: ServerName, version: str, wanted: Wanted, change: Change) -> Done[bytes]:
    """
    Set the status of one version; its item.

    Raises:
        NotFound: nothing of that name and version is published here.
        Refused: it is an upstream's.
        Invalid: nothing would change, or a message comes with `active`.
        ChangeRefused: a deleted version would come back with a remote URL that is another server's by now.
        Throttled: too many changes by this caller.
    """
    entries = private_entries(transaction, name, version, missing=_MISSING_VERSION)
    before = next(entry for entry in entries if entry.version == version)
    if wanted.status is Status.ACTIVE and wanted.message is not None:
        raise Invalid(_MESSAGE_WITH_ACTIVE)
    if _has(before, wanted):
        raise Invalid(_NO_CHANGE)
    _apply(transaction, name, [before], wanted, change)
    return Done(
        value=item_of(transaction, name, version),
        event=_event(f"{name}@{version}", wanted, change, changed=1, before=_facts(before)),
    )


def set_all_statuses(
    transaction: Transaction, name: ServerName, wanted: Wanted, change: Change
) -> Done[list[VisibleEntry]]:
    """
    Set the status of every version of a name; all of them, as they are then, newest published first.

    Only those that differ change (reference §4.3). Without their documents, which may be ten thousand of a megabyte
    each: whoever answers reads those after the commit. Raises as `set_status` does.
    """
    entries = private_entries(transaction, name, missing=_MISSING)
    differing = [entry for entry in entries if not _has(entry, wanted)]
    if not differing or (wanted.status is Status.ACTIVE and wanted.message is not None):
        raise Invalid(_NO_CHANGES)
    _apply(transaction, name, differing, wanted, change)
    shown = published(transaction.entries(PRIVATE, name))
    return Done(value=shown, event=_event(str(name), wanted, change, changed=len(differing)))


def delete(transaction: Transaction, name: ServerName, version: str, change: Change) -> Done[bytes]:
    """
    Set one version to deleted, without a message; its item. One that is deleted already stays as it is.

    Raises NotFound, Refused and Throttled as `set_status` does.
    """
    entries = private_entries(transaction, name, version, missing=_MISSING_VERSION)
    before = next(entry for entry in entries if entry.version == version)
    if before.status == Status.DELETED:
        return Done(value=item_of(transaction, name, version))
    return set_status(transaction, name, version, Wanted(status=Status.DELETED), change)


def _apply(
    transaction: Transaction, name: ServerName, entries: Sequence[StoredEntry], wanted: Wanted, change: Change
) -> None:
    change.count(transaction)
    for entry in entries:
        if leaves_deleted(entry, wanted.status):
            require_free(transaction, name, transaction.remote_urls(entry.id))
    for entry in entries:
        since_us = entry.published_us if entry.status_changed_us is None else entry.status_changed_us
        moved = entry.status != wanted.status
        transaction.change_status(
            entry.id,
            wanted.status,
            wanted.message,
            status_changed_us=transaction.instant_us if moved else since_us,
        )
    project_views(transaction, [name])


def _has(entry: StoredEntry, wanted: Wanted) -> bool:
    return entry.status == wanted.status and entry.status_message == wanted.message


def _facts(entry: StoredEntry) -> Facts:
    return {"status": entry.status, "message": entry.status_message}


def _event(what: str, wanted: Wanted, change: Change, *, changed: int, before: Facts | None = None) -> AuditEvent:
    return change.actor.event(
        "server.status_changed",
        what,
        {"versions": changed},
        before=before,
        after={"status": wanted.status.value, "message": wanted.message},
    )
