"""Names that look like an approved or a claimed one: noticed when they come, held until somebody decides.

Looked for from both sides: when a name comes, among those that are guarded; when one becomes guarded, among all.
"""

from collections.abc import Iterable
from typing import Final

from registry.catalog.approval import State
from registry.catalog.entry import ServerName
from registry.catalog.look_alike import Claims, Likeness, LookAlike, likeness
from registry.commands.actor import FIREWALL
from registry.store.interface import Transaction

_MOST_APPROVALS: Final = 1000


def screen(transaction: Transaction, names: Iterable[ServerName]) -> list[ServerName]:
    """
    Look at names that may be new, before anybody sees them. Other names that are held since then: their views have to
    follow.
    """
    claims = Claims(transaction.sources())
    others = []
    for name in names:
        claimed = claims.cover(name.namespace)
        if not transaction.firewall.know(name, guarded=claimed):
            continue
        if claimed:
            others += _hold_what_resembles(transaction, name)
        else:
            _hold_if_it_resembles(transaction, name, claims)
    return others


def screen_again(transaction: Transaction, names: Iterable[ServerName]) -> list[ServerName]:
    """The same for names that are there, after other namespaces are claimed."""
    claims = Claims(transaction.sources())
    others = []
    for name in names:
        if claims.cover(name.namespace):
            others += guard(transaction, name)
        found = transaction.firewall.look_alike(name)
        if found is None:
            _hold_if_in_a_namespace(transaction, name, claims)
        elif found.held and found.likeness is Likeness.NAMESPACE and claims.resembled(name.namespace) is None:
            transaction.firewall.forget_look_alike(name)
            # Only what was found first was on record.
            screen_one(transaction, name)
    return others


def guard(transaction: Transaction, name: ServerName, *, for_all: bool = True) -> list[ServerName]:
    """
    From now on nothing may look like *name*, which is approved or claimed; the names that are held because they do.

    Also of what was guarded before: meanwhile nobody may have vouched for it, and others may have come.

    Args:
        for_all: Whether it is approved for all teams. Else no other name is held that something approves: who decides
            for some teams takes nothing from the others. What comes later is held all the same.
    """
    transaction.firewall.guard(name)
    return _hold_what_resembles(transaction, name, approved_too=for_all)


def screen_one(transaction: Transaction, name: ServerName) -> None:
    """The same for a name that nobody vouches for any more."""
    claims = Claims(transaction.sources())
    if transaction.firewall.look_alike(name) is None and not _vouched_for(transaction, name, claims):
        _hold_if_it_resembles(transaction, name, claims)


def resembling(
    transaction: Transaction, name: ServerName, *, approved_too: bool = True
) -> list[tuple[ServerName, Likeness]]:
    """What will be held, and why, when *name* is guarded. *approved_too*: also what a rule or a policy approves."""
    claims = Claims(transaction.sources())
    return [
        (other, how)
        for other in transaction.firewall.resembling(name)
        if (how := likeness(name, other)) is not None
        and transaction.firewall.look_alike(other) is None
        and not _vouched_for(transaction, other, claims)
        and (approved_too or not _approved(transaction, other))
    ]


def _hold_if_it_resembles(transaction: Transaction, name: ServerName, claims: Claims) -> None:
    if _hold_if_in_a_namespace(transaction, name, claims):
        return
    for other in transaction.firewall.resembling(name, guarded=True):
        how = likeness(name, other)
        if how is not None and _vouched_for(transaction, other, claims):
            _hold(transaction, name, str(other), how)
            return


def _hold_if_in_a_namespace(transaction: Transaction, name: ServerName, claims: Claims) -> bool:
    claim = claims.resembled(name.namespace)
    if claim is None or _vouched_for(transaction, name, claims):
        return False
    _hold(transaction, name, claim, Likeness.NAMESPACE)
    return True


def _hold_what_resembles(transaction: Transaction, name: ServerName, *, approved_too: bool = True) -> list[ServerName]:
    found = resembling(transaction, name, approved_too=approved_too)
    for other, how in found:
        _hold(transaction, other, str(name), how)
    return [other for other, _ in found]


def _hold(transaction: Transaction, name: ServerName, resembles: str, how: Likeness) -> None:
    found = LookAlike(name=str(name), resembles=resembles, likeness=how, found_us=transaction.instant_us)
    transaction.firewall.put_look_alike(found)
    event = FIREWALL.event("look_alike.found", str(name), {"resembles": resembles, "likeness": how.value})
    transaction.governance.note(event)


def _vouched_for(transaction: Transaction, name: ServerName, claims: Claims) -> bool:
    """Whether *name* is claimed, or a person's approval of it is in force."""
    if claims.cover(name.namespace):
        return True
    approvals = transaction.governance.approvals(state=State.APPROVED, name=str(name), limit=_MOST_APPROVALS)
    return any(approval.by_a_person and approval.in_force(transaction.now_us) for approval in approvals)


def _approved(transaction: Transaction, name: ServerName) -> bool:
    """Whether anything approves a version of *name*, for any team."""
    return any(each.approval.in_force(transaction.now_us) for each in transaction.governance.approved(name))
