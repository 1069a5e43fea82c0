"""What desks do alike, on the store and on a server: lists as a whole, and None for what is not there."""

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar
from urllib.parse import urlencode

from registry.cli.target import Remote
from registry.commands.perform import Done, perform
from registry.errors import NotFound, UpstreamRefused
from registry.store.interface import Store, Transaction

T = TypeVar("T")
C = TypeVar("C")

PAGE: Final = 100
_NOT_FOUND: Final = 404


class Page(Protocol[T]):
    """A list as `/v1` writes it."""

    @property
    def items(self) -> list[T]: ...
    @property
    def metadata(self) -> dict[str, int | str]: ...


def whole(page: Callable[[C | None], tuple[list[T], C | None]]) -> list[T]:
    """
    All items, in their order.

    Args:
        page: The items that follow a position, None for the beginning, and where to go on; None at the end.
    """
    found, after = page(None)
    found = list(found)
    while after is not None:
        more, after = page(after)
        found += more
    return found


def whole_there(chosen: Remote, path: str, asked: Mapping[str, str | None], kind: type[Page[T]]) -> list[T]:
    """All items of the list at *path* of a server. *asked*: what else it is asked with; None is left out."""
    parameters = {name: value for name, value in asked.items() if value is not None} | {"limit": str(PAGE)}

    def page(cursor: str | None) -> tuple[list[T], str | None]:
        following = {} if cursor is None else {"cursor": cursor}
        answer = chosen.get(f"{path}?{urlencode(parameters | following)}", kind)
        return answer.items, str(answer.metadata["nextCursor"]) if "nextCursor" in answer.metadata else None

    return whole(page)


async def performed(store: Store, command: Callable[[Transaction], Done[T]]) -> T | None:
    """What *command* answers; None if what it is about is not in the store. Raises as `perform`."""
    try:
        return await perform(store, command)
    except NotFound:
        return None


def answered(do: Callable[[], T]) -> T | None:
    """What a server answers; None if what it is asked about is not there."""
    try:
        return do()
    except UpstreamRefused as refused:
        if refused.status != _NOT_FOUND:
            raise
        return None
