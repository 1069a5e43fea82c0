"""Capability addresses for tests: issued and revoked in the store of a running registry, by its clock."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from registry.auth.capabilities import draw_capability
from registry.catalog.compat import Compat
from registry.commands.actor import local
from registry.commands.issue_capability import issue_capability
from registry.commands.perform import Done, perform
from registry.commands.revoke_capability import revoke_capability
from registry.store.interface import Transaction
from registry.store.sqlite.store import SqliteStore
from tests.doubles.clock import FileClock
from tests.running import RunningRegistry

T = TypeVar("T")

_ACTOR = local("tester")


class Address:
    """What an administrator was shown: the base path of an address, and its id."""

    def __init__(self, capability_id: str, text: str) -> None:
        self.id = capability_id
        self.base = f"/t/{text}"
        self.secret = text.partition(".")[2]


def open_address(
    registry: RunningRegistry,
    team: str,
    *,
    networks: Sequence[str] = (),
    expires_in_s: float | None = None,
    compat: Compat | None = None,
) -> Address:
    """A new address that reads the view of *team*."""
    clock = FileClock(registry.clock.path)
    drawn = draw_capability(team, clock.now_us())
    expires_us = None if expires_in_s is None else clock.now_us() + round(expires_in_s * 1e6)
    _perform(
        registry,
        lambda transaction: issue_capability(
            transaction,
            drawn.id,
            drawn.digest,
            team=team,
            owner="ann",
            label="",
            networks=networks,
            expires_us=expires_us,
            compat=compat,
            actor=_ACTOR,
        ),
    )
    return Address(drawn.id, drawn.text)


def close_address(registry: RunningRegistry, address: Address) -> None:
    """Nothing is there when this returns."""
    _perform(
        registry,
        lambda transaction: revoke_capability(transaction, address.id, within=lambda _: True, actor=_ACTOR),
    )


def _perform(registry: RunningRegistry, command: Callable[[Transaction], Done[T]]) -> None:
    async def performed() -> None:
        store = SqliteStore(registry.store, FileClock(registry.clock.path))
        try:
            await perform(store, command)
        finally:
            await store.aclose()

    asyncio.run(performed())
