"""A rule of our own: its id, how bad breaking it is, and the check."""

from collections.abc import Callable, Iterator

import msgspec

from schemas.validation.issue import Severity
from schemas.validation.reading import Members

Remark = tuple[str, str]
"""Path and message."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """
    One rule.

    Attributes:
        id: Permanent: configurations and annotations name it.
        check: The places where a document breaks the rule. The document may hold anything anywhere.
    """

    id: str
    check: Callable[[Members], Iterator[Remark]]
    severity: Severity = Severity.WARNING

    @property
    def anchor(self) -> str:
        """Where the rule is explained."""
        return f"docs/VALIDATION.md#{self.id}"
