"""At the start: what is configured becomes what is in force, for every name, before anybody is answered."""

from collections.abc import Iterable, Mapping
from typing import Final

from registry.catalog.overlay import PRIVATE, Source
from registry.commands.configure_severities import configure_severities
from registry.commands.configure_sources import configure_sources, project_pending
from registry.commands.perform import perform
from registry.store.interface import Store
from schemas.validation.issue import Severity
from sync.configured import ConfiguredUpstream

_NAMES_AT_A_TIME: Final = 20


async def put_in_force(
    store: Store, upstreams: Iterable[ConfiguredUpstream], *, private: Source, severities: Mapping[str, Severity]
) -> None:
    """
    Store the configured upstreams and the private source as sources, and decide anew who answers for each name, where
    that may differ; and what the organisation makes of rules of advice, by their ids.

    Takes about 100 microseconds a name when something changed, and next to nothing when nothing did. Idempotent; one
    that was cut short goes on where it stopped.
    """
    await perform(store, lambda transaction: configure_severities(transaction, severities))
    sources = [(private, PRIVATE), *((upstream.source, upstream.settings.kind.value) for upstream in upstreams)]
    if await perform(store, lambda transaction: configure_sources(transaction, sources)):
        await project_all_pending(store)


async def project_all_pending(store: Store) -> None:
    """Bring the views of all names that wait for it up to date, a few names in each transaction."""
    while await perform(store, lambda transaction: project_pending(transaction, limit=_NAMES_AT_A_TIME), durable=False):
        pass
