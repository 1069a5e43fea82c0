"""Publish a version of a server here."""

from typing import Final

import msgspec

from registry.catalog.entry import Entry
from registry.catalog.overlay import PRIVATE
from registry.commands.change import Change, item_of, require_free, require_ours, require_unblocked
from registry.commands.look_alikes import screen
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.errors import ChangeRefused
from registry.store.interface import Transaction

MOST_VERSIONS: Final = 10_000
"""Of one name, in whatever status (reference §4.1.6d)."""


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """What is published. `remote_urls`: where its document says it can be reached, as they stand there."""

    entry: Entry
    remote_urls: tuple[str, ...] = ()


def publish(transaction: Transaction, publication: Publication, change: Change) -> Done[bytes]:
    """
    Store the publication as active, published now; its item, as its publishers see it.

    Raises:
        ChangeRefused: the name is another source's, a remote URL is another server's, or the version exists, in
            whatever status.
        Refused: the name, or this version of it, is blocked.
        Throttled: too many changes by this caller.
    """
    entry = publication.entry
    require_ours(transaction, entry.name)
    require_unblocked(transaction, entry.name, entry.version)
    change.count(transaction)
    require_free(transaction, entry.name, publication.remote_urls)
    versions = {each.version for each in transaction.entries(PRIVATE, entry.name)}
    if len(versions) >= MOST_VERSIONS:
        raise ChangeRefused(
            f"maximum number of versions for this server reached ({MOST_VERSIONS}): use another name from here on"
        )
    if entry.version in versions:
        raise ChangeRefused("invalid version: cannot publish duplicate version")
    entry_id = transaction.put_entry(PRIVATE, entry, seen_in=0)
    transaction.put_publication(entry_id, subject=change.actor.subject, remote_urls=publication.remote_urls)
    project_views(transaction, [entry.name, *screen(transaction, [entry.name])])
    return Done(
        value=item_of(transaction, entry.name, entry.version),
        event=change.actor.event("server.published", f"{entry.name}@{entry.version}", {}, digest=entry.digest.hex()),
    )
