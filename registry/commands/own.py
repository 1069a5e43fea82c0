"""Nobody decides about what they published themselves."""

from collections.abc import Iterable

from registry.catalog.entry import ServerName
from registry.catalog.view import StoredEntry
from registry.commands.actor import Actor
from registry.errors import Refused
from registry.store.interface import Transaction


def require_not_publisher(
    transaction: Transaction, name: ServerName, entries: Iterable[StoredEntry], actor: Actor
) -> None:
    """Raises Refused if *actor* published one of *entries*, which are versions of *name*."""
    for entry in entries:
        if transaction.governance.publisher(entry.id) == actor.subject:
            raise Refused(f"you published {name}@{entry.version} yourself; another approver decides")
