"""Say something about a request. The record holds that it was said and a digest of it, not the words."""

import hashlib
from typing import Final

from registry.catalog.team import audience_words
from registry.commands.actor import Actor
from registry.commands.perform import Done
from registry.errors import Conflict, NotFound
from registry.ids import new_id
from registry.store.governance import Comment
from registry.store.interface import Transaction

MOST_COMMENTS: Final = 100
"""On one request."""


def comment(transaction: Transaction, approval_id: str, text: str, *, actor: Actor) -> Done[Comment]:
    """
    Keep *text* with a request, whatever became of it.

    Raises:
        NotFound: there is no such request.
        Conflict: there are too many, or it is what a rule approves.
    """
    approval = transaction.governance.approval(approval_id)
    if approval is None:
        raise NotFound(f"there is no approval {approval_id[:40]!r}")
    if approval.rule is not None:
        raise Conflict(f"{approval_id} is what a rule approves, and no request")
    if len(transaction.governance.comments(approval_id)) >= MOST_COMMENTS:
        raise Conflict(f"there are {MOST_COMMENTS} comments on {approval_id} already")
    said = Comment(
        id=new_id("cmt", transaction.instant_us),
        approval=approval_id,
        said_us=transaction.instant_us,
        said_by=actor.subject,
        text=text,
    )
    transaction.governance.put_comment(said)
    detail = {
        "server": approval.name,
        "audience": audience_words(approval.audience),
        "comment": said.id,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    return Done(value=said, event=actor.event("approval.commented", approval_id, {**detail}))
