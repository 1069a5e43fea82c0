"""Which addresses may be dialled: one ordered table, first match wins.

Whatever the table does not call public or private is never dialled, so a range that is forgotten here is
refused and not reached. Addresses that carry another address inside (IPv4-mapped, 6to4, Teredo, NAT64,
ISATAP) are refused as a whole: what would finally be reached depends on somebody's translator, not on the
address we looked at.

Sources: the IANA special-purpose address registries for IPv4 and IPv6, and the metadata addresses that large
clouds document for their virtual machines. The latter hand out credentials, so no permission opens them.
"""

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import msgspec

from registry.errors import Invalid


class Reach(StrEnum):
    """Who may be asked to dial an address."""

    PUBLIC = "public"  # anybody
    PRIVATE = "private"  # only on behalf of somebody who is allowed private addresses
    NEVER = "never"  # nobody


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """A block of addresses. `title` is fit for an error message and names no single address."""

    network: IPv4Network | IPv6Network
    reach: Reach
    title: str


def _v4(network: str, reach: Reach, title: str) -> Range:
    return Range(network=IPv4Network(network), reach=reach, title=f"{title} ({network})")


def _v6(network: str, reach: Reach, title: str) -> Range:
    return Range(network=IPv6Network(network), reach=reach, title=f"{title} ({network})")


_V4 = (
    # Single addresses come before the block that holds them.
    _v4("100.100.100.200/32", Reach.NEVER, "a cloud metadata address"),
    _v4("168.63.129.16/32", Reach.NEVER, "a cloud platform address"),
    _v4("0.0.0.0/8", Reach.NEVER, "an address of this network"),
    _v4("169.254.0.0/16", Reach.NEVER, "a link-local or metadata address"),
    _v4("192.0.0.0/24", Reach.NEVER, "a protocol assignment"),
    _v4("192.0.2.0/24", Reach.NEVER, "a documentation address"),
    _v4("192.31.196.0/24", Reach.NEVER, "a sink for stray queries"),
    _v4("192.52.193.0/24", Reach.NEVER, "a multicast tunnel relay"),
    _v4("192.88.99.0/24", Reach.NEVER, "a 6to4 relay"),
    _v4("192.175.48.0/24", Reach.NEVER, "a sink for stray queries"),
    _v4("198.18.0.0/15", Reach.NEVER, "a benchmarking address"),
    _v4("198.51.100.0/24", Reach.NEVER, "a documentation address"),
    _v4("203.0.113.0/24", Reach.NEVER, "a documentation address"),
    _v4("224.0.0.0/4", Reach.NEVER, "a multicast address"),
    _v4("240.0.0.0/4", Reach.NEVER, "a reserved or broadcast address"),
    _v4("10.0.0.0/8", Reach.PRIVATE, "a private address"),
    _v4("100.64.0.0/10", Reach.PRIVATE, "a shared carrier address"),
    _v4("127.0.0.0/8", Reach.PRIVATE, "a loopback address"),
    _v4("172.16.0.0/12", Reach.PRIVATE, "a private address"),
    _v4("192.168.0.0/16", Reach.PRIVATE, "a private address"),
    _v4("0.0.0.0/0", Reach.PUBLIC, "a public address"),
)

_V6 = (
    _v6("fd00:ec2::254/128", Reach.NEVER, "a cloud metadata address"),
    _v6("fd20:ce::254/128", Reach.NEVER, "a cloud metadata address"),
    _v6("::1/128", Reach.PRIVATE, "a loopback address"),
    _v6("fc00::/7", Reach.PRIVATE, "a private address"),
    _v6("2001::/23", Reach.NEVER, "a protocol assignment such as Teredo"),
    _v6("2001:db8::/32", Reach.NEVER, "a documentation address"),
    _v6("2002::/16", Reach.NEVER, "a 6to4 address"),
    _v6("2620:4f:8000::/48", Reach.NEVER, "a sink for stray queries"),
    _v6("3ffe::/16", Reach.NEVER, "an address of the retired test network"),
    _v6("3fff::/20", Reach.NEVER, "a documentation address"),
    _v6("2000::/3", Reach.PUBLIC, "a public address"),
    # From here on nothing is reachable; the rows only give the refusal its name.
    _v6("::/128", Reach.NEVER, "the unspecified address"),
    _v6("::ffff:0:0/96", Reach.NEVER, "an IPv4-mapped address"),
    _v6("::/96", Reach.NEVER, "an IPv4-compatible address"),
    _v6("64:ff9b::/96", Reach.NEVER, "a NAT64 address"),
    _v6("64:ff9b:1::/48", Reach.NEVER, "a local NAT64 address"),
    _v6("100::/64", Reach.NEVER, "a discard address"),
    _v6("fe80::/10", Reach.NEVER, "a link-local address"),
    _v6("fec0::/10", Reach.NEVER, "a site-local address"),
    _v6("ff00::/8", Reach.NEVER, "a multicast address"),
    _v6("::/0", Reach.NEVER, "not a global unicast address"),
)

_EMBEDS_V4 = Range(network=IPv6Network("::/0"), reach=Reach.NEVER, title="an ISATAP address")
_SCOPED = Range(network=IPv6Network("::/0"), reach=Reach.NEVER, title="an address with a zone")

# RFC 5214 §6.1: interface identifiers that carry an IPv4 address, whatever the prefix is.
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def range_of(address: IPv4Address | IPv6Address) -> Range:
    """The row of the table that decides about *address*. There always is one."""
    if isinstance(address, IPv4Address):
        return next(row for row in _V4 if address in row.network)
    if address.scope_id is not None:
        return _SCOPED
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return _EMBEDS_V4
    return next(row for row in _V6 if address in row.network)


def allowed(address: IPv4Address | IPv6Address, *, allow_private: bool) -> bool:
    """Whether *address* may be dialled."""
    match range_of(address).reach:
        case Reach.PUBLIC:
            return True
        case Reach.PRIVATE:
            return allow_private
        case Reach.NEVER:
            return False


def parse_host(text: str) -> IPv4Address | IPv6Address | str:
    """
    The host of a URL: an address where it is one, else the name in lower case.

    Takes exactly one spelling of each: four decimal numbers, brackets around IPv6, ASCII names without a
    final dot. All other spellings that some resolver would turn into an address (`127.1`, `0x7f.0.0.1`,
    `2130706433`) and all names outside ASCII (an international name has its `xn--` form) are refused, so that
    nobody after us can read the same text differently.

    Raises Invalid.
    """
    if text.startswith("[") and text.endswith("]"):
        try:
            # A zone ("%eth0") would parse; it has no place in a URL that leaves this machine.
            return IPv6Address(text[1:-1] if "%" not in text else "")
        except ValueError:
            raise Invalid("the host in brackets is not an IPv6 address") from None

    name = text.lower()
    labels = name.split(".")
    # URL Standard, "ends in a number": such a host is an IPv4 address or nothing.
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return IPv4Address(name)
        except ValueError:
            raise Invalid("the host looks like an address; write it as four decimal numbers") from None
    if not name.isascii() or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Invalid("the host is not a name: letters, digits, '-', '_' and single dots; use the xn-- form of others")
    return name
