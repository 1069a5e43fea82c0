"""Replace the document of a version that was published here. The one it had before is kept."""

import msgspec

from registry.catalog.entry import ServerName, Status
from registry.catalog.overlay import PRIVATE
from registry.catalog.view import StoredEntry
from registry.commands.change import Change, item_of, private_entries, require_free
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.commands.publish import Publication
from registry.errors import NotFound
from registry.store.interface import Snapshot, Transaction

_MISSING = "Server not found"


def editable(snapshot: Snapshot, name: ServerName, version: str) -> StoredEntry:
    """
    The published version whose document can be replaced.

    Raises:
        NotFound: nothing of that name and version is published here, or it is deleted.
        Refused: it is an upstream's.
    """
    entries = private_entries(snapshot, name, version, missing=_MISSING)
    before = next(entry for entry in entries if entry.version == version)
    if before.status == Status.DELETED:
        raise NotFound(_MISSING)
    return before


def edit(transaction: Transaction, publication: Publication, change: Change) -> Done[bytes]:
    """
    Put the publication's document in the place of the one of the same name and version; its item.

    Status, publication and the flag of the latest stay (reference §4.2).

    Raises:
        NotFound, Refused: as `editable` does.
        ChangeRefused: a remote URL is another server's.
        Throttled: too many changes by this caller.
    """
    entry = publication.entry
    before = editable(transaction, entry.name, entry.version)
    change.count(transaction)
    require_free(transaction, entry.name, publication.remote_urls)
    edited = msgspec.structs.replace(
        entry,
        status=Status(before.status),
        status_message=before.status_message,
        status_changed_us=before.status_changed_us,
        published_us=before.published_us,
    )
    transaction.put_entry(PRIVATE, edited, seen_in=0)
    transaction.put_publication(before.id, subject=change.actor.subject, remote_urls=publication.remote_urls)
    project_views(transaction, [entry.name], changed_by=change.actor.subject)
    return Done(
        value=item_of(transaction, entry.name, entry.version),
        event=change.actor.event(
            "server.edited",
            f"{entry.name}@{entry.version}",
            {},
            digest=entry.digest.hex(),
            before={"digest": before.digest.hex()},
            after={"digest": entry.digest.hex()},
        ),
    )
