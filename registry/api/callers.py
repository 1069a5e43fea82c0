"""Where a request comes from: the peer, or what trusted proxies say about it.

A forwarding header is believed as far as trusted proxies wrote it: from the right, each address that is one of theirs
is passed over, and the first that is not is the caller. What stands further left anybody may have written.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from litestar.types import HTTPScope

_FORWARDED_FOR: Final = b"x-forwarded-for"


class Callers:
    """
    Args:
        trusted: Networks of the proxies whose forwarding headers are believed. None: everybody is who connects.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted: Final = tuple(ip_network(network) for network in trusted)

    def address(self, scope: HTTPScope) -> str:
        """The address of the caller; empty where the connection has none."""
        client = scope.get("client")
        peer = client[0] if client else ""
        if not self._trusted or not self._trusts(peer):
            return peer
        caller = peer
        for hop in reversed(_hops(scope)):
            if _parsed(hop) is None:
                break
            caller = hop
            if not self._trusts(hop):
                break
        return caller

    def _trusts(self, text: str) -> bool:
        address = _parsed(text)
        return address is not None and any(
            address in network
            for network in self._trusted
            if isinstance(network, IPv6Network) == (address.version == 6)
        )


def _hops(scope: HTTPScope) -> list[str]:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED_FOR]
    return [hop.strip() for line in lines for hop in line.split(",")]


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
