"""Store what the rules found in some documents.

Nothing is put on record: what a rule says of given bytes follows from both, and is found again whenever it is asked
for.
"""

from collections.abc import Sequence

import msgspec

from registry.commands.apply_changes import require_fence
from registry.commands.conditions import names_waiting
from registry.commands.perform import Done
from registry.store.governance import Pending
from registry.store.interface import Transaction
from registry.store.records import Finding


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A document, and everything that is wrong with it."""

    digest: bytes
    findings: tuple[Finding, ...]


def record_findings(
    transaction: Transaction, judged: Sequence[Judged], *, revision: int, fence: tuple[str, int]
) -> Done[None]:
    """
    These findings, by the rules of *revision*, replace those before. Names that a rule may have waited for are left to
    `follow_all`: whoever judges does not hold the turn for them.

    Raises:
        Conflict: the lease was taken over by another process; nothing was written.
    """
    require_fence(transaction, *fence)
    for each in judged:
        transaction.put_findings(each.digest, each.findings, revision=revision)
    for name in names_waiting(transaction, [each.digest for each in judged]):
        transaction.governance.put_pending(Pending(team=None, pattern=str(name)))
    return Done(value=None)
