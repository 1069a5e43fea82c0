"""Capability addresses as administrators see them, through the API and on the command line."""

from collections.abc import Callable
from typing import Final

import msgspec

from registry.policy.delegation import Mandate
from registry.policy.principal import Role
from registry.store.capabilities import Capability
from registry.store.interface import Snapshot
from schemas.rfc3339 import format_instant

_AT_A_TIME: Final = 200


class CapabilityReport(msgspec.Struct, frozen=True, kw_only=True):
    """One without what is secret of it. `state`: active, expired or revoked; `expires_at` is null for never."""

    id: str
    state: str
    team: str
    owner: str
    label: str
    networks: list[str]
    compat: str | None
    created_at: str
    created_by: str
    expires_at: str | None
    replaced_by: str | None
    revoked_at: str | None
    revoked_by: str | None


class IssuedCapability(CapabilityReport, frozen=True, kw_only=True):
    """The answer to who had it issued; nothing shows `url` again. `replaces`: the one that ends in its favour."""

    url: str
    replaces: CapabilityReport | None = None


class CapabilityList(msgspec.Struct, frozen=True, kw_only=True):
    """A list as `/v1` writes it. `metadata`: `count`, and `nextCursor` if there are more."""

    items: list[CapabilityReport]
    metadata: dict[str, int | str]


def capability_report(capability: Capability, now_us: int) -> CapabilityReport:
    """*capability* as it stands at that instant."""
    revoked = capability.revoked_us is not None
    return CapabilityReport(
        id=capability.id,
        state="active" if capability.in_force(now_us) else "revoked" if revoked else "expired",
        team=capability.team,
        owner=capability.owner,
        label=capability.label,
        networks=list(capability.networks),
        compat=capability.compat,
        created_at=format_instant(capability.created_us),
        created_by=capability.created_by,
        expires_at=_at(capability.expires_us),
        replaced_by=capability.replaced_by,
        revoked_at=_at(capability.revoked_us),
        revoked_by=capability.revoked_by,
    )


def issued_capability(
    capability: Capability, url: str, now_us: int, *, replaces: Capability | None = None
) -> IssuedCapability:
    """*capability* with its *url*, for the one who asked for it."""
    return IssuedCapability(
        url=url,
        replaces=None if replaces is None else capability_report(replaces, now_us),
        **msgspec.structs.asdict(capability_report(capability, now_us)),
    )


def handed_out(team: str) -> Mandate:
    """What whoever has an address of *team* may do: who may issue a token for that may issue the address."""
    return Mandate(roles=(Role.READER,), teams=(team,))


def visible_capabilities(
    snapshot: Snapshot, within: Callable[[Mandate], bool], *, team: str | None, limit: int, before: str | None
) -> tuple[list[Capability], str | None]:
    """
    Up to *limit*, newest first, and the id to go on from; None if there are no more.

    Args:
        within: Whether one that hands that out is for the viewer to see. May read all: not for the event loop.
    """
    found: list[Capability] = []
    while page := snapshot.capabilities(team=team, limit=_AT_A_TIME, before=before):
        for capability in page:
            if within(handed_out(capability.team)):
                if len(found) == limit:
                    return found, found[-1].id
                found.append(capability)
        before = page[-1].id
    return found, None


def _at(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
