"""What a source of entries is to the rest of sync: one page at a time.

What wraps one (retry.py) is an upstream itself.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class UpstreamPage(msgspec.Struct, frozen=True, kw_only=True):
    """`items` are the raw bytes of each entry, in the upstream's order; what is in them is not looked at here."""

    items: Sequence[bytes]
    next_cursor: str | None = None


class Upstream(Protocol):
    """A source of entries. Pages of one walk are asked for one after the other."""

    async def page(self, *, since_us: int | None, cursor: str | None) -> UpstreamPage:
        """
        A page of what changed after *since_us*, everything if None, deleted entries included.

        Args:
            since_us: Microseconds since 1970. The same for all pages of a walk.
            cursor: Of the page before; None for the first.

        Raises:
            UpstreamUnreachable: no answer.
            UpstreamRefused: an answer that is an error.
            UpstreamNonsense: an answer that cannot be used.
        """
