"""By which names this registry may be addressed.

A page in a browser can make any name point to this machine (DNS rebinding); the Host header then still says the
page's name. It is only compared here, never used to build a URL or to decide who may do what.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

# Nothing but a name or an address and a port: no `/ ? # @ \` and no blanks.
_WELL_FORMED: Final = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.ASCII)


class Hosts:
    """
    Args:
        allowed: Hosts, with a port or for any port, lower case; IPv6 addresses in brackets.
    """

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed: Final = frozenset(host.lower().encode() for host in allowed)
        self._known_good: Final[set[bytes]] = set()

    def refusal(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Why a request with these headers is refused, None if it is not."""
        hosts = [value for name, value in headers if name == b"host"]
        if len(hosts) == 1 and hosts[0] in self._known_good:
            return None
        if len(hosts) != 1:
            return "the request needs exactly one Host header"
        return self._judge(hosts[0])

    def _judge(self, host: bytes) -> str | None:
        match = _WELL_FORMED.fullmatch(host.lower())
        if match is None or int(match[2] or 0) > 65535:
            return "the Host header is malformed"
        if match[0] not in self._allowed and match[1] not in self._allowed:
            return f"this registry is not known as {match[0].decode()}; add it to allowed_hosts in [server]"
        # As many spellings as the list has names and ports; bounded, since a port is free where none is configured.
        if len(self._known_good) < 256:
            self._known_good.add(host)
        return None
