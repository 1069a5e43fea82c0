"""Take over what the organisation makes of rules of advice: rules that approve by what is found go by it."""

from collections.abc import Mapping

from registry.commands.actor import START
from registry.commands.perform import Done
from registry.store.interface import Transaction
from schemas.validation.issue import Severity


def configure_severities(transaction: Transaction, severities: Mapping[str, Severity]) -> Done[bool]:
    """
    Make exactly these the ones in force; whether that changed anything.

    Where a rule approves by what is found, all names are to be looked at again: see configure_sources.py. What was
    approved stays approved.
    """
    before = transaction.governance.severities()
    if before == severities:
        return Done(value=False)
    transaction.governance.put_severities(severities)
    if any(rule.max_severity for rule in transaction.governance.rules(in_force=True)):
        transaction.put_unprojected("")
    event = START.event("validation.configured", "severities", {}, before=_facts(before), after=_facts(severities))
    return Done(value=True, event=event)


def _facts(severities: Mapping[str, Severity]) -> dict[str, str | int | None]:
    return {rule: severity.value for rule, severity in sorted(severities.items())}
