"""From settings to the things they describe: what the server and the command line both have to make."""

from collections.abc import Mapping

from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE, Source
from registry.clock import Clock
from registry.egress.client import EgressClient
from registry.publishing import Publisher
from registry.settings import Settings
from registry.store.interface import Store
from schemas.validation.reading import Members
from sync.configured import ConfiguredUpstream


def private_source(settings: Settings) -> Source:
    """The source of what is published here. It goes before every upstream, whose precedences start at 0."""
    return Source(id=PRIVATE, precedence=-1, claims=settings.publish.claims)


def configured_upstreams(settings: Settings, environ: Mapping[str, str]) -> list[ConfiguredUpstream]:
    """
    The upstreams with their secrets, in order of precedence.

    Raises:
        ConfigFault: a secret that is referred to is missing or readable by others.
    """
    return [
        ConfiguredUpstream(settings=upstream, token=None if upstream.token is None else upstream.token.resolve(environ))
        for upstream in sorted(settings.upstreams, key=lambda upstream: upstream.precedence)
    ]


def publisher(
    settings: Settings, store: Store, *, client: EgressClient, clock: Clock, environ: Mapping[str, str]
) -> Publisher:
    """
    What publishes into *store*, with the rules of *settings*. Belongs to one event loop.

    Args:
        client: For asking whose a package is. To be opened and closed by the caller.
        environ: Where the secrets for that are looked up.
    """
    return Publisher(store, clock=clock, settings=settings.publish, ownership=_EveryPackage(), severities={})


class _EveryPackage:
    """Until an index can be asked: every package is its publisher's."""

    async def require(self, name: ServerName, members: Members, /) -> None:
        """Never raises."""
