"""What ends by itself: saying so some time before, and putting it on record when it has, whoever reads meanwhile."""

from registry.catalog.approval import State
from registry.catalog.entry import ServerName
from registry.catalog.team import audience_words
from registry.commands.actor import CLOCK
from registry.commands.apply_changes import require_fence
from registry.commands.perform import Done
from registry.commands.project_views import settle_name
from registry.store.interface import Transaction


def end_approvals(transaction: Transaction, *, limit: int, fence: tuple[str, int]) -> Done[bool]:
    """
    End up to *limit* approvals whose time is over, for every view; whether any did. They are recorded as any that are
    found to have ended.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    over = transaction.governance.ending(until_us=transaction.now_us, limit=limit)
    for name in dict.fromkeys(approval.name for approval in over):
        settle_name(transaction, ServerName(name))
    after = [transaction.governance.approval(approval.id) for approval in over]
    return Done(value=any(approval is not None and approval.state is State.EXPIRED for approval in after))


def announce_expiry(transaction: Transaction, *, notice_us: int, fence: tuple[str, int]) -> Done[bool]:
    """
    Put on record that the next approval to end does so within *notice_us*, once for each; whether there was one.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    until_us = transaction.now_us + notice_us
    ending = transaction.governance.ending(until_us=until_us, unannounced=True, limit=1)
    if not ending:
        return Done(value=False)
    approval = ending[0]
    transaction.governance.put_announced(approval.id)
    if not approval.in_force(transaction.now_us):
        # That it has ended says more.
        return Done(value=True)
    event = CLOCK.event(
        "approval.expiring",
        approval.id,
        {"server": approval.name, "audience": audience_words(approval.audience), "expires_us": approval.expires_us},
    )
    return Done(value=True, event=event)
