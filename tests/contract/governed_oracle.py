"""What each team must see, computed from scratch after every step by the rule alone, without a store.

    visible = the name's owner is this source ∧ the team has a grant for the name ∧ nothing blocks it
            ∧ an approval in force names these bytes and this team; bytes that were approved are held, unless the policy
              withdraws them
            ∧ the cool-off of these bytes is over or was waived, or the approval does not wait for it

What changed under an approval has a draft beside it, which a policy may approve.

It knows nothing of how views are stored. What it remembers is what the rule speaks of: decisions, entries, who answered
for a name so far, and what each team was shown last.
"""

from collections.abc import Collection, Iterable

from registry.catalog.overlay import Source
from tests.contract.governed_facts import DELETED, FOREVER, Consent, DraftKey, Held, Row, Shown
from tests.contract.governed_world import within


class Oracle:
    """The whole world of the rule."""

    def __init__(self, teams: Collection[str]) -> None:
        self.sources: dict[str, tuple[int, tuple[str, ...], int]] = {}
        self.entries: dict[tuple[str, str, str], Held] = {}
        self.remembered: dict[str, str] = {}
        self.grants: dict[str, tuple[str, str]] = {}
        self.consents: dict[str, Consent] = {}
        self.rules: dict[str, tuple[str, str]] = {}
        self.blocks: set[tuple[str, str | None]] = set()
        self.policies: dict[str, str] = {}
        self._last: dict[str, dict[tuple[str, str], str]] = {team: {} for team in teams}
        self._until: dict[tuple[str, str], int] = {}
        self._numbers = 0

    def number(self) -> int:
        """The same for all that happens at once."""
        return self._numbers

    def moves_on(self) -> None:
        """What happens from here on happens later."""
        self._numbers += 1

    @property
    def names(self) -> list[str]:
        return sorted({name for _, name, _ in self.entries})

    def configured(self, sources: Iterable[Source]) -> bool:
        """These are the sources from now on; whether that is a change."""
        before = self.sources
        self.sources = {each.id: (each.precedence, each.claims, each.cool_off_us) for each in sources}
        return self.sources != before

    # --- who answers ---

    def owner(self, name: str) -> str | None:
        namespace = name.partition("/")[0]
        claims = [
            (-len(claim.removesuffix("*")), precedence, source)
            for source, (precedence, claimed, _) in self.sources.items()
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

    def fresh_until_us(self, name: str, held: Held) -> int:
        """When the cool-off of an entry of the owner is over; 0 if there is none to wait for."""
        if held.fresh_from_us is None or held.waived:
            return 0
        return held.fresh_from_us + self.sources[self.owner(name) or ""][2]

    def lists(self, source: str, name: str, version: str, held: Held, *, published_us: int, now_us: int) -> bool:
        """What a source says of a version, in no first walk; whether that is new."""
        before = self.entries.get((source, name, version))
        if before is not None:
            held.fresh_from_us, held.waived = before.fresh_from_us, before.waived and before.body == held.body
            held.waived_body = before.waived_body
        elif self.sources[source][2]:
            held.fresh_from_us = max(published_us, now_us)
        self.entries[source, name, version] = held
        return held != before

    def _having(self, name: str) -> set[str]:
        return {source for source, at, _ in self.entries if at == name}

    # --- what happens by itself ---

    def touched(self, names: Collection[str], now_us: int) -> None:
        """Somebody looked at these names: who answers is remembered, what is over has ended, rules approve."""
        for name in names:
            self._ended(name, now_us)
            deciding = [
                consent
                for pattern, consent in self.rules.values()
                if covers(pattern, name) and self.consents[consent].state == "approved"
            ]
            if deciding:
                at_once = [consent for consent in deciding if self.consents[consent].without]
                says = self.consents[(at_once or deciding)[0]].says
                for version, held in self.of_owner(name).items():
                    says[name, version, held.body] = self.owner(name) or "", self.number()
            self._revise(name, now_us)

    def looked_at(self, name: str, now_us: int) -> None:
        """Somebody looked, and nothing but time has passed."""
        if self._ended(name, now_us):
            self._revise(name, now_us)

    def _ended(self, name: str, now_us: int) -> bool:
        """Whether something did."""
        owner = self.owner(name)
        if owner is not None and owner in self._having(name):
            self.remembered[name] = owner
        for held in self.of_owner(name).values():
            if held.fresh_from_us is not None and not held.waived and self.fresh_until_us(name, held) <= now_us:
                held.fresh_from_us = None
        over = [
            consent
            for consent in self.consents.values()
            if consent.name == name and consent.state == "approved" and consent.ends_us <= now_us
        ]
        for consent in over:
            consent.state = "expired"
        return bool(over)

    # --- drafts ---

    def drafts(self) -> dict[DraftKey, str]:
        """All that wait, or that a policy approved: their keys."""
        found = {}
        for key, consent in self.consents.items():
            if consent.lives:
                ((name, version, body),) = consent.says
                known = (consent.draft or "", consent.audience, consent.expires_us, consent.state)
                found[DraftKey(name, version, body, *known)] = key
        return found

    def renamed(self, before: str, key: str) -> None:
        self.consents = {key if each == before else each: consent for each, consent in self.consents.items()}

    def _revise(self, name: str, now_us: int) -> None:
        changed = self._changed(name, now_us)
        live = [consent for consent in self.consents.values() if consent.lives and consent.name == name]
        for consent in live:
            self._retire(consent, changed, now_us)
        for (version, audience), beside in changed.items():
            if self._approved(name, version, audience, now_us) or self._declined(name, version, audience):
                continue
            says = name, version, self.of_owner(name)[version].body
            own = [each for each in live if each.lives and each.draft in beside and (name, version) in each.about]
            draft = next((each for each in own if says in each.says), None)
            if draft is None:
                base = max(beside, key=lambda key: (beside[key].ends_us, beside[key].number))
                draft = Consent(name=name, says={says: (self.owner(name) or "", 0)}, audience=audience,
                                expires_us=beside[base].expires_us, state="requested", draft=base)  # fmt: skip
                self.consents[f"draft {len(self.consents)}"] = draft
            if self._on_change(name) == "follow" and draft.state == "requested":
                for each in own:
                    each.state = "superseded"
                draft.state, draft.policy, draft.number = "approved", True, self.number()

    def _changed(self, name: str, now_us: int) -> dict[tuple[str, frozenset[str] | None], dict[str, Consent]]:
        """By version and audience, what people and rules said of other bytes than the present ones of this source."""
        found: dict[tuple[str, frozenset[str] | None], dict[str, Consent]] = {}
        for key, consent in self.consents.items():
            if consent.policy or consent.audience == frozenset() or not consent.in_force(now_us):
                continue
            for version, held in self.of_owner(name).items():
                said = consent.last_said(name, version)
                if said is not None and said[0] == self.owner(name) and said[1] != held.body:
                    found.setdefault((version, consent.audience), {})[key] = consent
        return found

    def _retire(
        self, draft: Consent, changed: dict[tuple[str, frozenset[str] | None], dict[str, Consent]], now_us: int
    ) -> None:
        ((name, version, body),) = draft.says
        beside = changed.get((version, draft.audience), {})
        if draft.draft not in beside or self._approved(name, version, draft.audience, now_us):
            draft.state = "superseded"
        elif draft.state == "requested":
            present = body == self.of_owner(name)[version].body
            if not present or self._declined(name, version, draft.audience):
                draft.state = "superseded"

    def _approved(self, name: str, version: str, audience: frozenset[str] | None, now_us: int) -> bool:
        says = name, version, self.of_owner(name)[version].body
        return any(
            says in each.says and each.in_force(now_us) and not each.policy and within(audience, each.audience)
            for each in self.consents.values()
        )

    def _declined(self, name: str, version: str, audience: frozenset[str] | None) -> bool:
        says = name, version, self.of_owner(name)[version].body
        return any(
            says in each.says and each.state in ("rejected", "revoked") and within(audience, each.audience)
            for each in self.consents.values()
        )

    def _on_change(self, name: str) -> str:
        covering = [pattern for pattern in self.policies if covers(pattern, name)]
        return self.policies[max(covering, key=lambda pattern: len(pattern.removesuffix("*")))] if covering else "hold"

    def read(self, team: str, now_us: int) -> dict[tuple[str, str], Row]:
        """The whole view of *team*, for a reader who comes now."""
        for name in self.names:
            if self._until.get((team, name), FOREVER) <= now_us:
                self.moves_on()
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
            if consent.in_force(now_us) and (consent.audience is None or team in consent.audience)
        ]
        status = DELETED if held.withdrawn else held.status
        chosen = self._chosen(in_force, name, version, held)
        if chosen is None:
            return None
        fresh_until_us = self.fresh_until_us(name, held)
        if fresh_until_us <= now_us:
            return Shown(chosen[0], status, chosen[1])
        ready = [consent for consent in in_force if consent.without or consent.says_waived(name, version, held)]
        at_once = self._chosen(ready, name, version, held)
        if at_once is None:
            return Shown(None, status, min(chosen[1], fresh_until_us))
        return Shown(at_once[0], status, min(at_once[1], fresh_until_us))

    def _chosen(self, in_force: Collection[Consent], name: str, version: str, held: Held) -> tuple[str, int] | None:
        """Which body these let be seen, and until when."""
        same = [consent.ends_us for consent in in_force if (name, version, held.body) in consent.says]
        if same:
            return held.body, max(same)
        if self._on_change(name) == "withdraw":
            return None
        kept = []
        for consent in in_force:
            said = consent.last_said(name, version)
            if said is not None and said[0] == self.owner(name):
                kept.append((consent.number, not consent.policy, consent.ends_us, said[1]))
        if not kept:
            return None
        _, _, until_us, body = max(kept)
        return body, until_us

    def _rows(self, team: str, name: str, now_us: int) -> dict[tuple[str, str], Row]:
        last = self._last[team]
        stated: dict[str, tuple[str, str]] = {}
        until_us = FOREVER
        for version, held in self.of_owner(name).items():
            shown = self.visible(team, name, version, held, now_us)
            if shown is not None:
                until_us = min(until_us, shown.until_us)
            if shown is not None and shown.body is not None:
                stated[version] = shown.body, shown.status
                last[name, version] = shown.body
        self._until[team, name] = until_us
        for (of, version), body in last.items():
            if of == name and version not in stated:
                stated[version] = body, DELETED
        flagged = max(stated, key=lambda version: (stated[version][1] != DELETED, version), default=None)
        return {(name, version): Row(body, status, version == flagged) for version, (body, status) in stated.items()}


def covers(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
