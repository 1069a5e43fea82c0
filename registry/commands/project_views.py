"""Bring the stored views of some names up to date: first who answers for each, then what each team sees of it.

What a rule approves it approves here, whenever a name is looked at, and what has ended by itself ends here for good: a
clock that is set back brings nothing back. Three entrances: `project_views` for names whose entries, approvals or owner
changed, in the view of every team that has a grant for them; `project_team` for names of which one team's grants
changed; `settle_name` for what time alone has changed. A view without a grant for a name keeps the tombstones it has.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from registry.catalog.approval import Approval, ApprovedVersion, Move, State, moved
from registry.catalog.drift import policy_for
from registry.catalog.entry import ServerName, SourceId
from registry.catalog.grant import Grant
from registry.catalog.overlay import Source, owner
from registry.catalog.rule import Rule, approving
from registry.catalog.standing import OnChange, Standing, judge
from registry.catalog.view import StoredEntry
from registry.commands.actor import DRIFT
from registry.commands.conditions import meeting
from registry.commands.drafts import revise
from registry.commands.look_alikes import screen_one
from registry.store.interface import Snapshot, Transaction


def project_views(transaction: Transaction, names: Iterable[ServerName], *, changed_by: str = DRIFT.subject) -> int:
    """
    Decide the owner of each name, remember it, and rewrite what changed; how many view rows were written.

    Args:
        changed_by: Who changed the bytes, if anybody here did.
    """
    sources, rules = transaction.sources(), _deciding(transaction)
    written = 0
    for name in names:
        standing, ended = _current(transaction, name, sources)
        standing = _decided(transaction, standing, rules)
        standing, revised = revise(transaction, standing, changed_by=changed_by)
        for team, grants in transaction.governance.grants_covering(name).items():
            written += _project(transaction, team, standing, grants, at_us=None)
        _release(transaction, name, (*ended, *revised))
    return written


def project_team(transaction: Transaction, team: str, names: Iterable[ServerName]) -> int:
    """Rewrite what changed of these names in the view of *team*; how many rows were written."""
    sources = transaction.sources()
    grants = transaction.governance.grants(team=team, in_force=True)
    written = 0
    for name in names:
        standing, ended = _current_drafts(transaction, name, sources)
        written += _project(transaction, team, standing, grants, at_us=None)
        if ended:
            written += _settle(transaction, standing, ended)
        _release(transaction, name, ended)
    return written


def settle_name(transaction: Transaction, name: ServerName) -> int:
    """Make durable what time alone has changed of *name*, in every view, as of when it did; how many rows."""
    standing, ended = _current_drafts(transaction, name, transaction.sources())
    written = _settle(transaction, standing, ended)
    _release(transaction, name, ended)
    return written


def _settle(transaction: Transaction, standing: Standing, ended: Collection[str]) -> int:
    name = ServerName(standing.name)
    by_team = transaction.governance.grants_covering(name)
    written = sum(
        _project(transaction, team, standing, by_team.get(team, []), at_us=since_us)
        for team, since_us in transaction.governance.late(name, now_us=transaction.now_us)
    )
    if ended and standing.look_alike is not None:
        # It may be held since the approval of one team ended, and so for those whose views are not late.
        written += sum(_project(transaction, team, standing, grants, at_us=None) for team, grants in by_team.items())
    return written


def _project(
    transaction: Transaction, team: str, standing: Standing, grants: Iterable[Grant], *, at_us: int | None
) -> int:
    verdicts = judge(team, standing, grants, now_us=transaction.now_us)
    return transaction.governance.replace_in_view(team, ServerName(standing.name), verdicts, at_us=at_us)


def _deciding(transaction: Transaction) -> list[Rule]:
    """The rules in force, but for those whose approval was revoked: they let nothing be seen."""
    governance = transaction.governance
    found = []
    for rule in governance.rules(in_force=True):
        approval = governance.approval(rule.approval)
        if approval is not None and approval.state is State.APPROVED:
            found.append(rule)
    return found


def _current(transaction: Transaction, name: ServerName, sources: Sequence[Source]) -> tuple[Standing, Collection[str]]:
    """
    What decides about *name*, after the approvals whose time is over have ended; the ids of those.

    Their bytes are needed until the views have followed.
    """
    standing = _standing(transaction, name, _owner(transaction, name, sources), sources)
    _end_cool_offs(transaction, standing)
    over = {
        each.approval.id: each.approval
        for each in standing.approved
        if each.approval.state is State.APPROVED and not each.approval.in_force(transaction.now_us)
    }
    if not over:
        return standing, ()
    for approval in over.values():
        transaction.governance.put_approval(msgspec.structs.replace(approval, state=moved(approval, Move.EXPIRE)))
    if any(approval.by_a_person for approval in over.values()):
        screen_one(transaction, name)
    approved, look_alike = transaction.governance.approved(name), transaction.firewall.held(name)
    return msgspec.structs.replace(standing, approved=approved, look_alike=look_alike), over


def _current_drafts(
    transaction: Transaction, name: ServerName, sources: Sequence[Source]
) -> tuple[Standing, Collection[str]]:
    """The same, where nothing but time has passed: what ended takes its drafts with it."""
    standing, ended = _current(transaction, name, sources)
    if not ended:
        return standing, ()
    standing, revised = revise(transaction, standing, changed_by=DRIFT.subject)
    return standing, (*ended, *revised)


def _end_cool_offs(transaction: Transaction, standing: Standing) -> None:
    over = {version for version, until_us in standing.fresh_until_us.items() if until_us <= transaction.now_us}
    if over:
        transaction.firewall.end_cool_off(entry for entry in standing.entries if entry.version in over)


def _release(transaction: Transaction, name: ServerName, approvals: Iterable[str]) -> None:
    for approval_id in approvals:
        transaction.governance.release(approval_id, name)


def _decided(transaction: Transaction, standing: Standing, rules: Sequence[Rule]) -> Standing:
    """*standing*, after rules have approved what they approve of it."""
    for rule in approving(standing.name, rules):
        standing = _decided_by(transaction, standing, rule)
    return standing


def _decided_by(transaction: Transaction, standing: Standing, rule: Rule) -> Standing:
    # What was released since, because other bytes came, has to be approved again.
    known = {
        (each.entry_id, each.digest)
        for each in standing.approved
        if each.approval.id == rule.approval and each.document_id is not None
    }
    unknown = [entry for entry in standing.entries if (entry.id, entry.digest) not in known]
    new = meeting(transaction, standing, rule, unknown)
    if not new:
        return standing
    name = ServerName(standing.name)
    transaction.governance.put_approved(rule.approval, name, new)
    approval = transaction.governance.approval(rule.approval)
    assert approval is not None
    if known:
        transaction.governance.release_older(rule.approval, name, new)
    if any(each.approval.id == rule.approval for each in standing.approved):
        return msgspec.structs.replace(standing, approved=transaction.governance.approved(name))
    fresh = [_approved(approval, entry) for entry in new]
    return msgspec.structs.replace(standing, approved=[*standing.approved, *fresh])


def _approved(approval: Approval, entry: StoredEntry) -> ApprovedVersion:
    return ApprovedVersion(
        approval=approval,
        entry_id=entry.id,
        version=entry.version,
        digest=entry.digest,
        document_id=entry.document_id,
        text_id=entry.text_id,
        registry_types=entry.registry_types,
        transports=entry.transports,
    )


def standing(snapshot: Snapshot, name: ServerName) -> Standing:
    """What decides about *name* at present, for whoever asks why."""
    sources = snapshot.sources()
    return _standing(snapshot, name, _answering(snapshot, name, sources)[0], sources)


def _owner(transaction: Transaction, name: ServerName, sources: Sequence[Source]) -> SourceId | None:
    answering, fresh, others = _answering(transaction, name, sources)
    if others:
        transaction.firewall.refuse(name, others)
    if fresh and answering is not None:
        transaction.remember(name, answering)
    return answering


def _answering(
    snapshot: Snapshot, name: ServerName, sources: Sequence[Source]
) -> tuple[SourceId | None, bool, list[SourceId]]:
    """Who answers for *name*, whether that is to be remembered, and who has it, is configured, and is not asked."""
    remembered = snapshot.remembered(name)
    having = [SourceId(source) for source in snapshot.sources_having(name)]
    answering = owner(name, sources, having=having, remembered=None if remembered is None else SourceId(remembered))
    # A claim needs no memory, and one that was dropped again must not be remembered for a source that has nothing.
    others = [source.id for source in sources if source.id in having and source.id != answering]
    return answering, answering in having and answering != remembered, others


def _standing(snapshot: Snapshot, name: ServerName, answering: SourceId | None, sources: Sequence[Source]) -> Standing:
    entries = [] if answering is None else snapshot.entries(answering, name)
    waits_us = next((source.cool_off_us for source in sources if source.id == answering), 0)
    policy = policy_for(name, snapshot.governance.drift_policies())
    return Standing(
        name=name,
        entries=entries,
        fresh_until_us={
            entry.version: entry.fresh_from_us + waits_us for entry in entries if entry.fresh_from_us is not None
        },
        approved=snapshot.governance.approved(name),
        blocks=snapshot.governance.blocks(name),
        on_change=OnChange.HOLD if policy is None else policy.on_change,
        look_alike=snapshot.firewall.held(name),
    )
