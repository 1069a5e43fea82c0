"""Take over a batch of what an upstream listed: entries, then who answers for their names, then the views.

The whole batch is one transaction, and idempotent: a run that dies is simply run again. What the batch means for
the run's own record is written in the same transaction, so that a resumed run neither skips nor repeats a page.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from registry.audit.event import Facts
from registry.catalog.cool_off import fresh_from_us
from registry.catalog.entry import Entry, ServerName
from registry.commands.actor import SYNC
from registry.commands.look_alikes import screen
from registry.commands.perform import Done
from registry.commands.project_views import project_views
from registry.errors import Conflict
from registry.store.interface import Transaction
from registry.store.records import AuditEvent, Quarantined, Run, RunKind

_MOST_NAMED: Final = 5


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """
    Some of what one page of an upstream held.

    `kept`: keys that are in quarantine this time and were mirrored before: what is mirrored of them stays.
    """

    entries: Sequence[Entry]
    quarantined: Sequence[Quarantined] = ()
    kept: Sequence[tuple[str, str]] = ()


def apply_changes(
    transaction: Transaction,
    run: Run,
    batch: Batch,
    *,
    advance: Callable[[Run], Run],
    fence: tuple[str, int] | None = None,
) -> Done[Run]:
    """
    Store the batch and the run's progress; the run as it is now.

    Args:
        advance: What else moves in the run's record, such as its cursor after the last batch of a page.
        fence: Name and number of the lease under which the run goes.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    if fence is not None:
        require_fence(transaction, *fence)
    cooling_from_us = _cooling(transaction, run)
    held = transaction.held(run.upstream, [(entry.name, entry.version) for entry in batch.entries])
    new, changed, unchanged = 0, 0, []
    touched: dict[ServerName, None] = {}
    for entry in batch.entries:
        before = held.get((entry.name, entry.version))
        if before is not None and before.digest == entry.digest and before.facts == _facts(entry, before.facts):
            unchanged.append(before.id)
            if before.withdrawn:
                touched[entry.name] = None
            continue
        if before is None:
            new += 1
        else:
            changed += 1
        transaction.put_entry(run.upstream, entry, seen_in=run.sequence, fresh_from_us=cooling_from_us(entry))
        touched[entry.name] = None
    # What was withdrawn stays so: a listing that cannot be served brings nothing back.
    held_back = transaction.held(run.upstream, batch.kept).values()
    kept = [before.id for before in held_back if not before.withdrawn]
    transaction.mark_seen([*unchanged, *kept], seen_in=run.sequence)
    never_seen = sum([transaction.put_quarantined(quarantined) for quarantined in batch.quarantined])
    others = screen(
        transaction, {entry.name: None for entry in batch.entries if (entry.name, entry.version) not in held}
    )
    project_views(transaction, touched | dict.fromkeys(others))
    run = advance(
        msgspec.structs.replace(
            run,
            seen=run.seen + len(batch.entries) + len(kept),
            new=run.new + new,
            changed=run.changed + changed,
            unchanged=run.unchanged + len(unchanged),
            quarantined=run.quarantined + len(batch.quarantined),
        )
    )
    transaction.put_run(run)
    if not new and not changed and not never_seen:
        return Done(value=run)
    detail: Facts = {"run": run.id, "new": new, "changed": changed, "names": len(touched)}
    if never_seen:
        detail |= {"quarantined": never_seen}
    refused = [offer.name for offer in transaction.firewall.refused()]
    if refused:
        # Names that others answer for: how many, and the first of them. All are in the store (`Firewall.offers`).
        detail |= {"refused": len(refused), "refused_names": " ".join(refused[:_MOST_NAMED])}
    event = AuditEvent(
        action="entries.mirrored", actor=SYNC.subject, roles=SYNC.roles, object=run.upstream, detail=detail
    )
    return Done(value=run, event=event)


def require_fence(transaction: Transaction, name: str, fence: int) -> None:
    """Raises Conflict if the lease *name* is no longer the one numbered *fence*."""
    lease = transaction.lease(name)
    if lease is None or lease.fence != fence:
        raise Conflict(f"another process has taken over the lease {name}; this run stops")


def _cooling(transaction: Transaction, run: Run) -> Callable[[Entry], int | None]:
    """What the cool-off of a version counts from that this run brings now."""
    waits_us = next((source.cool_off_us for source in transaction.sources() if source.id == run.upstream), 0)
    now_us = transaction.now_us
    first = waits_us > 0 and run.kind is RunKind.FULL and _never_walked(transaction, run.upstream)
    return lambda entry: fresh_from_us(
        entry.published_us, seen_us=now_us, cool_off_us=waits_us, in_first_walk=first, now_us=now_us
    )


def _never_walked(transaction: Transaction, upstream: str) -> bool:
    return all(state.full_us is None for state in transaction.source_states() if state.source == upstream)


def _facts(entry: Entry, before: tuple[object, ...]) -> tuple[object, ...]:
    # In the order of HeldEntry.facts. A source that does not say when an entry was published means what we noted.
    return (
        entry.status.value,
        entry.status_message,
        entry.status_changed_us,
        before[3] if entry.published_us is None else entry.published_us,
        entry.source_updated_us,
    )
