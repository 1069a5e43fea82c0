"""A network in which https leads to this machine, whatever address it was meant for."""

from collections.abc import Iterable

import httpcore


class HttpsDetour(httpcore.AsyncNetworkBackend):
    """Connections to port 443 of any address end at *port* of loopback; the others go where they are meant to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if port == 443:
            host, port = "127.0.0.1", self._port
        return await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
