"""Decide about many approvals at once: all of them, or none."""

from collections.abc import Callable, Mapping

from registry.catalog.approval import Approval, State
from registry.commands.perform import Done
from registry.errors import CallerFault, Conflict
from registry.store.interface import Transaction
from registry.store.records import AuditEvent

Decide = Callable[[Transaction, str], Done[Approval]]
"""Decides about the approval of that id."""


def decide_many(transaction: Transaction, decisions: Mapping[str, Decide]) -> Done[list[Approval]]:
    """
    Make every decision, by id of the approval; what became of them, in that order, each with an event of its own.

    What another one of these made needless is no failure.

    Raises:
        CallerFault: some cannot be made, and so none is. The message says which, and why: see `all_of`.
    """
    waiting = {approval_id for approval_id in decisions if _state(transaction, approval_id) is State.REQUESTED}
    events: list[AuditEvent] = []
    failed: dict[str, CallerFault] = {}
    for approval_id, decide in decisions.items():
        if approval_id in waiting and _state(transaction, approval_id) is State.SUPERSEDED:
            continue
        try:
            event = decide(transaction, approval_id).event
        except CallerFault as fault:
            failed[approval_id] = fault
            continue
        if event is not None:
            events.append(event)
    if failed:
        raise all_of(failed)
    found = (transaction.governance.approval(approval_id) for approval_id in decisions)
    return Done(value=[approval for approval in found if approval is not None], parts=tuple(events))


def all_of(failed: Mapping[str, CallerFault]) -> CallerFault:
    """One fault for several, by id: of their kind if they are all alike, else Conflict."""
    kinds = {type(fault) for fault in failed.values()}
    words = "; ".join(f"{approval_id[:40]}: {fault}" for approval_id, fault in failed.items())
    kind = kinds.pop() if len(kinds) == 1 else Conflict
    return kind(f"nothing was decided: {words}")


def _state(transaction: Transaction, approval_id: str) -> State | None:
    found = transaction.governance.approval(approval_id)
    return None if found is None else found.state
