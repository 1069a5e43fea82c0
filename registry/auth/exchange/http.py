"""`/auth/http`: who can put a file on a domain's web server publishes in its namespace, not below (reference §6.2)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from registry.auth.exchange.domain import names_at, require_provable, well_formed
from registry.auth.exchange.login import Granted, LoginRefused, permissions
from registry.auth.exchange.proof import published, read_claim, require_signed
from registry.auth.registry_tokens import Action, Method
from registry.clock import Clock
from registry.egress.client import EgressClient, EgressPolicy, FetchLimits
from registry.errors import Invalid, UpstreamFault, UpstreamNonsense, UpstreamRefused

_PATH: Final = "/.well-known/mcp-registry-auth"
_LIMITS: Final = FetchLimits(connect_s=5, read_s=5, total_s=10, max_decoded_bytes=4096, max_ratio=100)
_OK: Final = 200


class HttpExchange:
    """See login.Login."""

    method: Final = Method.HTTP
    members: Final = ("domain", "timestamp", "signed_timestamp")
    failure: Final = "HTTP authentication failed"

    def __init__(self, client: EgressClient, clock: Clock, *, shared_hosts: Sequence[str], allow_private: bool) -> None:
        self._client = client
        self._clock = clock
        self._shared_hosts = shared_hosts
        self._policy = EgressPolicy(allow_private=allow_private)

    def claimed(self, given: Mapping[str, str]) -> str | None:
        return given["domain"] if well_formed(given["domain"]) else None

    async def exchange(self, given: Mapping[str, str]) -> Granted:
        domain = require_provable(given["domain"], self._shared_hosts)
        claim = read_claim(given["timestamp"], given["signed_timestamp"], now_us=self._clock.now_us())
        granted = permissions([Action.PUBLISH], [names_at(domain)])
        records = published([await self._text(domain)])
        if not records:
            raise LoginRefused("no MCP public key found in HTTP response")
        await asyncio.to_thread(require_signed, claim, records)
        return Granted(method=self.method, subject=domain, permissions=granted, spends=claim.spends)

    async def _text(self, domain: str) -> str:
        url = f"https://{domain}{_PATH}"
        try:
            fetched = await self._client.get(url, headers={"Accept": "text/plain"}, policy=self._policy, limits=_LIMITS)
        except UpstreamRefused as error:
            redirected = "; redirects are not followed" if 300 <= error.status < 400 else ""
            raise LoginRefused(f"failed to fetch public key: {url} answered {error.status}{redirected}") from error
        except UpstreamNonsense as error:
            limit = _LIMITS.max_decoded_bytes
            raise LoginRefused(
                f"failed to fetch public key: {url} did not answer in at most {limit} bytes of HTTP"
            ) from error
        except (UpstreamFault, Invalid) as error:
            # Not the reason itself: anybody may name a host, and need not learn what it resolves to in here.
            raise LoginRefused(
                f"failed to fetch public key: {url} cannot be reached from here: it needs a public address, a trusted "
                "certificate, and an answer within 10 s"
            ) from error
        if fetched.status != _OK:
            raise LoginRefused(f"failed to fetch public key: {url} answered {fetched.status}")
        return fetched.body.decode("ascii", errors="replace")
