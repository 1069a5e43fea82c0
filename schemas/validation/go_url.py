"""Parsing addresses as the Go standard library does, whose verdict the public registry's rules are written in.

`urllib.parse` accepts what Go refuses and the other way round (reference §10.9): Go fails on control characters, on a
broken percent escape in path or host, on a port that is no number, on a blank in a host, and accepts every relative
reference, the empty one too. It does not look into the query. Where Go releases differ (colons and square brackets in
a host), this follows the stricter, newer ones.
"""

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Final

import msgspec

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.ASCII | re.DOTALL)
_NO_PORT: Final = re.compile(r"[^0-9]")
_NO_USER: Final = re.compile(r"[^A-Za-z0-9._:~!$&'()*+,;=%@-]")
# In a host an escape may only stand for a byte beyond ASCII, and of ASCII only these may stand for themselves.
_ASCII_ESCAPE_IN_HOST: Final = re.compile(r"%[0-7][0-9A-Fa-f]")
_NO_HOST: Final = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=:<>\"%\x80-\U0010ffff-]")

GO_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go trims as blank; `str.strip` takes U+001C to U+001F for blank too."""


class GoUrl(msgspec.Struct, frozen=True, kw_only=True):
    """
    The parts the rules look at.

    Attributes:
        scheme: In lower case; empty for a relative reference.
        host: With the port, without the user.
    """

    scheme: str
    host: str
    user: str = ""

    @property
    def hostname(self) -> str:
        """The host without port and without the brackets of an IPv6 address."""
        if self.host.startswith("["):
            return self.host[1 : self.host.rindex("]")]
        return self.host.partition(":")[0]


class GoUrlError(ValueError):
    """Raised when Go's url.Parse fails; the message is its reason, without the address."""


def parse(address: str) -> GoUrl:
    """
    Raises:
        GoUrlError: Go's url.Parse fails on *address*.
    """
    if _CONTROL.search(address):
        raise GoUrlError("net/url: invalid control character in URL")
    rest, _, fragment = address.partition("#")
    scheme, rest = _scheme(rest)
    rest = rest.partition("?")[0]
    host = user = ""
    if not rest.startswith("/"):
        if scheme:
            _require_escapes(fragment)
            return GoUrl(scheme=scheme, host="")
        if ":" in rest.partition("/")[0]:
            raise GoUrlError("first path segment in URL cannot contain colon")
    elif rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        user, _, host = authority.rpartition("@")
        _require_host(host)
        _require_user(user)
    _require_escapes(rest)
    _require_escapes(fragment)
    return GoUrl(scheme=scheme, host=host, user=user)


def quoted(text: str) -> str:
    """*text* in double quotes, as Go's %q writes what the rules quote."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _scheme(address: str) -> tuple[str, str]:
    if address.startswith(":"):
        raise GoUrlError("missing protocol scheme")
    before, colon, after = address.partition(":")
    return (before.lower(), after) if colon and _SCHEME.fullmatch(before) else ("", address)


def _require_escapes(part: str) -> None:
    broken = _BROKEN_ESCAPE.search(part)
    if broken:
        raise GoUrlError(f"invalid URL escape {quoted(broken[0])}")


def _require_user(user: str) -> None:
    if _NO_USER.search(user):
        raise GoUrlError("net/url: invalid userinfo")
    _require_escapes(user)


def _require_host(host: str) -> None:
    if host.startswith("["):
        end = host.rfind("]")
        if end < 0:
            raise GoUrlError("missing ']' in host")
        _require_port(host[end + 1 :])
        _require_ipv6(host[1:end])
        return
    _require_port(host[host.index(":") :] if ":" in host else "")
    _require_escapes(host)
    escape = _ASCII_ESCAPE_IN_HOST.search(host)
    if escape:
        raise GoUrlError(f"invalid URL escape {quoted(escape[0])}")
    character = _NO_HOST.search(host)
    if character:
        raise GoUrlError(f"invalid character {quoted(character[0])} in host name")


def _require_port(port: str) -> None:
    if port and (not port.startswith(":") or _NO_PORT.search(port, 1)):
        raise GoUrlError(f"invalid port {quoted(port)} after host")


def _require_ipv6(address: str) -> None:
    address, _, zone = address.partition("%25")
    _require_escapes(zone)
    try:
        IPv6Address(address)
    except AddressValueError as error:
        raise GoUrlError("invalid host: not an IPv6 address") from error
