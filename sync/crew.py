"""Tasks by name, none of which outlives the `async with`.

Not a TaskGroup: while these work, more of them begin, and whoever waits looks up between two of them ending.
"""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Self


class Crew:
    """At most one task of each name at a time."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                # What ended the others first says more than what this one met meanwhile.
                task.exception()

    @property
    def names(self) -> frozenset[str]:
        """Of those at work."""
        return frozenset(self._tasks)

    def start(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Begin *work*. Raises ValueError if one of this name is at work."""
        if name in self._tasks:
            work.close()
            raise ValueError(f"{name} is at work already")
        self._tasks[name] = asyncio.create_task(work)

    async def wait(self, seconds: float) -> None:
        """Returns when one has ended, or after *seconds*. Raises what a task raised."""
        if not self._tasks:
            return
        done, _ = await asyncio.wait(self._tasks.values(), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        self._tasks = {name: task for name, task in self._tasks.items() if task not in done}
        for task in done:
            task.result()
