"""Ask for an approval, and decide about it. An approval is for bytes: those that were there when it was asked for."""

from collections.abc import Sequence

import msgspec

from registry.catalog.approval import Approval, ApprovedVersion, Move, State, moved
from registry.catalog.drift import within_audience
from registry.catalog.entry import ServerName
from registry.catalog.team import audience_words
from registry.catalog.view import StoredEntry
from registry.commands.actor import LOCAL, Actor
from registry.commands.follow import follow, follow_names
from registry.commands.look_alikes import guard, screen_one
from registry.commands.own import require_not_author
from registry.commands.perform import Done
from registry.commands.project_views import project_views, standing
from registry.errors import Invalid, NotFound, Refused
from registry.ids import new_id
from registry.store.interface import Transaction
from registry.store.records import AuditEvent


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is to be approved.

    `versions`: None for those that exist. `audience`: the teams, None for all. `tools`: None for all, an empty list for
    none. `expires_us`: None for never.
    """

    name: ServerName
    versions: tuple[str, ...] | None = None
    audience: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    expires_us: int | None = None


def request_approval(transaction: Transaction, wanted: Wanted, *, reason: str, actor: Actor) -> Done[Approval]:
    """
    Ask for what *wanted* says, for the bytes there are now.

    Raises:
        NotFound: no source that answers for the name has such a version, or there is no such team.
        Invalid: it would end before it began.
    """
    entries = _entries(transaction, wanted)
    approval = _requested(transaction, wanted, reason=reason, actor=actor)
    transaction.governance.put_approval(approval)
    transaction.governance.put_approved(approval.id, wanted.name, entries)
    return Done(value=approval, event=_event("approval.requested", actor, approval, versions=len(entries)))


def approve(
    transaction: Transaction,
    approval_id: str,
    *,
    reason: str,
    actor: Actor,
    expires_us: int | None = None,
    needed: int = 1,
) -> Done[Approval]:
    """
    Approve what was asked for. In force with the commit, unless a second approver is needed.

    Args:
        expires_us: When it ends, if that was not asked for, or is earlier.
        needed: How many approvers it takes, 1 or 2.

    Raises:
        NotFound: there is no such approval.
        Conflict: it is not waiting for a decision.
        Refused: *actor* asked for it, published or edited what it names, or agreed already.
    """
    before = _approval(transaction, approval_id)
    state = moved(before, Move.APPROVE)
    _require_another(transaction, before, actor)
    _require_person(actor, needed)
    ends_us = min((each for each in (before.expires_us, expires_us) if each is not None), default=None)
    _require_future(transaction, ends_us)
    if needed > 1 and before.first_by is None:
        first = msgspec.structs.replace(before, first_by=actor.subject, expires_us=ends_us)
        transaction.governance.put_approval(first)
        return Done(value=first, event=_event("approval.seconded", actor, first, reason=reason))
    approval = msgspec.structs.replace(
        before,
        state=state,
        decided_us=transaction.instant_us,
        decided_by=actor.subject,
        reason=reason,
        expires_us=ends_us,
    )
    _put_in_force(transaction, approval)
    return Done(value=approval, event=_event("approval.approved", actor, approval, reason=reason))


def approve_now(
    transaction: Transaction, wanted: Wanted, *, reason: str, actor: Actor, needed: int = 1
) -> Done[Approval]:
    """
    Approve something nobody has asked for; in force with the commit, unless a second approver is needed.

    Args:
        needed: How many approvers it takes, 1 or 2.

    Raises:
        NotFound, Invalid: as `request_approval` does.
        Refused: *actor* published or edited what it names, or asked for it and waits for somebody else's decision,
            or was told no.
    """
    entries = _entries(transaction, wanted)
    asked = _requested(transaction, wanted, reason=reason, actor=actor)
    require_not_author(transaction, wanted.name, entries, actor)
    _require_not_asked(transaction, asked, entries, actor)
    _require_person(actor, needed)
    if needed > 1:
        first = msgspec.structs.replace(asked, first_by=actor.subject)
        transaction.governance.put_approval(first)
        transaction.governance.put_approved(first.id, wanted.name, entries)
        return Done(value=first, event=_event("approval.seconded", actor, first, reason=reason, versions=len(entries)))
    approval = msgspec.structs.replace(
        asked,
        state=State.APPROVED,
        decided_us=transaction.instant_us,
        decided_by=actor.subject,
        reason=reason,
    )
    transaction.governance.put_approval(approval)
    transaction.governance.put_approved(approval.id, wanted.name, entries)
    _put_in_force(transaction, approval)
    return Done(
        value=approval, event=_event("approval.approved", actor, approval, reason=reason, versions=len(entries))
    )


def reject(transaction: Transaction, approval_id: str, *, reason: str, actor: Actor) -> Done[Approval]:
    """
    Say no to what was asked for, with a reason that reaches who asked. Raises NotFound and Conflict as `approve` does.
    """
    before = _approval(transaction, approval_id)
    return _ended(transaction, before, Move.REJECT, "approval.rejected", reason=reason, actor=actor)


def revoke_approval(transaction: Transaction, approval_id: str, *, reason: str, actor: Actor) -> Done[Approval]:
    """
    End an approval that is in force; what nothing else approves leaves the views. Of a rule: all that it approved.

    Raises NotFound and Conflict as `approve` does.
    """
    before = _approval(transaction, approval_id)
    return _ended(transaction, before, Move.REVOKE, "approval.revoked", reason=reason, actor=actor)


def _ended(
    transaction: Transaction, before: Approval, move: Move, action: str, *, reason: str, actor: Actor
) -> Done[Approval]:
    approval = msgspec.structs.replace(
        before,
        state=moved(before, move),
        decided_us=transaction.instant_us,
        decided_by=actor.subject,
        reason=reason,
    )
    transaction.governance.put_approval(approval)
    if approval.name:
        if move is Move.REVOKE and approval.by_a_person:
            screen_one(transaction, ServerName(approval.name))
        project_views(transaction, [ServerName(approval.name)])
        transaction.governance.release(approval.id, ServerName(approval.name))
    else:
        follow(transaction, team=None, pattern="*")
    return Done(value=approval, event=_event(action, actor, approval, reason=reason))


def _requested(transaction: Transaction, wanted: Wanted, *, reason: str, actor: Actor) -> Approval:
    for team in wanted.audience or ():
        if transaction.governance.team(team) is None:
            raise NotFound(f"there is no team {team[:90]!r}")
    _require_future(transaction, wanted.expires_us)
    return Approval(
        id=new_id("apr", transaction.instant_us),
        name=str(wanted.name),
        state=State.REQUESTED,
        requested_us=transaction.instant_us,
        requested_by=actor.subject,
        request=reason,
        audience=None if wanted.audience is None else tuple(sorted(set(wanted.audience))),
        tools=wanted.tools,
        expires_us=wanted.expires_us,
    )


def _entries(transaction: Transaction, wanted: Wanted) -> Sequence[StoredEntry]:
    entries = standing(transaction, wanted.name).entries
    if wanted.versions is not None:
        there = {entry.version for entry in entries}
        absent = [version for version in wanted.versions if version not in there]
        if absent:
            raise NotFound(f"there is no {wanted.name}@{absent[0]}")
        entries = [entry for entry in entries if entry.version in wanted.versions]
    if not entries:
        raise NotFound(f"there is no {wanted.name}")
    return entries


def _approval(transaction: Transaction, approval_id: str) -> Approval:
    found = transaction.governance.approval(approval_id)
    if found is None:
        raise NotFound(f"there is no approval {approval_id[:40]!r}")
    return found


def _require_another(transaction: Transaction, approval: Approval, actor: Actor) -> None:
    if actor.subject in (approval.requested_by, approval.first_by):
        said = "asked for" if actor.subject == approval.requested_by else "agreed to"
        raise Refused(f"you {said} {approval.id} yourself; another approver decides")
    named = {each.version for each in transaction.governance.versions_of(approval.id, limit=10_000)}
    name = ServerName(approval.name)
    entries = standing(transaction, name).entries
    require_not_author(transaction, name, [entry for entry in entries if entry.version in named], actor)


def _require_not_asked(transaction: Transaction, asked: Approval, entries: Sequence[StoredEntry], actor: Actor) -> None:
    """That *actor* has not left it to others: by a request that waits, or one for these bytes that was rejected."""
    for waiting in transaction.governance.approvals(state=State.REQUESTED, name=asked.name, limit=1000):
        # Where it takes two, the first to approve of their own accord is on record as who asked.
        if waiting.requested_by == actor.subject and waiting.first_by != actor.subject:
            raise Refused(f"you asked for {asked.name} yourself, by {waiting.id}; another approver decides")
    bytes_of = {(entry.version, entry.digest) for entry in entries}
    by_others = [
        each
        for each in transaction.governance.approved(ServerName(asked.name))
        if (each.version, each.digest) in bytes_of and each.approval.decided_by != actor.subject
    ]
    agreed = {
        (each.version, each.digest)
        for each in by_others
        if each.approval.by_a_person
        and each.approval.in_force(transaction.now_us)
        and within_audience(asked.audience, each.approval.audience)
    }
    for each in by_others:
        told_no = each.approval.state is State.REJECTED and each.approval.requested_by == actor.subject
        if told_no and (each.version, each.digest) not in agreed:
            raise Refused(
                f"you asked for {asked.name}@{each.version} yourself, and {each.approval.id} was rejected; "
                "another approver decides"
            )


def _require_person(actor: Actor, needed: int) -> None:
    if needed > 1 and actor.subject.startswith(LOCAL):
        raise Refused("this needs a second person besides the first, and work on the store itself is neither")


def _require_future(transaction: Transaction, expires_us: int | None) -> None:
    if expires_us is not None and expires_us <= transaction.now_us:
        raise Invalid("an approval that ends in the past approves nothing")


def _put_in_force(transaction: Transaction, approval: Approval) -> None:
    """
    From now on it says what earlier ones for the same teams said of the same versions.

    One that approved the present bytes of a version is not superseded by one that approves others: old bytes would
    come back.
    """
    governance, name = transaction.governance, ServerName(approval.name)
    governance.put_approval(approval)
    by_approval: dict[str, list[ApprovedVersion]] = {}
    for each in governance.approved(name):
        by_approval.setdefault(each.approval.id, []).append(each)
    bytes_of = {each.version: each.digest for each in by_approval[approval.id]}
    present = {(entry.version, entry.digest) for entry in standing(transaction, name).entries}
    superseded = []
    for earlier_id, said in by_approval.items():
        earlier = said[0].approval
        if earlier_id == approval.id or earlier.state is not State.APPROVED or earlier.rule is not None:
            continue
        if earlier.audience == approval.audience and all(
            each.version in bytes_of
            and (each.digest == bytes_of[each.version] or (each.version, each.digest) not in present)
            for each in said
        ):
            governance.put_approval(msgspec.structs.replace(earlier, state=moved(earlier, Move.SUPERSEDE)))
            superseded.append(earlier_id)
    follow_names(transaction, [name, *guard(transaction, name, for_all=approval.audience is None)])
    for earlier_id in superseded:
        governance.release(earlier_id, name)


def _event(action: str, actor: Actor, approval: Approval, **detail: str | int | None) -> AuditEvent:
    return actor.event(
        action, approval.id, {"server": approval.name, "audience": audience_words(approval.audience), **detail}
    )
