"""What each team must see, computed from scratch after every step by the rule alone, without a store.

    visible = the name's owner is this source ∧ the team has a grant for the name ∧ nothing blocks it
            ∧ an approval in force names these bytes and this team; bytes that were approved are held

It knows nothing of how views are stored. What it remembers is what the rule speaks of: decisions, entries, who answered
for a name so far, and what each team was shown last.
"""

from collections.abc import Collection
from typing import Final, NamedTuple

import msgspec

ACTIVE: Final = "active"
DELETED: Final = "deleted"
_FOREVER: Final = 1 << 62


class Row(NamedTuple):
    """A row of a view, as far as the rule decides it. `body`: which document is shown."""

    body: str
    status: str
    latest: bool


class Held(msgspec.Struct, kw_only=True):
    """An entry of a source."""

    body: str
    status: str = ACTIVE
    withdrawn: bool = False


class Consent(msgspec.Struct, kw_only=True):
    """
    An approval, or the request for one.

    `says`: (name, version, body) → of which source the bytes were, and when that was said last: of several documents
    of a version that one is held.

    `number`: in the order of decisions.
    """

    name: str
    says: dict[tuple[str, str, str], tuple[str, int]]
    audience: frozenset[str] | None = None
    expires_us: int | None = None
    state: str = "approved"
    number: int = 0
    rule: bool = False


class Shown(NamedTuple):
    """What a team gets to see of a version, and how long the approval of that lasts."""

    body: str
    status: str
    until_us: int


class Oracle:
    """The whole world of the rule."""

    def __init__(self, teams: Collection[str]) -> None:
        self.sources: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.entries: dict[tuple[str, str, str], Held] = {}
        self.remembered: dict[str, str] = {}
        self.grants: dict[str, tuple[str, str]] = {}
        self.consents: dict[str, Consent] = {}
        self.rules: dict[str, tuple[str, str]] = {}
        self.blocks: set[tuple[str, str | None]] = set()
        self._last: dict[str, dict[tuple[str, str], str]] = {team: {} for team in teams}
        self._until: dict[tuple[str, str], int] = {}
        self._numbers = 0

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    @property
    def names(self) -> list[str]:
        return sorted({name for _, name, _ in self.entries})

    # --- who answers ---

    def owner(self, name: str) -> str | None:
        namespace = name.partition("/")[0]
        claims = [
            (-len(claim.removesuffix("*")), precedence, source)
            for source, (precedence, claimed) in self.sources.items()
            for claim in claimed
            if (namespace.startswith(claim[:-1]) if claim.endswith("*") else namespace == claim)
        ]
        if claims:
            return min(claims)[2]
        if self.remembered.get(name) in self.sources:
            return self.remembered[name]
        having = [(self.sources[source][0], source) for source in self._having(name) if source in self.sources]
        return min(having)[1] if having else None

    def of_owner(self, name: str) -> dict[str, Held]:
        """By version."""
        owner = self.owner(name)
        return {version: held for (source, at, version), held in self.entries.items() if (source, at) == (owner, name)}

    def _having(self, name: str) -> set[str]:
        return {source for source, at, _ in self.entries if at == name}

    # --- what happens by itself ---

    def touched(self, names: Collection[str], now_us: int) -> None:
        """Somebody looked at these names: who answers is remembered, what is over has ended, rules approve."""
        for name in names:
            self.looked_at(name, now_us)
            deciding = [
                consent
                for pattern, consent in self.rules.values()
                if covers(pattern, name) and self.consents[consent].state == "approved"
            ]
            if not deciding:
                continue
            says = self.consents[deciding[0]].says
            for version, held in self.of_owner(name).items():
                says[name, version, held.body] = self.owner(name) or "", self.number()

    def looked_at(self, name: str, now_us: int) -> None:
        owner = self.owner(name)
        if owner is not None and owner in self._having(name):
            self.remembered[name] = owner
        for consent in self.consents.values():
            over = consent.expires_us is not None and consent.expires_us <= now_us
            if over and consent.state == "approved" and consent.name == name:
                consent.state = "expired"

    def read(self, team: str, now_us: int) -> dict[tuple[str, str], Row]:
        """The whole view of *team*, for a reader who comes now."""
        for name in self.names:
            if self._until.get((team, name), _FOREVER) <= now_us:
                self.looked_at(name, now_us)
        rows: dict[tuple[str, str], Row] = {}
        for name in self.names:
            rows |= self._rows(team, name, now_us)
        return rows

    def followed(self, now_us: int) -> None:
        """Every team was shown what it may see now."""
        for team in self._last:
            self.read(team, now_us)

    def supersede(self, fresh: str) -> None:
        """Earlier approvals for the same teams, of the same versions, give way; not for bytes that are not present."""
        new = self.consents[fresh]
        bodies = {version: body for _, version, body in new.says}
        present = {(version, held.body) for version, held in self.of_owner(new.name).items()}
        for key, earlier in self.consents.items():
            if key == fresh or earlier.rule or earlier.state != "approved":
                continue
            if (earlier.name, earlier.audience) == (new.name, new.audience) and all(
                version in bodies and (bodies[version] == body or (version, body) not in present)
                for _, version, body in earlier.says
            ):
                earlier.state = "superseded"

    # --- the rule ---

    def visible(self, team: str, name: str, version: str, held: Held, now_us: int) -> Shown | None:
        granted = any(of == team and covers(pattern, name) for of, pattern in self.grants.values())
        if not granted or (name, None) in self.blocks or (name, version) in self.blocks:
            return None
        in_force = [
            consent
            for consent in self.consents.values()
            if consent.state == "approved"
            and (consent.audience is None or team in consent.audience)
            and (consent.expires_us is None or now_us < consent.expires_us)
        ]
        status = DELETED if held.withdrawn else held.status
        same = [consent.expires_us for consent in in_force if (name, version, held.body) in consent.says]
        if same:
            return Shown(held.body, status, max(_FOREVER if each is None else each for each in same))
        owner = self.owner(name)
        kept = []
        for consent in in_force:
            said = [
                (order, source, body)
                for (of, at, body), (source, order) in consent.says.items()
                if (of, at) == (name, version)
            ]
            if said and max(said)[1] == owner:
                kept.append((consent.number, max(said)[2], consent.expires_us))
        if not kept:
            return None
        _, body, expires_us = max(kept)
        return Shown(body, status, _FOREVER if expires_us is None else expires_us)

    def _rows(self, team: str, name: str, now_us: int) -> dict[tuple[str, str], Row]:
        last = self._last[team]
        stated: dict[str, tuple[str, str]] = {}
        until_us = _FOREVER
        for version, held in self.of_owner(name).items():
            shown = self.visible(team, name, version, held, now_us)
            if shown is not None:
                stated[version] = shown.body, shown.status
                last[name, version] = shown.body
                until_us = min(until_us, shown.until_us)
        self._until[team, name] = until_us
        for (of, version), body in last.items():
            if of == name and version not in stated:
                stated[version] = body, DELETED
        flagged = max(stated, key=lambda version: (stated[version][1] != DELETED, version), default=None)
        return {(name, version): Row(body, status, version == flagged) for version, (body, status) in stated.items()}


def covers(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
