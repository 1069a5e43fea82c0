"""Bring the stored views of some names up to date: first who answers for each, then what everybody sees of it."""

from collections.abc import Iterable, Sequence

from registry.catalog.entry import ServerName, SourceId
from registry.catalog.overlay import Source, owner
from registry.store.interface import Transaction


def project_views(transaction: Transaction, names: Iterable[ServerName]) -> int:
    """Decide the owner of each name, remember it, and rewrite what changed; how many view rows were written."""
    sources = transaction.sources()
    return sum(_project(transaction, name, sources) for name in names)


def _project(transaction: Transaction, name: ServerName, sources: Sequence[Source]) -> int:
    remembered = transaction.remembered(name)
    having = [SourceId(source) for source in transaction.sources_having(name)]
    answering = owner(name, sources, having=having, remembered=None if remembered is None else SourceId(remembered))
    # A claim needs no memory, and one that was dropped again must not be remembered for a source that has nothing.
    if answering in having and answering != remembered:
        transaction.remember(name, answering)
    return transaction.replace_in_views(name, answering)
