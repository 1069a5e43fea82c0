"""Let views follow a decision: at once where it concerns few names, else name by name, a few in each transaction.

What is left is on record (`Pending`), so that a process that dies leaves it to the next one. Whoever decided waits for
the last of it: what was answered is in force.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from registry.catalog.entry import ServerName
from registry.catalog.pattern import name_range
from registry.commands.perform import Done, perform
from registry.commands.project_views import project_team, project_views, settle_name
from registry.store.governance import Pending
from registry.store.interface import Store, Transaction

AT_ONCE: Final = 50
_AT_A_TIME: Final = 20
_OF_ONE_TEAM_AT_A_TIME: Final = 50
_SETTLED_AT_A_TIME: Final = 50


def follow(transaction: Transaction, *, team: str | None, pattern: str) -> None:
    """Bring the views of *team*, or of all, up to date for the names *pattern* covers; what does not fit is left."""
    pending = Pending(team=team, pattern=pattern)
    left = _advance(transaction, pending, limit=AT_ONCE)
    if left is not None:
        transaction.governance.put_pending(left)


def follow_teams(transaction: Transaction, teams: Collection[str] | None, *, pattern: str) -> None:
    """The same for several teams, None for all: where there is more than one, all of it is left."""
    if teams is None or len(teams) == 1:
        follow(transaction, team=None if teams is None else next(iter(teams)), pattern=pattern)
        return
    for team in teams:
        transaction.governance.put_pending(Pending(team=team, pattern=pattern))


def follow_names(transaction: Transaction, names: Sequence[ServerName]) -> None:
    """The same for *names*, in the views of all."""
    project_views(transaction, names[:AT_ONCE])
    for name in names[AT_ONCE:]:
        transaction.governance.put_pending(Pending(team=None, pattern=str(name)))


def follow_pending(transaction: Transaction) -> Done[bool]:
    """Go on with the oldest of what is left; whether there was anything. The decision itself is on record."""
    waiting = transaction.governance.pending()
    if not waiting:
        return Done(value=False)
    limit = _AT_A_TIME if waiting[0].team is None else _OF_ONE_TEAM_AT_A_TIME
    left = _advance(transaction, waiting[0], limit=limit)
    if left is None:
        transaction.governance.forget_pending(waiting[0].number)
    else:
        transaction.governance.put_pending(left)
    return Done(value=True)


async def follow_all(store: Store) -> None:
    """Go on until nothing is left. Raises StoreFault."""
    while await perform(store, follow_pending, durable=False):
        pass


def settle(transaction: Transaction, team: str) -> Done[bool]:
    """
    Make durable what time alone has changed in the view of *team*, as of when it did; whether more is left.

    What changed by that in the views of others is settled as well: what has ended has ended for all.
    """
    due = transaction.governance.due(team, now_us=transaction.now_us, limit=_SETTLED_AT_A_TIME)
    for name, _ in due:
        settle_name(transaction, name)
    return Done(value=len(due) == _SETTLED_AT_A_TIME)


async def settled(store: Store, team: str) -> None:
    """Returns when no answer of that view is late. Raises StoreFault: then nothing may be read from it."""
    while await perform(store, lambda transaction: settle(transaction, team), durable=False):
        pass


def _advance(transaction: Transaction, pending: Pending, *, limit: int) -> Pending | None:
    """What is left of *pending* after *limit* more names; None if nothing is."""
    low, high = name_range(pending.pattern)
    names = transaction.names_between(low, high, after=pending.after, limit=limit)
    if pending.team is None:
        project_views(transaction, names)
    else:
        project_team(transaction, pending.team, names)
    return msgspec.structs.replace(pending, after=str(names[-1])) if len(names) == limit else None
