"""Bring the stored views of some names up to date: first who answers for each, then what each team sees of it.

What a rule approves it approves here, whenever a name is looked at. Two entrances: `project_views` for names whose
entries, approvals or owner changed, in the view of every team that has a grant for them; `project_team` for names of
which one team's grants changed. A view without a grant for a name keeps the tombstones it has.
"""

from collections.abc import Iterable, Sequence

import msgspec

from registry.catalog.entry import ServerName, SourceId
from registry.catalog.overlay import Source, owner
from registry.catalog.rule import Rule, approving
from registry.catalog.standing import Standing, judge
from registry.store.interface import Snapshot, Transaction


def project_views(transaction: Transaction, names: Iterable[ServerName]) -> int:
    """Decide the owner of each name, remember it, and rewrite what changed; how many view rows were written."""
    sources, rules = transaction.sources(), transaction.governance.rules(in_force=True)
    written = 0
    for name in names:
        standing = _decided(transaction, _standing(transaction, name, _owner(transaction, name, sources)), rules)
        for team, grants in transaction.governance.grants_covering(name).items():
            verdicts = judge(team, standing, grants, now_us=transaction.now_us)
            written += transaction.governance.replace_in_view(team, name, verdicts, at_us=None)
    return written


def project_team(transaction: Transaction, team: str, names: Iterable[ServerName], *, at_us: int | None = None) -> int:
    """
    Rewrite what changed of these names in the view of *team*; how many rows were written.

    Args:
        at_us: The instant at which time alone changed it; else it is the change's own.
    """
    sources = transaction.sources()
    written = 0
    for name in names:
        standing = _standing(transaction, name, _owner(transaction, name, sources))
        grants = transaction.governance.grants_covering(name).get(team, [])
        verdicts = judge(team, standing, grants, now_us=transaction.now_us)
        written += transaction.governance.replace_in_view(team, name, verdicts, at_us=at_us)
    return written


def _decided(transaction: Transaction, standing: Standing, rules: Sequence[Rule]) -> Standing:
    """*standing*, after rules have approved what they approve of it."""
    name = ServerName(standing.name)
    decided = False
    for rule in approving(standing.name, rules):
        known = {(each.version, each.digest) for each in standing.approved if each.approval.id == rule.approval}
        new = [entry for entry in standing.entries if (entry.version, entry.digest) not in known]
        if new:
            transaction.governance.put_approved(rule.approval, name, new)
            transaction.governance.release_older(rule.approval, name, new)
            decided = True
    if not decided:
        return standing
    return msgspec.structs.replace(standing, approved=transaction.governance.approved(name))


def standing(snapshot: Snapshot, name: ServerName) -> Standing:
    """What decides about *name* at present, for whoever asks why."""
    return _standing(snapshot, name, _answering(snapshot, name, snapshot.sources())[0])


def _owner(transaction: Transaction, name: ServerName, sources: Sequence[Source]) -> SourceId | None:
    answering, fresh = _answering(transaction, name, sources)
    if fresh and answering is not None:
        transaction.remember(name, answering)
    return answering


def _answering(snapshot: Snapshot, name: ServerName, sources: Sequence[Source]) -> tuple[SourceId | None, bool]:
    """Who answers for *name*, and whether that is to be remembered."""
    remembered = snapshot.remembered(name)
    having = [SourceId(source) for source in snapshot.sources_having(name)]
    answering = owner(name, sources, having=having, remembered=None if remembered is None else SourceId(remembered))
    # A claim needs no memory, and one that was dropped again must not be remembered for a source that has nothing.
    return answering, answering in having and answering != remembered


def _standing(snapshot: Snapshot, name: ServerName, answering: SourceId | None) -> Standing:
    return Standing(
        name=name,
        entries=[] if answering is None else snapshot.entries(answering, name),
        approved=snapshot.governance.approved(name),
        blocks=snapshot.governance.blocks(name),
    )
