"""Who may publish where, and edit what."""

from collections.abc import Iterable

from registry.catalog.entry import ServerName
from registry.catalog.overlay import Source
from registry.catalog.pattern import covers
from registry.policy.parts import any_part
from registry.policy.principal import Origin, Principal, Role


@any_part
def may_publish(principal: Principal, name: ServerName, private: Source) -> bool:
    """
    Whether *principal* may publish *name*, and set its status.

    A namespace that the private source claims is the organisation's own: who merely proved a public identity never
    publishes there, whatever its patterns say.
    """
    if Role.PUBLISHER not in principal.roles or not _covered(principal.namespaces, name):
        return False
    return principal.origin is not Origin.PUBLIC_IDENTITY or not private.claim_on(name.namespace)


@any_part
def may_edit(principal: Principal, name: ServerName) -> bool:
    """Whether *principal* may replace a published document of *name*."""
    return Role.ADMIN in principal.roles and _covered(principal.namespaces, name)


def published_by(principal: Principal) -> tuple[str, ...]:
    """The patterns of the names that *principal* is a publisher for."""
    parts = (part for part in principal.apart() if Role.PUBLISHER in part.roles)
    return tuple(dict.fromkeys(pattern for part in parts for pattern in part.namespaces))


def _covered(patterns: Iterable[str], name: str) -> bool:
    return any(covers(pattern, name) for pattern in patterns)
