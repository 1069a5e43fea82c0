"""Nobody decides about what they published or edited themselves."""

from collections.abc import Iterable

from registry.catalog.entry import ServerName
from registry.catalog.view import StoredEntry
from registry.commands.actor import Actor
from registry.errors import Refused
from registry.store.interface import Transaction


def require_not_author(
    transaction: Transaction, name: ServerName, entries: Iterable[StoredEntry], actor: Actor
) -> None:
    """Raises Refused if *actor* published or last edited one of *entries*, which are versions of *name*."""
    for entry in entries:
        authors = transaction.governance.authors(entry.id)
        if actor.subject in authors:
            did = "published" if actor.subject == authors[0] else "edited"
            raise Refused(f"you {did} {name}@{entry.version} yourself; another approver decides")
