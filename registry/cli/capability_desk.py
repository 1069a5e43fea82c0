"""What can be done with capability addresses, on the store itself and on a running server: the same verbs for both."""

from typing import Protocol

import msgspec

from registry.auth.capabilities import base_url, draw_capability
from registry.auth.capability_listing import (
    CapabilityList,
    CapabilityReport,
    IssuedCapability,
    capability_report,
    issued_capability,
    visible_capabilities,
)
from registry.catalog.compat import Compat
from registry.cli.desks import PAGE, answered, performed, whole, whole_there
from registry.cli.target import Local, Remote
from registry.commands.issue_capability import Rotated, issue_capability, rotate_capability
from registry.commands.perform import perform
from registry.commands.revoke_capability import revoke_capability
from registry.errors import NotFound
from registry.store.capabilities import Capability
from registry.store.interface import Store


class NewCapability(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be issued, as `/v1/capabilities` takes it. `expires_in_s`: None for never."""

    team: str
    owner: str
    label: str
    networks: tuple[str, ...]
    expires_in_s: int | None
    compat: Compat | None


class CapabilityDesk(Protocol):
    """Where they are issued, listed, rotated and revoked."""

    def issue(self, wanted: NewCapability) -> IssuedCapability: ...

    def listed(self, team: str | None) -> list[CapabilityReport]:
        """Newest first."""

    def rotate(self, capability_id: str, overlap_s: int) -> IssuedCapability:
        """The one that takes its place. Raises what says why not."""

    def revoke(self, capability_id: str) -> CapabilityReport | None:
        """The capability, revoked; None if there is none."""


def capability_desk(chosen: Local | Remote) -> CapabilityDesk:
    """For what a command works on."""
    return _There(chosen) if isinstance(chosen, Remote) else _Here(chosen)


class _Here:
    """On the store. Whoever reaches it may do everything, and is recorded as such."""

    def __init__(self, chosen: Local) -> None:
        self._chosen = chosen

    def issue(self, wanted: NewCapability) -> IssuedCapability:
        now_us, actor = self._chosen.clock.now_us(), self._chosen.actor
        drawn = draw_capability(wanted.team, now_us)

        async def issue(store: Store) -> Capability:
            return await perform(
                store,
                lambda transaction: issue_capability(
                    transaction,
                    drawn.id,
                    drawn.digest,
                    team=wanted.team,
                    owner=wanted.owner,
                    label=wanted.label,
                    networks=wanted.networks,
                    compat=wanted.compat,
                    expires_us=None if wanted.expires_in_s is None else now_us + wanted.expires_in_s * 1_000_000,
                    actor=actor,
                ),
            )

        return issued_capability(self._chosen.run(issue), self._url(drawn.text), now_us)

    def listed(self, team: str | None) -> list[CapabilityReport]:
        async def read(store: Store) -> list[Capability]:
            snapshot = store.snapshot()
            return whole(lambda before: visible_capabilities(snapshot, _all, team=team, limit=PAGE, before=before))

        return [self._report(each) for each in self._chosen.run(read)]

    def rotate(self, capability_id: str, overlap_s: int) -> IssuedCapability:
        now_us, actor = self._chosen.clock.now_us(), self._chosen.actor

        async def rotate(store: Store) -> tuple[Rotated, str]:
            old = store.snapshot().capability(capability_id)
            if old is None:
                raise NotFound(f"there is no capability {capability_id}")
            drawn = draw_capability(old.team, now_us)
            rotated = await perform(
                store,
                lambda transaction: rotate_capability(
                    transaction,
                    capability_id,
                    drawn.id,
                    drawn.digest,
                    overlap_s=overlap_s,
                    within=_all,
                    actor=actor,
                ),
            )
            return rotated, drawn.text

        rotated, text = self._chosen.run(rotate)
        return issued_capability(rotated.new, self._url(text), now_us, replaces=rotated.old)

    def revoke(self, capability_id: str) -> CapabilityReport | None:
        async def revoke(store: Store) -> Capability | None:
            return await performed(
                store,
                lambda transaction: revoke_capability(
                    transaction, capability_id, within=_all, actor=self._chosen.actor
                ),
            )

        revoked = self._chosen.run(revoke)
        return None if revoked is None else self._report(revoked)

    def _url(self, text: str) -> str:
        return base_url(self._chosen.settings.server.public_url, text)

    def _report(self, capability: Capability) -> CapabilityReport:
        return capability_report(capability, self._chosen.clock.now_us())


class _There:
    """On a running server, with the credential of the command's environment."""

    def __init__(self, chosen: Remote) -> None:
        self._chosen = chosen

    def issue(self, wanted: NewCapability) -> IssuedCapability:
        return self._chosen.post("/v1/capabilities", wanted, IssuedCapability)

    def listed(self, team: str | None) -> list[CapabilityReport]:
        return whole_there(self._chosen, "/v1/capabilities", {"team": team}, CapabilityList)

    def rotate(self, capability_id: str, overlap_s: int) -> IssuedCapability:
        body = {"overlap_s": overlap_s}
        return self._chosen.post(f"/v1/capabilities/{capability_id}/rotate", body, IssuedCapability)

    def revoke(self, capability_id: str) -> CapabilityReport | None:
        return answered(lambda: self._chosen.delete(f"/v1/capabilities/{capability_id}", CapabilityReport))


def _all(_: object) -> bool:
    return True
