"""Performing a decision: when the answer is there, the views follow it."""

from collections.abc import Callable
from typing import TypeVar

from registry.commands.follow import follow_all
from registry.commands.perform import Done, perform
from registry.store.interface import Store, Transaction

T = TypeVar("T")


async def decide(store: Store, command: Callable[[Transaction], Done[T]]) -> T:
    """Run *command*, and wait until what it decided is in force for every name it concerns. Raises as `perform`."""
    value = await perform(store, command)
    await follow_all(store)
    return value
