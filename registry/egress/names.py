"""Asking name servers: the TXT records of a name, and addresses where not the host's own resolver is to be asked."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from registry.errors import ConfigFault, UpstreamUnreachable

_DNS_PORT: Final = 53
_ADDRESSES_S: Final = 5.0
_MOST_TEXTS: Final = 100


class TxtLookup(Protocol):
    """Names to the texts that stand with them."""

    async def texts(self, name: str, *, limit_s: float) -> list[str]:
        """
        The TXT records of exactly *name*, each with its parts joined; none where there is no such name.

        Raises UpstreamUnreachable where that cannot be found out within *limit_s*.
        """


class NameServers:
    """
    The name servers that *addresses* (`host:port`, or a host for port 53) name, or those of the host where it is empty.

    Fit to be a `registry.egress.dial.Resolver`: it then answers for addresses, too.

    Raises ConfigFault where the host's own name servers are to be asked and it has none.
    """

    def __init__(self, addresses: Sequence[str] = ()) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not addresses)
        except dns.resolver.NoResolverConfiguration as error:
            raise ConfigFault("this host has no name servers; name some in [egress] nameservers") from error
        if addresses:
            self._resolver.nameservers = [_server(address) for address in addresses]

    async def texts(self, name: str, *, limit_s: float) -> list[str]:
        answers = await self._asked(name, dns.rdatatype.TXT, limit_s)
        # Bytes that are no text are kept apart: nothing that looks for ASCII in them finds it by accident.
        return [b"".join(answer.strings).decode("ascii", errors="replace") for answer in answers[:_MOST_TEXTS]]

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await asyncio.gather(
                self._asked(host, dns.rdatatype.AAAA, _ADDRESSES_S), self._asked(host, dns.rdatatype.A, _ADDRESSES_S)
            )
        except UpstreamUnreachable as error:
            raise OSError(None, "the name servers do not answer") from error
        addresses = [answer.address for answers in found for answer in answers]
        if not addresses:
            raise OSError(None, "no such name")
        return addresses

    # Any: the record's class depends on the type asked for.
    async def _asked(self, name: str, kind: dns.rdatatype.RdataType, limit_s: float) -> list[Any]:
        try:
            asked = dns.name.from_text(name, dns.name.root)
            answer = await self._resolver.resolve(asked, kind, search=False, lifetime=limit_s)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise UpstreamUnreachable(f"cannot look up {name}: the name servers gave no usable answer") from error
        return list(answer)


def _server(address: str) -> dns.nameserver.Nameserver:
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, str(_DNS_PORT)
    return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))
