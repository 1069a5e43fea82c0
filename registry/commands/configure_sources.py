"""Take over the configured sources, and let every name follow.

A changed claim or precedence can change who answers for any name, and re-deciding all names takes longer than one
transaction may. So the first transaction stores the sources together with a mark that all names are to be looked at
again, and `project_pending` moves the mark forward a few names at a time. A process that dies in between leaves the
mark, and the next start goes on from there.
"""

from collections.abc import Iterable, Sequence

from registry.catalog.overlay import Source
from registry.commands.actor import START
from registry.commands.look_alikes import screen_again
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.store.interface import Transaction
from registry.store.records import AuditEvent


def configure_sources(transaction: Transaction, sources: Sequence[tuple[Source, str]]) -> Done[bool]:
    """
    Make exactly these (source, kind) the configured ones; whether names are left to be looked at again.

    Without a difference to what is stored nothing is written.
    """
    before = {state.source: state.kind for state in transaction.source_states() if state.configured}
    stored = {source.id: (source, before[source.id]) for source in transaction.sources()}
    wanted = {source.id: (source, kind) for source, kind in sources}
    if stored == wanted:
        return Done(value=transaction.unprojected() is not None)
    transaction.put_sources(sources)
    transaction.put_unprojected("")
    event = AuditEvent(
        action="sources.configured",
        actor=START.subject,
        roles=START.roles,
        object="sources",
        detail={
            "added": _listed(wanted.keys() - stored.keys()),
            "removed": _listed(stored.keys() - wanted.keys()),
            "changed": _listed(name for name in wanted.keys() & stored.keys() if wanted[name] != stored[name]),
        },
    )
    return Done(value=True, event=event)


def project_pending(transaction: Transaction, *, limit: int) -> Done[bool]:
    """Decide anew who answers for up to *limit* names; whether more are left. Recorded as `sources.configured`."""
    after = transaction.unprojected()
    if after is None:
        return Done(value=False)
    names = transaction.names(after=after, limit=limit)
    others = screen_again(transaction, names)
    project_views(transaction, dict.fromkeys([*names, *others]))
    transaction.put_unprojected(names[-1] if len(names) == limit else None)
    return Done(value=len(names) == limit)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
