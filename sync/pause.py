"""Waiting, as something that is passed in, so that tests wait no time at all."""

import asyncio
from typing import Protocol


class Pause(Protocol):
    """Lets time pass."""

    async def wait(self, seconds: float) -> None: ...


class RealPause:
    """Real time on the event loop. Cancelled at once when its task is."""

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
