"""Performing a command: its change and its record are one transaction.

A command is a function from a transaction to `Done`: what it answers, and the audit event that says what happened. It
never writes the record itself, so there is one place where a change could be left out of it, and that is here. What
cannot be recorded does not happen: the change is rolled back with its event.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from registry.catalog.team import audience_words
from registry.commands.actor import CLOCK
from registry.store.interface import Store, Transaction
from registry.store.records import AuditEvent

T = TypeVar("T")


class Done(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What a command answers. `event`: what happened; None if nothing did. `parts`: of what that consists."""

    value: T
    event: AuditEvent | None = None
    parts: tuple[AuditEvent, ...] = ()


def recorded(transaction: Transaction, done: Done[T]) -> T:
    """
    Append the event of *done* to the record, in the transaction that made it happen; its value.

    Approvals that this transaction found to have ended by themselves are recorded before it, and what else followed by
    itself.
    """
    for approval in transaction.governance.expired():
        transaction.append_audit(
            AuditEvent(
                action="approval.expired",
                actor=CLOCK.subject,
                roles=CLOCK.roles,
                object=approval.id,
                detail={
                    "server": approval.name,
                    "audience": audience_words(approval.audience),
                    "expired_us": approval.expires_us,
                },
            )
        )
    for event in (*transaction.governance.noted(), *done.parts):
        transaction.append_audit(event)
    if done.event is not None:
        transaction.append_audit(done.event)
    return done.value


async def perform(store: Store, command: Callable[[Transaction], Done[T]], *, durable: bool = True) -> T:
    """
    Run *command* in a transaction of its own, with its record, and wait for the commit.

    Args:
        durable: False for what can be fetched again: a crash of the host, not of the process, may lose it.

    Raises:
        What the command raises, and what `Store.transact` does; nothing was written then.
    """
    return await store.transact(lambda transaction: recorded(transaction, command(transaction)), durable=durable)


async def refused(store: Store, event: AuditEvent) -> None:
    """
    Record that something was refused: it changed nothing that could be recorded with it.

    Whoever refuses because of what anybody may send decides how often that is worth a row (api/refusals.py).

    Raises what `Store.transact` does; the refusal stands all the same.
    """
    await store.transact(lambda transaction: recorded(transaction, Done(value=None, event=event)))
