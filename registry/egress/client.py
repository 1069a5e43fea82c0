"""One request out, one complete answer back, in memory or in a file, or one of our own errors.

What keeps it safe: `dial.py` decides which address is dialled; nothing is taken from the environment (no
proxies, no netrc); no redirect is followed; no cookie is kept; `body.py` bounds what is decoded; one deadline
spans it all. httpx's transport is used without httpx's client, because the client logs whole URLs, keeps
cookies and inflates a chunk without bound. Foreign exceptions are translated here and go no further.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Self

import httpcore
import httpx
import msgspec

from registry.clock import Clock
from registry.egress.body import BoundedBody
from registry.egress.dial import CheckedNetwork, CheckedTransport, Resolver, SystemResolver
from registry.egress.download import save
from registry.egress.no_answer import no_answer
from registry.egress.refusal import refusal
from registry.egress.target import Target, parse_target
from registry.egress.terms import Downloaded, EgressPolicy, Fetched, FetchLimits, Observe, unobserved
from registry.errors import ConfigFault, Invalid, UpstreamNonsense, UpstreamUnreachable

__all__ = ["Downloaded", "EgressClient", "EgressPolicy", "FetchLimits", "Fetched", "Network", "Resolver", "trust"]

Network = httpcore.AsyncNetworkBackend
"""What opens sockets to addresses."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# Framing and routing are ours to say: a caller's own value could make two readers see two different requests.
_OURS = frozenset(
    {"host", "accept-encoding", "connection", "content-length", "transfer-encoding", "user-agent", "cookie"}
)
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_REASON_BYTES = 16 * 1024
_REASON_S = 1.0


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """
    Whom to trust with https: certifi's roots, and those in *ca_file* (PEM) beside them.

    Raises ConfigFault where the file cannot be read or holds no certificate.
    """
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigFault(f"cannot use {ca_file}, which [egress] ca_file names: it holds no certificate") from error
    return context


class EgressClient:
    """
    The client for occasional traffic: sync, verification, webhooks. About half a millisecond of CPU per
    request.

    Args:
        user_agent: Sent with every request.
        resolver: Names to addresses; the host's own where None.
        tls: Trust for https; certifi's roots where None. Must verify certificates and names.
        network: What opens sockets to the addresses that were found allowed.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        user_agent: str,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        network: Network | None = None,
    ) -> None:
        if tls is not None and not (tls.verify_mode is ssl.CERT_REQUIRED and tls.check_hostname):
            raise ValueError("the egress never talks TLS without checking certificate and name")
        self._clock = clock
        self._user_agent = user_agent
        self._own_resolver: SystemResolver | None = None
        if resolver is None:
            resolver = self._own_resolver = SystemResolver()
        self._resolver = resolver
        self._tls = tls or trust(None)
        self._network = network or httpcore.AnyIOBackend()
        # One pool per policy, so that a connection opened for one who may is never lent to one who may not.
        self._transports: dict[EgressPolicy, CheckedTransport] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. Calls under way fail."""
        transports = list(self._transports.values())
        self._transports.clear()
        for transport in transports:
            await transport.aclose()
        if self._own_resolver is not None:
            self._own_resolver.close()

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        policy: EgressPolicy,
        limits: FetchLimits,
    ) -> Fetched:
        """`request` with GET."""
        return await self.request("GET", url, headers=headers, policy=policy, limits=limits)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        content: bytes | None = None,
        expected: Collection[int] = (),
        policy: EgressPolicy,
        limits: FetchLimits,
    ) -> Fetched:
        """
        Send one request and read the whole answer. Returns 2xx and what is expected. Never retries.

        Args:
            expected: Statuses beyond 2xx that mean something to the caller: a redirect that it judges by itself, a
                challenge. Such an answer comes without its body.

        Raises:
            Invalid: The URL or a header cannot be used; nothing was sent.
            UpstreamUnreachable: No address, a forbidden address, no connection, no trust, no answer in time.
            UpstreamRefused: Any other status, 3xx as well, with the peer's Retry-After.
            UpstreamNonsense: Not HTTP, cut short, too large, expanding too much, an encoding nobody asked
                for.
        """
        target = _checked(method, url, headers)
        request = self._composed(method, target, headers, content, limits, encoding="gzip")
        async with self._answered(request, target, headers, policy, limits, expected) as response:
            body = b""
            if response.status_code not in expected:
                body = await _whole(response, target, limits, bodiless=method == "HEAD")
            return Fetched(status=response.status_code, headers=response.headers, body=body, url=url)

    async def download(
        self,
        method: str,
        url: str,
        file: BinaryIO,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        policy: EgressPolicy,
        limits: FetchLimits,
        answer_s: float,
        observe: Observe = unobserved,
    ) -> Downloaded:
        """
        Send one request without a body and write the answer to *file* as it arrives, undecoded. Returns 2xx only.

        What is in *file* after an error is not the answer.

        Args:
            limits: `max_decoded_bytes` is the most that is written, `max_ratio` says nothing here.
            answer_s: Waiting for the answer to begin, instead of `limits.read_s`.
            observe: Is told about once a mebibyte how far it is.

        Raises:
            OSError: It cannot be written.
            As `request` does, otherwise.
        """
        target = _checked(method, url, headers)
        patient = msgspec.structs.replace(limits, read_s=answer_s)
        request = self._composed(method, target, headers, b"", patient, encoding="identity")
        async with self._answered(request, target, headers, policy, patient) as response:
            return await save(response, file, limits=limits, peer=target.origin, observe=observe)

    @contextlib.asynccontextmanager
    async def _answered(
        self,
        request: httpx.Request,
        target: Target,
        headers: Mapping[str, str],
        policy: EgressPolicy,
        limits: FetchLimits,
        expected: Collection[int] = (),
    ) -> AsyncIterator[httpx.Response]:
        """The answer to *request*, its body not read yet. One deadline spans what is done with it, too."""
        try:
            async with (
                asyncio.timeout(limits.total_s),
                self._sent(request, target, headers, policy, limits, expected) as response,
            ):
                yield response
        except TimeoutError as error:
            raise UpstreamUnreachable(
                f"{target.origin} did not answer completely within {limits.total_s:g} s"
            ) from error

    @contextlib.asynccontextmanager
    async def _sent(
        self,
        request: httpx.Request,
        target: Target,
        headers: Mapping[str, str],
        policy: EgressPolicy,
        limits: FetchLimits,
        expected: Collection[int],
    ) -> AsyncIterator[httpx.Response]:
        try:
            response = await self._transport(policy).handle_async_request(request)
        except httpx.TransportError as error:
            raise no_answer(error, target, limits) from error
        try:
            if response.status_code not in expected and not 200 <= response.status_code < 300:
                raise refusal(
                    peer=target.origin,
                    status=response.status_code,
                    headers=response.headers,
                    body=await _beginning(response, target, limits),
                    sent=[*target.confidential, *headers.values()],
                    now_us=self._clock.now_us(),
                )
            yield response
        finally:
            await response.aclose()

    def _composed(
        self,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        content: bytes | None,
        limits: FetchLimits,
        *,
        encoding: str,
    ) -> httpx.Request:
        url = httpx.URL(scheme=target.scheme, host=target.host, port=target.port, raw_path=target.raw_path)
        timeout = httpx.Timeout(limits.read_s, connect=limits.connect_s, pool=limits.connect_s)
        try:
            return httpx.Request(
                method,
                url,
                headers={**headers, "User-Agent": self._user_agent, "Accept-Encoding": encoding},
                content=content,
                extensions={"timeout": timeout.as_dict()},
            )
        except UnicodeEncodeError:
            raise Invalid(f"a header for {target.origin} holds characters outside ASCII") from None

    def _transport(self, policy: EgressPolicy) -> CheckedTransport:
        if policy not in self._transports:
            network = CheckedNetwork(policy=policy, resolver=self._resolver, network=self._network)
            self._transports[policy] = CheckedTransport(network=network, tls=self._tls)
        return self._transports[policy]


def _checked(method: str, url: str, headers: Mapping[str, str]) -> Target:
    if method not in _METHODS:
        raise ValueError(f"{method} is not a method the egress sends")
    if ours := _OURS.intersection(map(str.lower, headers)):
        raise ValueError(f"the egress sets {', '.join(sorted(ours))} itself")
    return parse_target(url)


async def _whole(response: httpx.Response, target: Target, limits: FetchLimits, *, bodiless: bool = False) -> bytes:
    encoding = "" if bodiless or response.status_code in (204, 205) else response.headers.get("content-encoding")
    body = BoundedBody(encoding=encoding or "", limits=limits, peer=target.origin)
    try:
        async for chunk in response.aiter_raw():
            body.feed(chunk)
    except httpx.TimeoutException as error:
        raise UpstreamUnreachable(f"{target.origin} fell silent for {limits.read_s:g} s within its answer") from error
    except httpx.TransportError as error:
        raise UpstreamNonsense(f"{target.origin} sent an answer that is cut short or malformed") from error
    return body.finish()


async def _beginning(response: httpx.Response, target: Target, limits: FetchLimits) -> bytes:
    """An error's body, where it is small and comes at once. Its own faults never hide the status."""
    small = msgspec.structs.replace(limits, max_decoded_bytes=min(_REASON_BYTES, limits.max_decoded_bytes))
    with contextlib.suppress(UpstreamNonsense, UpstreamUnreachable, TimeoutError):
        async with asyncio.timeout(_REASON_S):
            return await _whole(response, target, small)
    return b""
