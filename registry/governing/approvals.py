"""Finding approvals for whoever may see them."""

from collections.abc import Callable
from typing import Final

import msgspec

from registry.catalog.approval import Approval, State
from registry.governing.reports import state_at
from registry.store.interface import Snapshot

_AT_A_TIME: Final = 200


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which approvals are asked for. None: any. `expires_before_us`: in force, and ending before then.
    """

    state: State | None = None
    name: str | None = None
    expires_before_us: int | None = None


def found_approvals(
    snapshot: Snapshot,
    sought: Sought,
    visible: Callable[[Approval], bool],
    *,
    now_us: int,
    limit: int,
    before: str | None,
) -> tuple[list[Approval], str | None]:
    """
    Up to *limit* approvals, newest first, and the id to go on before; None if there are no more.

    Args:
        visible: Whether one is for the viewer to see. May read all of them: not for the event loop.
    """
    # What has ended by itself is on record as approved until somebody needs it.
    recorded = None if sought.state is State.EXPIRED else sought.state
    found: list[Approval] = []
    while page := snapshot.governance.approvals(state=recorded, name=sought.name, limit=_AT_A_TIME, before=before):
        for approval in page:
            if visible(approval) and _wanted(approval, sought, now_us):
                if len(found) == limit:
                    return found, found[-1].id
                found.append(approval)
        before = page[-1].id
    return found, None


def _wanted(approval: Approval, sought: Sought, now_us: int) -> bool:
    if sought.state is not None and state_at(approval, now_us) is not sought.state:
        return False
    if sought.expires_before_us is None:
        return True
    ends_us = approval.expires_us
    return approval.in_force(now_us) and ends_us is not None and ends_us < sought.expires_before_us
