"""Every stored view against what the rule makes of it now: the check that they do not differ, and making them anew.

A view is written as decisions are made and entries come; nothing here is needed for that. It is for whoever has to know
that what is stored is right, after a crash or a repair of the file by hand.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

import msgspec

from registry.catalog.entry import ServerName
from registry.catalog.pattern import name_range
from registry.catalog.standing import judge
from registry.clock import Clock
from registry.commands.actor import Actor
from registry.commands.configure_sources import project_pending
from registry.commands.follow import follow_all, settled
from registry.commands.perform import Done, perform
from registry.commands.project_views import standing
from registry.store.interface import Snapshot, Store, Transaction
from registry.store.records import AuditEvent

_AT_A_TIME: Final = 20
_NAMES_READ_AT_ONCE: Final = 500


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stored view says something else than the rule. `what`: in words."""

    team: str
    name: str
    what: str


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """`names`: how many were compared, summed over the teams. `differences`: the first of them."""

    teams: int
    names: int
    differences: tuple[Difference, ...]


async def finish(store: Store) -> None:
    """What every start and every read would finish: decisions that views still follow, and what time has changed."""
    while await perform(store, lambda transaction: project_pending(transaction, limit=_AT_A_TIME), durable=False):
        pass
    await follow_all(store)
    for team in store.snapshot().governance.teams():
        await settled(store, team.name)


async def compare(store: Store, clock: Clock, *, most: int = 20) -> Compared:
    """
    Compare every view with the rule. Finish first; whoever changes something meanwhile is seen half.

    Args:
        most: How many differences to find before giving up.
    """
    teams, names = 0, 0
    differences: list[Difference] = []
    for team in store.snapshot().governance.teams():
        teams += 1
        for batch in await store.ask(lambda snapshot, t=team.name: list(_batches(snapshot, t))):  # type: ignore[misc]  # bound per round
            names += len(batch)
            differences += await store.ask(
                lambda snapshot, t=team.name, b=batch: _differences(snapshot, t, b, clock)  # type: ignore[misc]  # bound per round
            )
            if len(differences) >= most:
                return Compared(teams=teams, names=names, differences=tuple(differences[:most]))
    return Compared(teams=teams, names=names, differences=tuple(differences))


async def rebuild(store: Store, *, actor: Actor) -> int:
    """
    Write every view anew where it differs, whatever is stored; how many rows were written.

    What is right already keeps its `updatedAt`; what is written gets a new one, so that followers learn of it.
    """
    written = 0
    for team in store.snapshot().governance.teams():
        for batch in await store.ask(lambda snapshot, t=team.name: list(_batches(snapshot, t))):  # type: ignore[misc]  # bound per round
            for start in range(0, len(batch), _AT_A_TIME):
                some = batch[start : start + _AT_A_TIME]
                written += await perform(store, partial(_rebuilt, team=team.name, names=some, actor=actor))
    return written


def _rebuilt(transaction: Transaction, *, team: str, names: list[ServerName], actor: Actor) -> Done[int]:
    grants = transaction.governance.grants(team=team, in_force=True)
    written = 0
    for name in names:
        verdicts = judge(team, standing(transaction, name), grants, now_us=transaction.now_us)
        written += transaction.governance.rewrite_in_view(team, name, verdicts)
    if not written:
        return Done(value=0)
    event = AuditEvent(
        action="view.rebuilt", actor=actor.subject, roles=actor.roles, object=team, detail={"rows": written}
    )
    return Done(value=written, event=event)


def _differences(snapshot: Snapshot, team: str, names: list[ServerName], clock: Clock) -> list[Difference]:
    grants = snapshot.governance.grants(team=team, in_force=True)
    found = []
    for name in names:
        verdicts = judge(team, standing(snapshot, name), grants, now_us=clock.now_us())
        found += [
            Difference(team=team, name=name, what=what)
            for what in snapshot.governance.differences(team, name, verdicts)
        ]
    return found


def _batches(snapshot: Snapshot, team: str) -> Iterator[list[ServerName]]:
    """The names that the view has rows of, and those its grants cover, each once."""
    governance = snapshot.governance
    names = set(governance.names_in_view(team))
    for grant in governance.grants(team=team, in_force=True):
        low, high = name_range(grant.pattern)
        after = ""
        while some := snapshot.names_between(low, high, after=after, limit=_NAMES_READ_AT_ONCE):
            names.update(some)
            after = some[-1]
    ordered = sorted(names)
    for start in range(0, len(ordered), _NAMES_READ_AT_ONCE):
        yield ordered[start : start + _NAMES_READ_AT_ONCE]
