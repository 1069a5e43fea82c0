"""`/auth/dns`: who can put a TXT record at a domain publishes in its namespace and in those below (reference §6.2)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from registry.auth.exchange.domain import names_at, names_below, require_provable, well_formed
from registry.auth.exchange.login import Granted, LoginRefused, permissions
from registry.auth.exchange.proof import published, read_claim, require_signed
from registry.auth.registry_tokens import Action, Method
from registry.clock import Clock
from registry.egress.names import TxtLookup
from registry.errors import UpstreamUnreachable

_LIMIT_S: Final = 5.0
_HINT_S: Final = 2.0
_NOT_THERE: Final = "no MCP public key found in DNS TXT records"
# Where people put it who think of DKIM (reference §11.17).
_SELECTORS: Final = ("_mcp-auth", "_mcp-registry")


class DnsExchange:
    """See login.Login."""

    method: Final = Method.DNS
    members: Final = ("domain", "timestamp", "signed_timestamp")
    failure: Final = "DNS authentication failed"

    def __init__(self, lookup: TxtLookup, clock: Clock, *, shared_hosts: Sequence[str]) -> None:
        self._lookup = lookup
        self._clock = clock
        self._shared_hosts = shared_hosts

    def claimed(self, given: Mapping[str, str]) -> str | None:
        return given["domain"] if well_formed(given["domain"]) else None

    async def exchange(self, given: Mapping[str, str]) -> Granted:
        domain = require_provable(given["domain"], self._shared_hosts)
        claim = read_claim(given["timestamp"], given["signed_timestamp"], now_us=self._clock.now_us())
        granted = permissions([Action.PUBLISH], [names_at(domain), names_below(domain)])
        records = published(await self._texts(domain))
        if not records:
            raise LoginRefused(_NOT_THERE + await self._hint(domain))
        await asyncio.to_thread(require_signed, claim, records)
        return Granted(method=self.method, subject=domain, permissions=granted, spends=claim.spends)

    async def _texts(self, domain: str) -> list[str]:
        try:
            return await self._lookup.texts(domain, limit_s=_LIMIT_S)
        except UpstreamUnreachable as error:
            raise LoginRefused(f"failed to look up the DNS TXT records of {domain}; try again later") from error

    async def _hint(self, domain: str) -> str:
        selected = [f"{selector}.{domain}" for selector in _SELECTORS]
        found = await asyncio.gather(*(self._published_at(name) for name in selected))
        there = next((name for name, is_there in zip(selected, found, strict=True) if is_there), None)
        return "" if there is None else f"; there is one at {there}, and it belongs at {domain} itself"

    async def _published_at(self, name: str) -> bool:
        try:
            return bool(published(await self._lookup.texts(name, limit_s=_HINT_S)))
        except UpstreamUnreachable:
            return False
