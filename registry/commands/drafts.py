"""What becomes of approvals whose bytes were changed by their source: see catalog/drift.py.

Drafts appear and go in the transaction of the change: what can be decided is always about the present bytes.
"""

from collections.abc import Sequence

import msgspec

from registry.catalog.approval import Approval, ApprovedVersion, Draft, Move, State, moved
from registry.catalog.difference import difference
from registry.catalog.drift import Drift, drifts, policy_for
from registry.catalog.entry import ServerName
from registry.catalog.standing import OnChange, Standing
from registry.catalog.team import audience_words
from registry.commands.actor import DRIFT
from registry.ids import new_id
from registry.store.interface import Transaction


def revise(transaction: Transaction, standing: Standing, *, changed_by: str) -> tuple[Standing, Sequence[str]]:
    """
    Make the drafts that are due, and end those that are not; what decides then, and the ids of what ended.

    The bytes of what ended are needed until the views have followed.

    Args:
        changed_by: Who changed the bytes, if anybody here did: it is not for them to approve.
    """
    found = drifts(standing, now_us=transaction.now_us)
    drafts = [each for each in standing.approved if _lives(each.approval)]
    if not found and not drafts:
        return standing, ()
    before = [(each.approval.id, each.approval.state) for each in drafts]
    over = [each for each in drafts if not _stays(each, found)]
    drafts = [each for each in drafts if each not in over]
    for drift in found:
        if drift.approved or drift.declined:
            continue
        own = [each for each in drafts if drift.is_beside(each)]
        present = next((each.approval for each in own if each.digest == drift.entry.digest), None)
        if present is None:
            present = _drafted(transaction, standing, drift, changed_by)
        if standing.on_change is OnChange.FOLLOW and present.state is State.REQUESTED:
            _follow(transaction, present, drift)
            over += [each for each in own if each.approval.id != present.id]
    for each in over:
        _supersede(transaction, each.approval, each.version)
    approved = transaction.governance.approved(ServerName(standing.name))
    if not over and before == [(each.approval.id, each.approval.state) for each in approved if _lives(each.approval)]:
        return standing, ()
    return msgspec.structs.replace(standing, approved=approved), [each.approval.id for each in over]


def _lives(approval: Approval) -> bool:
    """Whether it is a draft that waits, or that a policy approved. One that a person approved is as good as any."""
    if approval.draft is None:
        return False
    return approval.state is State.REQUESTED or (approval.state is State.APPROVED and approval.policy is not None)


def _stays(draft: ApprovedVersion, found: Sequence[Drift]) -> bool:
    drift = next((each for each in found if each.is_beside(draft)), None)
    if drift is None or drift.approved:
        return False
    # What a policy approved is held like other bytes that were, while newer ones wait.
    return draft.approval.state is State.APPROVED or (draft.digest == drift.entry.digest and not drift.declined)


def _drafted(transaction: Transaction, standing: Standing, drift: Drift, changed_by: str) -> Approval:
    base, entry, served = drift.bases[0].approval, drift.entry, drift.served
    assert served.document_id is not None
    found = difference(transaction.document(served.document_id), transaction.document(entry.document_id))
    draft = Approval(
        id=new_id("apr", transaction.instant_us),
        name=str(standing.name),
        state=State.REQUESTED,
        requested_us=transaction.instant_us,
        requested_by=changed_by,
        request=f"changed under {base.id}: {', '.join(found.classes)}",
        audience=base.audience,
        tools=base.tools,
        expires_us=base.expires_us,
        draft=Draft(beside=base.id, before=served.digest.hex(), difference=found),
    )
    transaction.governance.put_approval(draft)
    transaction.governance.put_approved(draft.id, ServerName(standing.name), [entry])
    event = DRIFT.event(
        "approval.drafted",
        draft.id,
        {
            "server": draft.name,
            "version": entry.version,
            "audience": audience_words(draft.audience),
            "beside": base.id,
            "policy": standing.on_change,
            "classes": " ".join(found.classes),
            "places": "; ".join(place.partition(": ")[0] for place in found.places),
        },
        digest=entry.digest.hex(),
        before={"digest": served.digest.hex()},
        after={"digest": entry.digest.hex()},
    )
    transaction.governance.note(event)
    return draft


def _follow(transaction: Transaction, draft: Approval, drift: Drift) -> None:
    policy = policy_for(draft.name, transaction.governance.drift_policies())
    assert policy is not None
    followed = msgspec.structs.replace(
        draft,
        state=moved(draft, Move.APPROVE),
        decided_us=transaction.instant_us,
        decided_by=f"policy {policy.pattern}",
        reason=policy.reason,
        policy=policy.pattern,
    )
    transaction.governance.put_approval(followed)
    event = DRIFT.event(
        "approval.followed",
        draft.id,
        {
            "server": draft.name,
            "version": drift.entry.version,
            "audience": audience_words(draft.audience),
            "reason": policy.reason,
        },
        digest=drift.entry.digest.hex(),
        decided_by=followed.decided_by,
    )
    transaction.governance.note(event)


def _supersede(transaction: Transaction, draft: Approval, version: str) -> None:
    transaction.governance.put_approval(msgspec.structs.replace(draft, state=moved(draft, Move.SUPERSEDE)))
    detail = {"server": draft.name, "version": version, "audience": audience_words(draft.audience)}
    event = DRIFT.event("approval.superseded", draft.id, {**detail})
    transaction.governance.note(event)
