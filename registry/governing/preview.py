"""What a decision would change, before it is made: it is made in a transaction that is not kept, and the difference is
what every team would see more, less, or otherwise.

The difference is made of the same verdicts that make the views (`catalog.standing.judge`), for the names a decision
concerns: one, or of a pattern the first 50.
"""

import contextlib
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from registry.catalog.entry import ServerName
from registry.catalog.pattern import name_range, parse_pattern
from registry.catalog.standing import judge
from registry.catalog.view import Admitted, compute_view
from registry.commands.actor import Actor
from registry.commands.follow import AT_ONCE
from registry.commands.look_alikes import resembling
from registry.commands.project_views import standing
from registry.errors import NotFound
from registry.governing.carrying_out import command_of
from registry.governing.decisions import (
    ApproveRequest,
    ApproveServer,
    BlockServer,
    GiveGrant,
    MakeRule,
    Previewed,
    ReleaseLookAlike,
    RevokeApproval,
    RevokeGrant,
    SetDriftPolicy,
    UnblockServer,
    WaiveCoolOff,
)
from registry.store.interface import Store, Transaction

_NOTHING: Final[Mapping[str, bytes]] = {}


class ViewChange(msgspec.Struct, frozen=True, kw_only=True):
    """
    What becomes of one name in the view of one team.

    `lost`: versions that whoever pins them would not find any more. `changed`: those that would be served as other
    bytes. `latest_before` and `latest_after`: the newest one, null where there is none.
    """

    team: str
    name: str
    gained: list[str]
    lost: list[str]
    changed: list[str]
    latest_before: str | None
    latest_after: str | None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """
    `names`: how many were looked at; `complete`: whether these are all that the decision concerns. `left_out`: how many
    changes there are besides, of teams and names that are not for the viewer to see.
    """

    changes: list[ViewChange]
    names: int
    complete: bool
    left_out: int = 0


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Of one name in one view: the digest of every version that is visible, and which of them is the latest."""

    digests: Mapping[str, bytes]
    latest: str | None


_Views = dict[tuple[str, str], _Seen]


async def preview(
    store: Store,
    decision: Previewed,
    *,
    actor: Actor,
    visible: Callable[[str, str], bool] = lambda _team, _name: True,
) -> Preview:
    """
    What *decision* would change, as if no second approver were needed. Nothing is stored.

    Args:
        visible: Whether the view that a team has of a name is for the viewer to see.

    Raises what the decision itself would, and StoreFault.
    """
    command = command_of(decision, actor=actor, approvers=1)
    result: Preview | None = None

    def trial(transaction: Transaction) -> None:
        nonlocal result
        names, complete = _concerned(transaction, decision)
        before = _views(transaction, names)
        command(transaction)
        changes = _changes(before, _views(transaction, names))
        shown = [each for each in changes if visible(each.team, each.name)]
        left_out = len(changes) - len(shown)
        result = Preview(changes=shown, names=len(names), complete=complete, left_out=left_out)
        raise _NotKept

    with contextlib.suppress(_NotKept):
        await store.transact(trial)
    assert result is not None
    return result


class _NotKept(Exception):
    """Raised to end a transaction that was only tried."""


def _concerned(transaction: Transaction, decision: Previewed) -> tuple[list[ServerName], bool]:
    """The names, and whether these are all."""
    match decision:
        case ApproveServer(name=name):
            return _with_look_alikes(transaction, [ServerName.parse(name)])
        case ApproveRequest(approval=approval_id):
            return _with_look_alikes(
                transaction, transaction.governance.names_approved_by(approval_id, after="", limit=AT_ONCE + 1)
            )
        case BlockServer(name=name) | UnblockServer(name=name) | WaiveCoolOff(name=name) | ReleaseLookAlike(name=name):
            return [ServerName.parse(name)], True
        case RevokeApproval(approval=approval_id):
            found = transaction.governance.names_approved_by(approval_id, after="", limit=AT_ONCE + 1)
        case GiveGrant(pattern=pattern) | MakeRule(pattern=pattern) | SetDriftPolicy(pattern=pattern):
            found = _named(transaction, parse_pattern(pattern))
        case RevokeGrant(grant=grant_id):
            grant = transaction.governance.grant(grant_id)
            if grant is None:
                raise NotFound(f"there is no grant {grant_id[:40]!r}")
            found = _named(transaction, grant.pattern)
    return found[:AT_ONCE], len(found) <= AT_ONCE


def _with_look_alikes(transaction: Transaction, names: list[ServerName]) -> tuple[list[ServerName], bool]:
    """*names*, and what is held for looking like one of them when they are approved."""
    found = [*names, *(other for name in names for other, _ in resembling(transaction, name))]
    return found[:AT_ONCE], len(found) <= AT_ONCE


def _named(transaction: Transaction, pattern: str) -> list[ServerName]:
    low, high = name_range(pattern)
    return transaction.names_between(low, high, after="", limit=AT_ONCE + 1)


def _views(transaction: Transaction, names: list[ServerName]) -> _Views:
    found: _Views = {}
    for name in names:
        decides = standing(transaction, name)
        for team, grants in transaction.governance.grants_covering(name).items():
            verdicts = judge(team, decides, grants, now_us=transaction.now_us)
            shown = [verdict.shown for verdict in verdicts if verdict.shown is not None]
            view = compute_view(Admitted(entry=entry) for entry in shown)
            found[team, str(name)] = _Seen(
                digests={each.entry.version: each.entry.digest for each in view if not each.deleted},
                latest=next(
                    (each.official.version for each in view if each.official.is_latest and not each.deleted), None
                ),
            )
    return found


def _changes(before: _Views, after: _Views) -> list[ViewChange]:
    absent = _Seen(digests=_NOTHING, latest=None)
    made = []
    for team, name in sorted(before.keys() | after.keys()):
        old, new = before.get((team, name), absent), after.get((team, name), absent)
        if old != new:
            both = old.digests.keys() & new.digests.keys()
            made.append(
                ViewChange(
                    team=team,
                    name=name,
                    gained=sorted(new.digests.keys() - old.digests.keys()),
                    lost=sorted(old.digests.keys() - new.digests.keys()),
                    changed=sorted(version for version in both if old.digests[version] != new.digests[version]),
                    latest_before=old.latest,
                    latest_after=new.latest,
                )
            )
    return made
