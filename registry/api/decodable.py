"""Pages for a client that cannot decode every entry: as full as any, of what it can, and how many they leave out."""

import asyncio
from typing import Final

import msgspec

from registry.catalog.compat import Compat, undecodable
from registry.catalog.query import Page, Query
from registry.store.interface import TeamView

_AT_A_TIME: Final = 100
_MOST_ROUNDS: Final = 50


def decodable(compat: Compat, items: list[bytes]) -> list[bytes]:
    """Those of *items* that the client can decode."""
    return [item for item in items if undecodable(compat, item) is None]


async def decodable_page(view: TeamView, query: Query, compat: Compat) -> tuple[Page, int]:
    """
    The answer to *query* without what the client cannot decode, and how many that is up to the page's end. Where it is
    5,000 entries in a row the page is not full, and has a next one. Raises as `TeamView.page`.
    """
    items: list[bytes] = []
    left_out = 0
    after = query.after
    for _ in range(_MOST_ROUNDS):
        page = await view.page(msgspec.structs.replace(query, limit=_AT_A_TIME, after=after))
        wanted = _reaching(page.items, query.limit - len(items), compat)
        if wanted < len(page.items):
            page = await view.page(msgspec.structs.replace(query, limit=wanted, after=after))
        kept = decodable(compat, page.items)
        items += kept
        left_out += len(page.items) - len(kept)
        if page.next is None or len(items) >= query.limit:
            return Page(items=items, next=page.next), left_out
        after = page.next
        # Others are answered between two rounds of some milliseconds.
        await asyncio.sleep(0)
    return Page(items=items, next=after), left_out


def _reaching(items: list[bytes], count: int, compat: Compat) -> int:
    """How many of *items* hold *count* that can be decoded; all of them if they hold fewer."""
    for index, item in enumerate(items, 1):
        count -= undecodable(compat, item) is None
        if count == 0:
            return index
    return len(items)
