"""`POST /v1/backup`: a copy of the whole store, for operators. It holds everything: keep it as carefully.

Beyond the machine itself it takes the roles operator and auditor, since the record is in it. A copy that cannot be
recorded is not sent; the command on the store itself makes one also then.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Receive, Scope, Send

from registry.api.answers import Header
from registry.api.operators import Operators
from registry.api.stream import all_but_the_last, body_event
from registry.commands.actor import Actor
from registry.commands.perform import perform
from registry.commands.record_copy import DOWNLOAD, record_backup
from registry.errors import StoreFault
from registry.policy.principal import Role
from registry.store.interface import Copy, Store

_PART_BYTES: Final = 256 * 1024
_MADE_WITHIN_S: Final = 1800.0


def backup_routes(store: Store, operators: Operators) -> list[HTTPRouteHandler]:
    """The one that copies."""

    @route("/v1/backup", http_method=[HttpMethod.POST], name="make-backup", status_code=200)
    async def make_backup(scope: HTTPScope) -> ASGIApp:
        return _Sent(store, operators.acting(scope, Role.AUDITOR))

    return [make_backup]


class _Sent:
    """
    An ASGI application that sends a copy, and cuts it short for who stops reading.

    It is made in here, not before, so that nothing is held that is not given back, whoever leaves when.
    """

    def __init__(self, store: Store, actor: Actor) -> None:
        self._store = store
        self._actor = actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as held:
            copy = await self._made(held)
            await perform(
                self._store,
                lambda transaction: record_backup(
                    transaction,
                    DOWNLOAD,
                    copy.size_bytes,
                    actor=self._actor,
                    digest=f"sha256:{copy.sha256.hex()}",
                ),
            )
            await send(HTTPResponseStartEvent(type="http.response.start", status=200, headers=_headers(copy)))
            last = await all_but_the_last(_parts(copy), receive, send)
        # Whoever has all of it may ask for the next one at once.
        if last is not None:
            await send(body_event(last, more=False))

    async def _made(self, held: AsyncExitStack) -> Copy:
        try:
            async with asyncio.timeout(_MADE_WITHIN_S):
                return await held.enter_async_context(self._store.copy())
        except TimeoutError as error:
            raise StoreFault("making the copy took too long; take it on the machine itself, with --config") from error


async def _parts(copy: Copy) -> AsyncIterator[bytes]:
    while part := await copy.read(_PART_BYTES):
        yield part


def _headers(copy: Copy) -> list[Header]:
    return [
        (b"content-type", b"application/vnd.sqlite3"),
        (b"content-length", b"%d" % copy.size_bytes),
        # RFC 9530 §2: of the very bytes that follow.
        (b"content-digest", b"sha-256=:%b:" % b64encode(copy.sha256)),
        (b"content-disposition", b'attachment; filename="registry-backup.db"'),
        (b"cache-control", b"no-store"),
    ]
