"""Answers that are too large to be in memory: sent part by part, and cut short for who stops reading."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, Receive, Scope, Send

from schemas.registry_api import JSON

# Whoever stops reading for so long gets no more of it.
_LONGEST_STALL_S: Final = 10.0
_SENT_WITHIN_S: Final = 2 * 3600.0


class StreamedJson:
    """An ASGI application that sends JSON of which the parts are made while it is sent."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What fails before there is any of it is answered like every failure.
        first = await anext(self._parts)
        headers = [(b"content-type", JSON.encode())]
        await send(HTTPResponseStartEvent(type="http.response.start", status=200, headers=headers))
        await send(body_event(first, more=True))
        last = await all_but_the_last(self._parts, receive, send)
        if last is not None:
            await send(body_event(last, more=False))


async def all_but_the_last(parts: AsyncIterator[bytes], receive: Receive, send: Send) -> bytes | None:
    """Send *parts* but for the last of them; that one, None if whoever reads left or is too slow."""
    async with asyncio.TaskGroup() as group:
        leaving = group.create_task(_left(receive))
        try:
            async with asyncio.timeout(_SENT_WITHIN_S):
                part: bytes | None = None
                async for following in parts:
                    if leaving.done():
                        return None
                    if part is not None:
                        # The server takes the next part when the one before is on its way: no more is held in memory.
                        async with asyncio.timeout(_LONGEST_STALL_S):
                            await send(body_event(part, more=True))
                    part = following
                return part
        except TimeoutError:
            return None
        finally:
            leaving.cancel()


def body_event(part: bytes, *, more: bool) -> HTTPResponseBodyEvent:
    """One part of a body; `more`: others follow."""
    return HTTPResponseBodyEvent(type="http.response.body", body=part, more_body=more)


async def _left(receive: Receive) -> None:
    """Returns when the caller is gone. To what a body may hold nobody listens."""
    while (await receive())["type"] != "http.disconnect":
        pass
