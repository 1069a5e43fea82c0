"""A small HTTP/1.1 server on loopback that runs in its own thread and event loop.

It keeps connections alive, answers one request at a time on each, and does what a `Response` says about
misbehaving. Stopping it ends every connection, hanging ones too, and leaves nothing open.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import uvloop

from tests.doubles.wire import Ending, Request, Response, parse_head

_LONGEST_HEAD = 64 * 1024


class LoopbackServer:
    """
    Serves *answer* on 127.0.0.1 between `start()` and `stop()`, as often as wanted, always at the same port.

    Args:
        port: 0 for any free one, chosen at the first start.
        tls: Serve https with it. Clients then need a name of the certificate, which `url` does not know.
    """

    def __init__(
        self, answer: Callable[[Request], Response], *, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._answer = answer
        self._port = port
        self._tls = tls
        self._running: _Running | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT` without a slash at its end. Raises ValueError before the first start."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """Raises ValueError before the first start."""
        if not self._port:
            raise ValueError("the server was never started, so it has no address")
        return self._port

    def start(self) -> None:
        """Returns when connections are accepted."""
        if self._running is not None:
            raise ValueError("the server runs already")
        listener = socket.create_server(("127.0.0.1", self._port), backlog=512)
        self._port = listener.getsockname()[1]
        self._running = _Running(self._answer, listener, self._tls)

    def stop(self) -> None:
        """
        Returns when everything is closed; connecting is refused from then on. Harmless when it does not run.

        What *answer* raised comes out here, in an ExceptionGroup: the server ended when it happened.
        """
        running, self._running = self._running, None
        if running is not None:
            running.stop()


class _Running:
    """One life of the server: its thread, its loop, its connections."""

    def __init__(
        self, answer: Callable[[Request], Response], listener: socket.socket, tls: ssl.SSLContext | None
    ) -> None:
        self._answer = answer
        self._listener = listener
        self._tls = tls
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fake-upstream")
        self._life = executor.submit(self._run)
        executor.shutdown(wait=False)
        self._ready.wait()

    def stop(self) -> None:
        if self._loop is not None:
            # The loop may have ended by itself, on an error that `result()` raises.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._life.result()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        open_ones: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        async with asyncio.TaskGroup() as connections:

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = connections.create_task(self._converse(reader, writer))
                open_ones[task] = writer
                task.add_done_callback(lambda ended: open_ones.pop(ended).close())

            server = await asyncio.start_server(accept, sock=self._listener, limit=_LONGEST_HEAD, ssl=self._tls)
            self._ready.set()
            try:
                await self._stopping.wait()
            finally:
                server.close()
                for task, writer in open_ones.items():
                    writer.transport.abort()
                    task.cancel()
        await server.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that goes away or does not speak HTTP has nobody left to be told.
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            while True:
                request = parse_head(await reader.readuntil(b"\r\n\r\n"))
                if request is None:
                    return
                await reader.readexactly(int(request.headers.get("content-length", "0")))
                response = self._answer(request)
                await _deliver(writer, request, response)
                if response.ending is Ending.HANG:
                    await asyncio.Event().wait()
                if response.ending is Ending.CLOSE or request.headers.get("connection") == "close":
                    return


async def _deliver(writer: asyncio.StreamWriter, request: Request, response: Response) -> None:
    if response.delay_s:
        await asyncio.sleep(response.delay_s)
    if response.headless:
        return
    head = response.head()
    body = b"" if request.method == "HEAD" else response.body[: response.sent]
    if response.pieces == 1 and not response.chunked:
        writer.write(head + body)
        await writer.drain()
        return
    writer.write(head)
    size = max(1, -(-len(body) // response.pieces))
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if response.chunked else piece)
        await writer.drain()
        await asyncio.sleep(response.pause_s)
    if response.chunked and request.method != "HEAD" and response.sent is None:
        writer.write(b"0\r\n\r\n")
        await writer.drain()
