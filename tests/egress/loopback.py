"""A peer on loopback that answers with whatever bytes a test gives it.

Also the fakes beside it: resolvers, and a network that notes which address it was asked to dial and then
connects to the peer, so that any address in the world can be "dialled".
"""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

import httpcore

from registry.clock import SystemClock
from registry.egress.client import EgressClient
from registry.egress.dial import Resolver
from registry.egress.terms import EgressPolicy, FetchLimits

ANYWHERE = EgressPolicy(allow_private=True)
PUBLIC_ONLY = EgressPolicy(allow_private=False)
LIMITS = FetchLimits(connect_s=5.0, read_s=5.0, total_s=20.0, max_decoded_bytes=4 * 1024 * 1024, max_ratio=200.0)
USER_AGENT = "acme-registry/1.0"


class Peer:
    """What a running peer has seen."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.requests: list[bytes] = []
        self.over = asyncio.Event()
        self._arrival = asyncio.Condition()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: "Answer") -> None:
        self.connections += 1
        self._writers.add(writer)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            again = True
            while again:
                head = await reader.readuntil(b"\r\n\r\n")
                request = head + await reader.readexactly(_length(head))
                async with self._arrival:
                    self.requests.append(request)
                    self._arrival.notify_all()
                again = await answer(self, writer)
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    async def heard(self, requests: int) -> None:
        """Return as soon as so many requests have arrived in all."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests) >= requests)

    async def leave(self) -> None:
        self.over.set()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._tasks)


Answer = Callable[[Peer, asyncio.StreamWriter], Awaitable[bool]]


@contextlib.asynccontextmanager
async def peer(answer: Answer, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """A listening peer that gives *answer* to every request."""
    running = Peer()
    server = await asyncio.start_server(lambda r, w: running.serve(r, w, answer), "127.0.0.1", 0, ssl=tls)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        await running.leave()
        await server.wait_closed()


def says(*answers: bytes) -> Answer:
    """Each request gets the next answer, the last one again and again; the connection stays open."""
    left = list(answers)

    async def answer(_: Peer, writer: asyncio.StreamWriter) -> bool:
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        return True

    return answer


def says_and_hangs_up(raw: bytes) -> Answer:
    """The answer, then the end of the connection."""

    async def answer(_: Peer, writer: asyncio.StreamWriter) -> bool:
        writer.write(raw)
        return False

    return answer


def says_and_falls_silent(raw: bytes) -> Answer:
    """The answer's beginning, then nothing until the test is over."""

    async def answer(running: Peer, writer: asyncio.StreamWriter) -> bool:
        writer.write(raw)
        await writer.drain()
        await running.over.wait()
        return False

    return answer


def drips(head: bytes, drop: bytes) -> Answer:
    """A beginning, then a drop whenever the loop comes round, until nobody listens."""

    async def answer(running: Peer, writer: asyncio.StreamWriter) -> bool:
        writer.write(head)
        while not running.over.is_set():
            writer.write(drop)
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(running.over.wait(), 0.02)
        return False

    return answer


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """A whole HTTP/1.1 answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def gzipped(body: bytes, *headers: str) -> bytes:
    """A whole 200 with a compressed body."""
    return http("200 OK", gzip.compress(body), "Content-Encoding: gzip", *headers)


class ScriptedResolver:
    """Gives the next answer at every question, the last one again and again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class SilentResolver:
    """A name server that never answers."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []


class UnknownNames:
    """A name server that knows nobody."""

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")


class Detour(httpcore.AsyncNetworkBackend):
    """Notes the address and connects to loopback instead. Addresses in *closed* refuse the connection."""

    def __init__(self, *, closed: Iterable[str] = ()) -> None:
        self.dialled: list[str] = []
        self._closed = frozenset(closed)
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        if host in self._closed:
            raise httpcore.ConnectError("closed")
        return await self._network.connect_tcp("127.0.0.1", port, timeout, local_address, socket_options)


def egress(
    *,
    resolver: Resolver | None = None,
    network: httpcore.AsyncNetworkBackend | None = None,
    tls: ssl.SSLContext | None = None,
) -> EgressClient:
    """A client as the product would build it, on the host's clock."""
    return EgressClient(clock=SystemClock(), user_agent=USER_AGENT, resolver=resolver, network=network, tls=tls)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
