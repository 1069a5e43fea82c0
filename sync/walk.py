"""The pages of one run, one after the other, the next one on its way while this one is being stored.

Loops are found by the cursors seen; an upstream that never ends, by the number of pages.
"""

import asyncio
from types import TracebackType
from typing import Self

from registry.errors import UpstreamNonsense
from sync.upstream import Upstream, UpstreamPage


class EndlessWalk(UpstreamNonsense):
    """Raised when a walk cannot come to an end: going on from where it stopped would not help."""


class Walk:
    """
    Args:
        cursor: Where to go on; None for the beginning.
        done: How many pages of this walk were read before.
        most_pages: Of the whole walk.
    """

    def __init__(
        self, upstream: Upstream, *, since_us: int | None, cursor: str | None, done: int, most_pages: int
    ) -> None:
        self._upstream = upstream
        self._since_us = since_us
        self._seen: set[int] = set()
        self._left = most_pages - done
        self._most_pages = most_pages
        self._first: str | None = cursor
        self._coming: asyncio.Task[UpstreamPage] | None = None

    async def __aenter__(self) -> Self:
        self._ask(self._first)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not a TaskGroup: it would wrap whatever went wrong into a group, and end the page that is being stored
        # because the next one failed.
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.wait({self._coming})
            if not self._coming.cancelled():
                self._coming.exception()

    async def next(self) -> UpstreamPage | None:
        """
        The next page; None after the last one.

        Raises:
            EndlessWalk: a cursor came again, or there are too many pages.
            UpstreamFault: see Upstream.page.
        """
        if self._coming is None:
            return None
        coming = self._coming
        page = await coming
        self._coming = None
        if page.next_cursor is not None:
            self._require_progress(page.next_cursor)
            self._ask(page.next_cursor)
        return page

    def _ask(self, cursor: str | None) -> None:
        if cursor is not None:
            self._seen.add(hash(cursor))
        self._left -= 1
        self._coming = asyncio.create_task(_page(self._upstream, self._since_us, cursor))

    def _require_progress(self, cursor: str) -> None:
        if hash(cursor) in self._seen:
            raise EndlessWalk(f"the cursor {cursor[:80]!r} came a second time: the list leads back into itself")
        if self._left <= 0:
            raise EndlessWalk(f"the list has more than {self._most_pages} pages")


async def _page(upstream: Upstream, since_us: int | None, cursor: str | None) -> UpstreamPage:
    return await upstream.page(since_us=since_us, cursor=cursor)
