"""From settings to the things they describe: what the server and the command line both have to make."""

from collections.abc import Mapping

from registry.catalog.overlay import PRIVATE, Source
from registry.settings import Settings
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
