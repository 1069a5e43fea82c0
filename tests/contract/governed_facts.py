"""What the oracle speaks of: entries, decisions, and rows of views."""

from typing import Final, NamedTuple

import msgspec

ACTIVE: Final = "active"
DELETED: Final = "deleted"
FOREVER: Final = 1 << 62


class Row(NamedTuple):
    """A row of a view, as far as the rule decides it. `body`: which document is shown."""

    body: str
    status: str
    latest: bool


class Held(msgspec.Struct, kw_only=True):
    """
    An entry of a source. `fresh_from_us`: what its cool-off counts from, None if there is none or it is over.

    `waived_body`: the document for which it was waived last, be it replaced by another one since.
    """

    body: str
    status: str = ACTIVE
    withdrawn: bool = False
    fresh_from_us: int | None = None
    waived: bool = False
    waived_body: str | None = None


class Consent(msgspec.Struct, kw_only=True):
    """
    An approval, or the request for one.

    `says`: (name, version, body) → of which source the bytes were, and when that was said last: of several documents
    of a version that one is held.

    `number`: in the order of decisions. `draft`: beside which it is a draft. `policy`: whether one approved it.
    `without`: it does not wait for a cool-off. `asked_by`, `decided_by`: who did, where it is a person.
    """

    name: str
    says: dict[tuple[str, str, str], tuple[str, int]]
    audience: frozenset[str] | None = None
    expires_us: int | None = None
    state: str = "approved"
    number: int = 0
    rule: bool = False
    draft: str | None = None
    policy: bool = False
    without: bool = False
    asked_by: str | None = None
    decided_by: str | None = None

    def in_force(self, now_us: int) -> bool:
        return self.state == "approved" and now_us < self.ends_us

    @property
    def ends_us(self) -> int:
        return FOREVER if self.expires_us is None else self.expires_us

    @property
    def lives(self) -> bool:
        """Whether it is a draft that waits, or that a policy approved."""
        return self.draft is not None and (self.state == "requested" or (self.state == "approved" and self.policy))

    @property
    def about(self) -> set[tuple[str, str]]:
        """Names and versions."""
        return {(name, version) for name, version, _ in self.says}

    def last_said(self, name: str, version: str) -> tuple[str, str] | None:
        """Which document of that version, and of which source."""
        said = [
            (order, source, body)
            for (of, at, body), (source, order) in self.says.items()
            if (of, at) == (name, version)
        ]
        return max(said)[1:] if said else None

    def says_waived(self, name: str, version: str, held: Held) -> bool:
        """Whether it lets the document be seen for which the cool-off was waived."""
        if held.body == held.waived_body:
            return (name, version, held.body) in self.says
        said = self.last_said(name, version)
        return said is not None and said[1] == held.waived_body


class DraftKey(NamedTuple):
    """All that is known of a draft."""

    name: str
    version: str
    body: str
    beside: str
    audience: frozenset[str] | None
    expires_us: int | None
    state: str


class Shown(NamedTuple):
    """What a team gets to see of a version, None while it waits, and until when that is so."""

    body: str | None
    status: str
    until_us: int
