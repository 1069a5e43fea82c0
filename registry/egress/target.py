"""Where a URL points, read strictly.

Safety does not rest on this parser (`dial.py` checks what is really dialled); it exists so that the name we
show, the name we resolve and the name in the Host header and certificate check are the same one.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import msgspec

from registry.egress.address import parse_host
from registry.errors import Invalid

_MAX_URL = 8192
# A capability is long; "servers" and "versions" are not, and would silence every useful sentence.
_SECRET_SEGMENT = 16
# RFC 3986 leaves these out of every URL; parsers differ in what they make of them.
_ILLEGAL = re.compile(r"[^\x21-\x7e]|[\\\"<>^`{|}]")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(:[0-9]{0,5})?")
_DEFAULT_PORT = {"http": 80, "https": 443}


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """
    One resource on one origin.

    Args:
        host: As it goes into the Host header, without brackets.
        path: Begins with a slash, no query.
        query: Without the question mark; may hold secrets.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def origin(self) -> str:
        """
        Scheme, host, and port unless it is the scheme's own: all that an error message may say about a URL,
        since paths hold capabilities and queries hold credentials.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORT[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def confidential(self) -> tuple[str, ...]:
        """What may be a secret in the path and query: neither is quoted, even if the peer says it first."""
        segments = (segment for segment in self.path.split("/") if len(segment) >= _SECRET_SEGMENT)
        return (self.query, self.path, *segments)

    @property
    def raw_path(self) -> bytes:
        """What the request line asks for."""
        return (f"{self.path}?{self.query}" if self.query else self.path).encode("ascii")


def parse_target(url: str) -> Target:
    """
    The target of an absolute http or https URL. A fragment is dropped.

    Raises Invalid: another scheme, user name or password in it, characters that belong escaped, a host that
    `parse_host` refuses, no usable port. The message never repeats the URL.
    """
    if len(url) > _MAX_URL:
        raise Invalid(f"the url is longer than {_MAX_URL} characters")
    if _ILLEGAL.search(url):
        raise Invalid("the url holds characters that must be percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("the url has no usable host and port") from None
    if parts.scheme not in _DEFAULT_PORT:
        raise Invalid("the url must begin with https:// or http://")
    if "@" in parts.netloc:
        raise Invalid("the url must not hold a user name or password; configure a token instead")
    # urlsplit drops what stands between a closing bracket and the port.
    if port == 0 or not _AUTHORITY.fullmatch(parts.netloc):
        raise Invalid("the url has no usable host and port")

    bracketed = parts.netloc.startswith("[")
    host = parse_host(f"[{parts.hostname}]" if bracketed else parts.hostname or "")
    return Target(
        scheme=parts.scheme,
        host=str(host) if isinstance(host, IPv4Address | IPv6Address) else host,
        port=port or _DEFAULT_PORT[parts.scheme],
        path=parts.path or "/",
        query=parts.query,
    )
