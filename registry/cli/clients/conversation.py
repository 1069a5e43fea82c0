"""Asking a registry as a client does, and what its answers mean to one that cannot do anything about them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from registry.cli.clients.diagnosis import Diagnosis
from registry.egress.client import EgressClient, EgressPolicy, FetchLimits
from registry.errors import UpstreamFault, UpstreamRefused

_LIMITS: Final = FetchLimits(connect_s=5, read_s=10, total_s=20, max_decoded_bytes=32 << 20, max_ratio=1000)
# Whoever runs this named the address; it is as often as not on this machine.
_ANYWHERE: Final = EgressPolicy(allow_private=True)
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_CAPABILITY: Final = (
    "this client sends no credential: configure it with a capability address (mcp-registry capability create --team "
    "TEAM), or let everybody read a team's view ([anonymous] team)"
)


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """An answer. `status` is 0 where none came; `trouble` says in words what a status other than 2xx came with."""

    status: int
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes = b""
    trouble: str = ""

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> object:
        """What the body says; None where it is no JSON."""
        try:
            value: object = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return value


class Conversation:
    """
    One client's requests to one base address.

    Args:
        base: Without a slash at its end.
        headers: Sent with every request.
        token: For a client that can send one.
    """

    def __init__(
        self, base: str, client: EgressClient, *, headers: Mapping[str, str] = _NO_HEADERS, token: str | None = None
    ) -> None:
        self.base = base
        self.has_token = token is not None
        self.heard: list[Heard] = []
        self._client = client
        self._headers = dict(headers) | ({} if token is None else {"Authorization": f"Bearer {token}"})

    async def get(self, path: str) -> Heard:
        return await self.ask("GET", path)

    async def ask(self, method: str, path: str, *, content: bytes | None = None, credential: bool = True) -> Heard:
        """One request below the base address. Never raises for what the registry does."""
        headers = {name: value for name, value in self._headers.items() if credential or name != "Authorization"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            fetched = await self._client.request(
                method, self.base + path, headers=headers, content=content, policy=_ANYWHERE, limits=_LIMITS
            )
            heard = Heard(status=fetched.status, headers=fetched.headers, body=fetched.body)
        except UpstreamRefused as refused:
            heard = Heard(status=refused.status, headers=refused.headers, trouble=str(refused))
        except UpstreamFault as fault:
            heard = Heard(status=0, trouble=str(fault))
        self.heard.append(heard)
        return heard


def mend(heard: Heard, *, has_token: bool | None = None) -> str:
    """
    What would help where *heard* is not what was hoped for.

    Args:
        has_token: Whether one was sent; None: the client cannot send one.
    """
    match heard.status:
        case 0:
            return "check the address, and that the registry runs and can be reached with a valid certificate"
        case 401 | 403 if has_token is None:
            return _CAPABILITY
        case 401 | 403 if has_token:
            return "the token is not good for this address: issue one with the role reader for the team"
        case 401 | 403:
            return "set MCP_REGISTRY_TOKEN to a token with the role reader, as the client sends one"
        case 404:
            return "nothing is there: the address is what stands before /v0.1, and a capability may have ended"
        case 429:
            return "the registry limits who asks from here; a proxy before it may, too"
        case status if 300 <= status < 400:
            return "configure the address it points to; the client follows no redirect"
        case status if 200 <= status < 300:
            return "this is not what an MCP registry answers: a page of a proxy, or another service"
        case _:
            return "the registry's log says more"


def unwell(diagnosis: Diagnosis, what: str, heard: Heard, consequence: str, *, has_token: bool | None = None) -> None:
    """Note that *what* failed, and what that means for whoever uses the client."""
    said = heard.trouble or f"the answer is {heard.status} and not what was expected"
    diagnosis.failed(what, f"{said}: {consequence}", mend(heard, has_token=has_token))
