"""What can be done with capability addresses, on the store itself and on a running server: the same verbs for both."""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlencode

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
from registry.cli.target import Local, Remote
from registry.commands.issue_capability import Rotated, issue_capability, rotate_capability
from registry.commands.perform import perform
from registry.commands.revoke_capability import revoke_capability
from registry.errors import NotFound, UpstreamRefused
from registry.store.capabilities import Capability
from registry.store.interface import Store

_PAGE = 100
_NOT_FOUND = 404


class CapabilityDesk(Protocol):
    """Where they are issued, listed, rotated and revoked."""

    def issue(
        self,
        team: str,
        owner: str,
        label: str,
        networks: Sequence[str],
        expires_in_s: int | None,
        compat: Compat | None,
    ) -> IssuedCapability:
        """*expires_in_s*: None for never."""

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

    def issue(
        self,
        team: str,
        owner: str,
        label: str,
        networks: Sequence[str],
        expires_in_s: int | None,
        compat: Compat | None,
    ) -> IssuedCapability:
        now_us, actor = self._chosen.clock.now_us(), self._chosen.actor
        drawn = draw_capability(team, now_us)

        async def issue(store: Store) -> Capability:
            return await perform(
                store,
                lambda transaction: issue_capability(
                    transaction,
                    drawn.id,
                    drawn.digest,
                    team=team,
                    owner=owner,
                    label=label,
                    networks=networks,
                    compat=compat,
                    expires_us=None if expires_in_s is None else now_us + expires_in_s * 1_000_000,
                    actor=actor,
                ),
            )

        return issued_capability(self._chosen.run(issue), self._url(drawn.text), now_us)

    def listed(self, team: str | None) -> list[CapabilityReport]:
        async def read(store: Store) -> list[Capability]:
            found: list[Capability] = []
            before = None
            while True:
                page, before = visible_capabilities(store.snapshot(), _all, team=team, limit=_PAGE, before=before)
                found += page
                if before is None:
                    return found

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
            try:
                return await perform(
                    store,
                    lambda transaction: revoke_capability(
                        transaction, capability_id, within=_all, actor=self._chosen.actor
                    ),
                )
            except NotFound:
                return None

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

    def issue(
        self,
        team: str,
        owner: str,
        label: str,
        networks: Sequence[str],
        expires_in_s: int | None,
        compat: Compat | None,
    ) -> IssuedCapability:
        body = {
            "team": team,
            "owner": owner,
            "label": label,
            "networks": list(networks),
            "compat": compat,
            "expires_in_s": expires_in_s,
        }
        return self._chosen.post("/v1/capabilities", body, IssuedCapability)

    def listed(self, team: str | None) -> list[CapabilityReport]:
        asked: dict[str, str | int] = {"limit": _PAGE}
        if team is not None:
            asked["team"] = team
        found: list[CapabilityReport] = []
        while True:
            page = self._chosen.get("/v1/capabilities?" + urlencode(asked), CapabilityList)
            found += page.items
            if "nextCursor" not in page.metadata:
                return found
            asked["cursor"] = page.metadata["nextCursor"]

    def rotate(self, capability_id: str, overlap_s: int) -> IssuedCapability:
        body = {"overlap_s": overlap_s}
        return self._chosen.post(f"/v1/capabilities/{capability_id}/rotate", body, IssuedCapability)

    def revoke(self, capability_id: str) -> CapabilityReport | None:
        try:
            return self._chosen.delete(f"/v1/capabilities/{capability_id}", CapabilityReport)
        except UpstreamRefused as refused:
            if refused.status != _NOT_FOUND:
                raise
            return None


def _all(_: object) -> bool:
    return True
