"""That the store was copied, or replaced by a copy: done outside a transaction, recorded in one."""

from typing import Final

from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.store.interface import Transaction

DOWNLOAD: Final = "download"
"""Stands for the file where the copy was sent away and only the receiver knows what it is called there."""


def record_backup(
    transaction: Transaction, file: str, size_bytes: int, *, actor: Actor, digest: str | None = None
) -> Done[None]:
    """A verified copy was written to *file*. *digest*: of a copy that left this machine, to know it again by."""
    detail: dict[str, str | int | None] = {"size_bytes": size_bytes}
    if digest is not None:
        detail["digest"] = digest
    return Done(value=None, event=actor.event("store.backed_up", file, detail))


def record_restore(transaction: Transaction, file: str, *, actor: Actor) -> Done[None]:
    """What the store holds from here on was put there from *file*."""
    return Done(value=None, event=actor.event("store.restored", file, {}))
