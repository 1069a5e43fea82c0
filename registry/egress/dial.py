"""From a host name to a connected socket, with nothing in between that could change its mind.

A name is resolved once per connection, every address in the answer is checked, and one of exactly those
addresses is dialled as a literal. The network library below never sees the name, so an answer that changes
between check and connect (DNS rebinding) changes nothing. Host header and certificate check, which are above,
keep using the name.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

import httpcore
import httpx

from registry.egress.address import Range, Reach, allowed, range_of
from registry.egress.terms import EgressPolicy
from registry.errors import UpstreamUnreachable

_SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

_MAX_ADDRESSES = 8
_MAX_CONNECTIONS = 20
_MAX_IDLE = 10
_IDLE_S = 30.0


class Resolver(Protocol):
    """Names to addresses."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """Every address of *host* as text, the best first. Raises OSError where there is none."""


class SystemResolver:
    """The host's own resolver. Owns a few threads, so that a hung name server blocks nobody else's."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="egress-resolve")

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(sockaddr[0]) for *_, sockaddr in rows]

    def close(self) -> None:
        """Start no further look-ups. Does not wait for those under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class OwnedStream(httpcore.AsyncNetworkStream):
    """A connection that is closed when its TLS handshake is abandoned: httpcore 1.0 only closes failed ones."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """The network as one policy sees it."""

    def __init__(self, *, policy: EgressPolicy, resolver: Resolver, network: httpcore.AsyncNetworkBackend) -> None:
        self._policy = policy
        self._resolver = resolver
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises UpstreamUnreachable for a name with no or a forbidden address, else as httpcore does."""
        if timeout is None:
            raise ValueError("a connection attempt needs a time limit")
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        addresses = await self._addresses(host, port, timeout)
        while True:
            # A share of the time, so that a silent first address leaves some to the others.
            share = max(until - loop.time(), 0.001) / len(addresses)
            address = str(addresses.pop(0))
            try:
                return OwnedStream(await self._network.connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise

    async def _addresses(self, host: str, port: int, limit_s: float) -> list[IPv4Address | IPv6Address]:
        texts: Sequence[str]
        try:
            texts = [str(ip_address(host))]
        except ValueError:
            texts = await self._resolved(host, port, limit_s)
        addresses: list[IPv4Address | IPv6Address] = []
        for text in texts:
            try:
                address = ip_address(text)
            except ValueError as error:
                raise UpstreamUnreachable(f"cannot use the address that {host} resolves to") from error
            # All, not some: a name with one forbidden address is a name that somebody is playing with.
            if not allowed(address, allow_private=self._policy.allow_private):
                raise UpstreamUnreachable(_forbidden(host, range_of(address)))
            if address not in addresses:
                addresses.append(address)
        if not addresses:
            raise UpstreamUnreachable(f"cannot resolve {host}: it has no address")
        return addresses[:_MAX_ADDRESSES]

    async def _resolved(self, host: str, port: int, limit_s: float) -> Sequence[str]:
        try:
            async with asyncio.timeout(limit_s):
                return await self._resolver.resolve(host, port)
        except TimeoutError as error:
            raise UpstreamUnreachable(f"cannot resolve {host}: no answer within {limit_s:g} s") from error
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "no such name"
            raise UpstreamUnreachable(f"cannot resolve {host}: {reason.lower()}") from error


class CheckedTransport(httpx.AsyncHTTPTransport):
    """httpx on a `CheckedNetwork`, with a bounded pool: connections are reused per scheme, name and port."""

    def __init__(self, *, network: CheckedNetwork, tls: ssl.SSLContext) -> None:
        # Not super().__init__(): it would build a pool that resolves by itself. Should httpx ever keep its
        # pool under another name, every request fails for want of it, which is the right way round.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_MAX_CONNECTIONS,
            max_keepalive_connections=_MAX_IDLE,
            keepalive_expiry=_IDLE_S,
            network_backend=network,
        )


def _forbidden(host: str, row: Range) -> str:
    # The range and not the address: who may name a host need not learn what it resolves to in here.
    hint = "; allow_private = true would permit it" if row.reach is Reach.PRIVATE else ""
    return f"refusing to connect to {host}: it is at {row.title}{hint}"
