"""From settings to the things they describe: what the server and the command line both have to make."""

from collections.abc import Mapping
from pathlib import Path

from registry.audit.checkpoint import CheckpointKey
from registry.catalog.overlay import PRIVATE, Source
from registry.settings import Settings
from registry.settings.key_file import make_key_file, resolve_seed
from registry.settings.secret import SecretRef
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


def own_checkpoint_key_file(settings: Settings) -> Path:
    """Where the key is that signs checkpoints of the record, unless one is configured."""
    return settings.store.path.with_name(f"{settings.store.path.name}.audit-key")


def make_checkpoint_key(settings: Settings) -> Path | None:
    """Make the key beside the store if none is configured and none is there; its path if it was made now."""
    path = own_checkpoint_key_file(settings)
    return path if settings.audit.signing_key is None and make_key_file(path) else None


def checkpoint_key(settings: Settings, environ: Mapping[str, str]) -> CheckpointKey:
    """
    What signs checkpoints of the record.

    Raises:
        ConfigFault: the key is missing, readable by others, or none.
    """
    reference = settings.audit.signing_key or SecretRef(file=own_checkpoint_key_file(settings))
    return CheckpointKey(resolve_seed(reference, environ))
