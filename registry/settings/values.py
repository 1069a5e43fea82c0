"""What one value of the configuration file may be: the types of the fields in `registry.settings`.

Each type carries its rule (`Meta` limits, and a parser where a limit cannot say it) and, as the
description, what a person is told to write instead. The same rules stand in
`schemas/config/registry.schema.json`; a test feeds both the same values, so a change here is a change
there.
"""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

_LABELS = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|{_LABELS})"
_PORT = r"(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)"
_IPV4 = r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_URL = rf"(https?)://({_HOST})(?::{_PORT})?(?:/[^\s?#]*)?\Z"
DNS_NAME: Final = _LABELS
EXACT_URL: Final = rf"^{_URL}"
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MAX_DURATION_S: Final = 99_999 * 86400


def duration_s(value: object) -> float:
    """
    The seconds in `"90s"`, `"15m"`, `"24h"`, `"7d"`, or in a plain integer, which counts seconds.

    Raises ValueError for anything else, for zero, and above 99999 days.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 < value <= _MAX_DURATION_S:
            raise ValueError("above 0 and at most 99999 days")
        return float(value)
    match = re.match(r"(0*[1-9][0-9]{0,4})([smhd])\Z", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError
    return float(int(match[1]) * _UNIT_S[match[2]])


def wait_s(value: object) -> float:
    """The same, or 0 for not at all."""
    return 0.0 if type(value) is int and value == 0 else duration_s(value)


def network(value: object) -> str:
    """The network in its usual spelling. Raises ValueError, with a suggestion where host bits are set."""
    if not isinstance(value, str):
        raise ValueError
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        try:
            meant = ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise ValueError from None
        raise ValueError(f"host bits are set; did you mean {str(meant)!r}?") from None


def host_of(address: str) -> str:
    """The lower-case host of a `host:port`, or of an http URL; an IPv6 address keeps its brackets."""
    authority = address.split("://", 1)[-1].split("/", 1)[0].lower()
    return authority.partition("]")[0] + "]" if authority.startswith("[") else authority.partition(":")[0]


def is_loopback(host: str) -> bool:
    """True where only this machine can connect to *host*, a name or an address with or without brackets."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def is_every_address(host: str) -> bool:
    """True for `0.0.0.0` and `::`, which listen everywhere and are nobody's name."""
    address = _address(host)
    return address is not None and address.is_unspecified


def bracketed_addresses_are_real(value: object) -> str:
    """*value*, unless what stands in brackets is not an IPv6 address (ValueError)."""
    if not isinstance(value, str):
        raise ValueError
    bracketed = re.search(r"\[([^\]]*)\]", value)
    if bracketed is not None:
        try:
            ipaddress.IPv6Address(bracketed[1])
        except ValueError:
            raise ValueError("the brackets hold no IPv6 address") from None
    return value


def file_path(value: object) -> Path:
    """The path. Raises ValueError for what is not a string, and for one that can name no file."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError
    return Path(value)


def _without_trailing_slash(value: object) -> str:
    return bracketed_addresses_are_real(value).rstrip("/")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _parsed_by(parser: Callable[[object], object]) -> dict[str, object]:
    return {"parse": parser}


Duration = Annotated[
    float,
    Meta(gt=0, description='a duration such as "90s", "15m", "24h" or "7d"', extra=_parsed_by(duration_s)),
]
"""Seconds. The file says `"1h"` or 3600."""
Wait = Annotated[
    float,
    Meta(ge=0, description='a duration such as "24h" or "7d", or 0 for none', extra=_parsed_by(wait_s)),
]
"""The same, and 0 for none."""

Listen = Annotated[
    str,
    Meta(
        pattern=rf"^{_HOST}:{_PORT}\Z",
        description='host:port, such as "127.0.0.1:8080"',
        extra=_parsed_by(bracketed_addresses_are_real),
    ),
]
Url = Annotated[
    str,
    Meta(
        pattern=rf"^{_URL}",
        description="an http or https URL without user, query or fragment",
        extra=_parsed_by(_without_trailing_slash),
    ),
]
"""No trailing slash. No user part: a password in a URL would be a secret by value."""

HostPattern = Annotated[
    str,
    Meta(
        pattern=rf"^{_HOST}(?::{_PORT})?\Z",
        description='a host, or host:port, such as "registry.example"',
        extra=_parsed_by(bracketed_addresses_are_real),
    ),
]
"""Compared exactly, never by prefix or suffix. Without a port it stands for every port."""

HostPatterns = Annotated[tuple[HostPattern, ...], Meta(min_length=1, description="an array of one host or more")]

NameServer = Annotated[
    str,
    Meta(
        pattern=rf"^(?:{_IPV4}|\[[0-9A-Fa-f:.]+\])(?::{_PORT})?\Z",
        description='the address of a name server, with a port or for port 53, such as "127.0.0.1:5353" or "[::1]"',
        extra=_parsed_by(bracketed_addresses_are_real),
    ),
]
Network = Annotated[str, Meta(description='a network such as "10.0.0.0/8" or "fd00::/8"', extra=_parsed_by(network))]
TeamName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}\Z",
        description="a team: 1 to 40 of a-z, 0-9 and -, not starting with -",
    ),
]
Slug = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}\Z",
        description="a name: 1 to 40 of a-z, 0-9 and -, not starting with -",
    ),
]
NamespaceClaim = Annotated[
    str,
    Meta(
        pattern=rf"^{_LABELS}(?:\.\*)?\Z",
        description='a namespace such as "com.acme", or "com.acme.*" for those below it',
    ),
]
NameGlob = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9.*?-]+/[A-Za-z0-9._*?-]+\Z",
        description='a server name with * and ?, such as "io.github.*/*"',
    ),
]
FilePath = Annotated[
    Path, Meta(description="the path of a file, as a string that is not empty", extra=_parsed_by(file_path))
]
Variable = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z", description="the name of an environment variable"),
]

Flag = Annotated[bool, Meta(description="true or false")]
Count = Annotated[int, Meta(ge=1, description="a whole number, 1 or more")]
Approvers = Annotated[int, Meta(ge=1, le=2, description="1 or 2")]
Rank = Annotated[int, Meta(ge=0, le=1_000_000, description="a whole number from 0 to 1000000")]
PageLimit = Annotated[int, Meta(ge=1, le=100, description="a whole number from 1 to 100")]
Rate = Annotated[float, Meta(gt=0, le=1000, description="a number above 0, at most 1000")]
Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Size = Annotated[int, Meta(ge=1024, le=2**31, description="bytes: a whole number from 1024 to 2147483648")]
