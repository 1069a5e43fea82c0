"""Who may see what operators need, until there are roles: somebody on this machine, and no page in a browser.

A listener on loopback is not enough to tell: behind a reverse proxy on the same host everybody comes from loopback.
What was forwarded says so in its headers, or carries another name than this machine's.
"""

from collections.abc import Iterable
from typing import Final

from litestar.types import HTTPScope

from registry.errors import Refused

_LOOPBACK: Final = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
_FORWARDED: Final = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}
)


def on_this_machine(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether nothing says that the request came through a proxy, or from a page in a browser."""
    for name, value in headers:
        if name in _FORWARDED or name in (b"origin", b"via"):
            return False
        if name == b"host" and _host(value.lower()) not in _LOOPBACK:
            return False
    return True


def require_operator(scope: HTTPScope) -> None:
    """Raises Refused for whoever is not on this machine, or may be a page in a browser."""
    if not on_this_machine(scope["headers"]):
        raise Refused(
            "this is for operators on the machine itself: call it there as 127.0.0.1, with mcp-registry or another "
            "client that is no browser and no proxy"
        )


def _host(value: bytes) -> bytes:
    return value[: value.index(b"]") + 1] if value.startswith(b"[") and b"]" in value else value.partition(b":")[0]
