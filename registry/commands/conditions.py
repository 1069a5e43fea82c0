"""Which entries meet the conditions of an auto-approval rule at this moment. What is not known is not met."""

from collections.abc import Sequence

from registry.catalog.entry import ServerName
from registry.catalog.pattern import covers
from registry.catalog.rule import Rule, patched, refused, tolerates
from registry.catalog.standing import Standing
from registry.catalog.team import audience_words
from registry.catalog.view import StoredEntry
from registry.commands.actor import RULES
from registry.store.interface import Transaction
from schemas.validation.engine import REVISION
from schemas.validation.issue import Severity


def meeting(
    transaction: Transaction, standing: Standing, rule: Rule, entries: Sequence[StoredEntry]
) -> Sequence[StoredEntry]:
    """Those of *entries* that *rule* approves. Where it asks for something, each decision is on record by itself."""
    if not rule.conditional:
        return entries
    return [entry for entry in entries if _meets(transaction, standing, rule, entry)]


def names_waiting(transaction: Transaction, digests: Sequence[bytes]) -> list[ServerName]:
    """Names with these documents that a rule may have waited for."""
    waiting = [rule for rule in transaction.governance.rules(in_force=True) if rule.max_severity is not None]
    if not waiting:
        return []
    return [name for name in transaction.names_with(digests) if any(covers(rule.pattern, name) for rule in waiting)]


def _meets(transaction: Transaction, standing: Standing, rule: Rule, entry: StoredEntry) -> bool:
    if refused(rule, entry, standing.approved):
        return False
    found: list[Severity] = []
    base = patched(rule, entry, standing.approved, now_us=transaction.now_us)
    if rule.patches_only and base is None:
        return False
    if rule.max_severity is not None:
        judged = transaction.found_in(entry.document_id, revision=REVISION)
        if judged is None:
            return False
        ours = transaction.governance.severities()
        found = [ours.get(broken, severity) for broken, severity in judged]
        if not tolerates(rule.max_severity, found):
            return False
    event = RULES.event(
        "rule.approved",
        f"{standing.name}@{entry.version}",
        {
            "rule": rule.name,
            "approval": rule.approval,
            "audience": audience_words(rule.audience),
            "max_severity": rule.max_severity,
            "findings": None if rule.max_severity is None else " ".join(each for each in Severity if each in found),
            "patch_of": f"{base.version} ({base.approval.id})" if rule.patches_only and base is not None else None,
        },
        digest=entry.digest.hex(),
        decided_by=rule.id,
    )
    transaction.governance.note(event)
    return True
