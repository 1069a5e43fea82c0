"""Random upstream changes, decisions and clock jumps: after each, what every team sees is what the rule says.

What changed under an approval has a draft beside it, and policies say what is served meanwhile.

The store is a real one. The oracle computes the views from scratch; lists, searches, details, the feed that a mirror of
ours follows, and the explanation have to agree with it, and so with one another.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from registry.catalog.approval import Approval
from registry.catalog.entry import ServerName, Status
from registry.catalog.overlay import PRIVATE, Source
from registry.catalog.query import Query
from registry.commands.apply_changes import Batch, apply_changes
from registry.commands.approvals import Wanted, approve, approve_now, reject, request_approval, revoke_approval
from registry.commands.change import Change
from registry.commands.configure_sources import configure_sources, project_pending
from registry.commands.follow import follow_all, settled
from registry.commands.perform import Done, perform
from registry.commands.project_views import project_views
from registry.commands.publish import Publication, publish
from registry.commands.rules import block, end_rule, make_rule, unblock
from registry.commands.set_status import Wanted as WantedStatus
from registry.commands.set_status import set_status
from registry.commands.teams import grant_access, make_team, revoke_access
from registry.errors import ChangeRefused, Conflict, Invalid, NotFound, Refused
from registry.store.interface import Transaction
from registry.store.records import RunKind
from registry.views import compare
from tests.contract.engines import NOW_US, SqliteEngine, entry, run, source, walk
from tests.contract.governed_asking import told_no
from tests.contract.governed_facts import Consent, Held
from tests.contract.governed_oracle import Oracle, covers
from tests.contract.governed_policies import Policies
from tests.contract.governed_readers import answers_agree, drafts, explanation_agrees, feed_agrees
from tests.contract.governed_waiting import COOL_OFF_S, Waiting
from tests.contract.governed_world import BODIES, CLAIMS, NAMES, PATTERNS, TEAMS, UPSTREAMS, VERSIONS, body_of
from tests.contract.governing import ADA, BEN, key_of, row_of, view
from tests.doubles.clock import FrozenClock

T = TypeVar("T")

_S: Final = 1_000_000
_LONGEST_S: Final = 12

# Few names, decided about often: what goes wrong takes several things that happen to one of them.
_some_names = st.sampled_from(("com.acme/pay", *NAMES))
_some_versions = st.sampled_from(VERSIONS)
_bodies = st.sampled_from(BODIES)
_seconds = st.integers(1, _LONGEST_S)
_audiences = st.none() | st.none() | st.sets(st.sampled_from(TEAMS), max_size=2).map(lambda teams: tuple(sorted(teams)))
_picks = st.integers(0, 100)


class Governed(Policies, Waiting):
    """One store, and the oracle beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.loop = asyncio.Runner()
        self.clock = FrozenClock(NOW_US)
        self.oracle = Oracle(TEAMS)
        self.store: Any = None  # a SqliteStore once it is open
        self.sequence = 0
        self.fed: dict[str, dict[tuple[str, str], bytes]] = {team: {} for team in TEAMS}
        self.newest: dict[str, int] = dict.fromkeys(TEAMS, 0)

    def teardown(self) -> None:
        if self.store is not None:
            self.loop.run(self.store.aclose())
        self.loop.close()
        self.place.cleanup()

    # --- doing something on both sides ---

    def wait(self, work: Awaitable[T]) -> T:
        async def waited() -> T:
            return await work

        return self.loop.run(waited())

    def do(self, command: Callable[[Transaction], Done[T]]) -> T:
        self.oracle.moves_on()

        async def done() -> T:
            value = await perform(self.store, command, durable=False)
            await follow_all(self.store)
            return value

        return self.loop.run(done())

    def touched(self, *names: str) -> None:
        self.oracle.touched(names, self.clock.now_us())

    @initialize(claims=st.sampled_from(CLAIMS), lasts_s=st.none() | _seconds)
    def begin(self, claims: dict[str, tuple[str, ...]], lasts_s: int | None) -> None:
        self.store = self.wait(SqliteEngine().open(Path(self.place.name), self.clock))
        for team in TEAMS[1:]:
            self.do(lambda transaction, t=team: make_team(transaction, t, description="", actor=ADA))  # type: ignore[misc]  # bound per round
        self.configure(claims, UPSTREAMS, 0)
        self.grant("backend", "*")
        self.grant("data", "com.acme/*")
        for name in NAMES:
            # The last comes later, if it does, and waits.
            for version in VERSIONS[:-1]:
                self.upstream_lists("official", name, version, "alpha", "active")
                self.upstream_lists("internal", name, version, "beta", "active")
            self.ask(name, None, None, lasts_s, at_once=True)
        self.configure(claims, UPSTREAMS, COOL_OFF_S)

    @rule(claims=st.sampled_from(CLAIMS), kept=st.sampled_from([UPSTREAMS, UPSTREAMS, ("official",)]),
          cool_off_s=st.sampled_from([COOL_OFF_S, COOL_OFF_S, COOL_OFF_S // 2, 0]))  # fmt: skip
    def configure(self, claims: dict[str, tuple[str, ...]], kept: tuple[str, ...], cool_off_s: int) -> None:
        sources: list[Source] = [
            source(name, precedence, *claims.get(name, ()), cool_off_us=0 if name == PRIVATE else cool_off_s * _S)
            for precedence, name in enumerate((PRIVATE, *UPSTREAMS))
            if name in (PRIVATE, *kept)
        ]
        changed = self.oracle.configured(sources)
        self.do(lambda transaction: configure_sources(transaction, [(each, "http") for each in sources]))
        while self.do(lambda transaction: project_pending(transaction, limit=2)):
            pass
        if changed:
            self.touched(*self.oracle.names)

    @rule(name=_some_names, body=_bodies)
    def upstreams_change(self, name: str, body: str) -> None:
        """Every source has other documents now, under the same versions."""
        for of in UPSTREAMS:
            for version in VERSIONS:
                self.upstream_lists(of, name, version, body, "active")

    @rule(of=st.sampled_from(UPSTREAMS), name=_some_names, version=_some_versions, body=_bodies,
          status=st.sampled_from(["active"] * 4 + ["deprecated", "deleted"]))  # fmt: skip
    def upstream_lists(self, of: str, name: str, version: str, body: str, status: str) -> None:
        if of not in self.oracle.sources:
            return
        self.sequence += 1
        batch = Batch(entries=[entry(name, version, description=body, body=body, status=Status(status))])
        current = run(self.sequence, upstream=of, kind=RunKind.INCREMENTAL)
        self.do(lambda transaction: apply_changes(transaction, current, batch, advance=lambda progressed: progressed))
        held = Held(body=body, status=status)
        if self.oracle.lists(of, name, version, held, published_us=NOW_US, now_us=self.clock.now_us()):
            self.touched(name)

    @rule(pick=_picks)
    def upstream_withdraws(self, pick: int) -> None:
        listed = [key for key, held in self.oracle.entries.items() if key[0] != PRIVATE and not held.withdrawn]
        if not listed:
            return
        key = listed[pick % len(listed)]
        of, name, version = key
        self.sequence += 1

        def withdraw(transaction: Transaction) -> Done[None]:
            others = [(n, v) for s, n, v in listed if s == of and (n, v) != (name, version)]
            seen = transaction.held(of, others).values()
            transaction.mark_seen([each.id for each in seen], seen_in=self.sequence)
            _, names = transaction.withdraw_unseen(of, seen_in=self.sequence, limit=10)
            project_views(transaction, names)
            return Done(value=None)

        self.do(withdraw)
        self.oracle.entries[key].withdrawn = True
        self.touched(name)

    @rule(name=_some_names, version=_some_versions, body=_bodies)
    def publish(self, name: str, version: str, body: str) -> None:
        publication = Publication(entry=entry(name, version, description=body, body=body, published_us=None))
        change = Change(actor=ADA, now_us=self.clock.now_us())
        try:
            self.do(lambda transaction: publish(transaction, publication, change))
        except ChangeRefused:
            return
        self.oracle.entries[PRIVATE, name, version] = Held(body=body)
        self.touched(name)

    @rule(pick=_picks, status=st.sampled_from(Status))
    def publisher_sets_status(self, pick: int, status: Status) -> None:
        ours = [key for key in self.oracle.entries if key[0] == PRIVATE]
        if not ours:
            return
        _, name, version = key = ours[pick % len(ours)]
        change = Change(actor=ADA, now_us=self.clock.now_us())
        try:
            self.do(lambda t: set_status(t, ServerName(name), version, WantedStatus(status=status), change))
        except (Invalid, NotFound, Refused):
            return
        self.oracle.entries[key].status = status.value
        self.touched(name)

    # --- decisions ---

    @rule(team=st.sampled_from(TEAMS), pattern=st.sampled_from(PATTERNS))
    def grant(self, team: str, pattern: str) -> None:
        try:
            given = self.do(lambda transaction: grant_access(transaction, team, pattern, reason="", actor=ADA))
        except Conflict:
            assert (team, pattern) in self.oracle.grants.values()
            return
        self.oracle.grants[given.id] = (team, pattern)
        self._looked_at(pattern)

    @rule(pick=_picks)
    def revoke_grant(self, pick: int) -> None:
        if self.oracle.grants:
            grant_id = list(self.oracle.grants)[pick % len(self.oracle.grants)]
            self.do(lambda transaction: revoke_access(transaction, grant_id, reason="", actor=ADA))
            self._looked_at(self.oracle.grants.pop(grant_id)[1])

    def _looked_at(self, pattern: str) -> None:
        for name in self.oracle.names:
            if covers(pattern, name):
                self.oracle.looked_at(name, self.clock.now_us())

    @rule(name=_some_names, versions=st.none() | st.tuples(_some_versions), audience=_audiences,
          lasts_s=st.none() | _seconds, at_once=st.sampled_from([True, True, False]))  # fmt: skip
    def ask(
        self,
        name: str,
        versions: tuple[str, ...] | None,
        audience: tuple[str, ...] | None,
        lasts_s: int | None,
        at_once: bool,
    ) -> None:
        expires_us = None if lasts_s is None else self.clock.now_us() + lasts_s * _S
        wanted = Wanted(name=ServerName(name), versions=versions, audience=audience, expires_us=expires_us)
        there = self.oracle.of_owner(name)
        said = [version for version in there if versions is None or version in versions]
        command = approve_now if at_once else request_approval
        waits = any(
            consent.name == name and consent.state == "requested" and consent.draft is None
            for consent in self.oracle.consents.values()
        )
        teams = None if audience is None else frozenset(audience)
        no = told_no(self.oracle, BEN.subject, name, said, teams, now_us=self.clock.now_us())
        try:
            approval: Approval = self.do(lambda transaction: command(transaction, wanted, reason="", actor=BEN))
        except NotFound:
            assert not said
            return
        except Refused:
            assert at_once, "asking is never refused"
            assert waits or no, "only what he asked for himself is refused to him"
            return
        assert not (at_once and (waits or no)), "he decided about what he asked for himself"
        owner = self.oracle.owner(name) or ""
        self.oracle.consents[approval.id] = Consent(
            name=name,
            says={(name, version, there[version].body): (owner, 0) for version in said},
            audience=teams,
            expires_us=expires_us,
            state="requested",
            asked_by=BEN.subject,
        )
        if at_once:
            self._in_force(approval.id, by=BEN.subject)

    @rule(pick=_picks)
    def approve(self, pick: int) -> None:
        asked = [key for key, consent in self.oracle.consents.items() if consent.state == "requested"]
        if not asked:
            return
        key = asked[pick % len(asked)]
        try:
            self.do(lambda transaction: approve(transaction, key, reason="", actor=ADA))
        except Invalid:
            assert (self.oracle.consents[key].expires_us or 0) <= self.clock.now_us()
            return
        except Refused:
            return  # she published it
        self._in_force(key, by=ADA.subject)

    def _in_force(self, key: str, *, by: str) -> None:
        consent = self.oracle.consents[key]
        consent.state, consent.number, consent.decided_by = "approved", self.oracle.number(), by
        self.oracle.supersede(key)
        self.touched(consent.name)

    @rule(pick=_picks)
    def reject(self, pick: int) -> None:
        asked = [key for key, consent in self.oracle.consents.items() if consent.state == "requested"]
        if asked:
            key = asked[pick % len(asked)]
            self.do(lambda transaction: reject(transaction, key, reason="", actor=ADA))
            consent = self.oracle.consents[key]
            consent.state, consent.decided_by = "rejected", ADA.subject
            self.touched(consent.name)

    @rule(pick=_picks)
    def revoke_approval(self, pick: int) -> None:
        given = [key for key, consent in self.oracle.consents.items() if consent.state == "approved"]
        if given:
            key = given[pick % len(given)]
            consent = self.oracle.consents[key]
            self.do(lambda transaction: revoke_approval(transaction, key, reason="", actor=ADA))
            consent.state = "revoked"
            self.touched(*(self.oracle.names if consent.rule else [consent.name]))

    @rule(pattern=st.sampled_from(PATTERNS), without=st.booleans())
    def make_rule(self, pattern: str, without: bool) -> None:
        try:
            made = self.do(lambda t: make_rule(t, pattern, pattern, reason="", actor=ADA, without_cool_off=without))
        except Conflict:
            assert pattern in [of for of, _ in self.oracle.rules.values()]
            return
        self.oracle.rules[made.id] = (pattern, made.approval)
        number = self.oracle.number()
        self.oracle.consents[made.approval] = Consent(name="", says={}, number=number, rule=True, without=without)
        self.touched(*(name for name in self.oracle.names if covers(pattern, name)))

    @rule(pick=_picks)
    def end_rule(self, pick: int) -> None:
        if self.oracle.rules:
            rule_id = list(self.oracle.rules)[pick % len(self.oracle.rules)]
            self.do(lambda transaction: end_rule(transaction, rule_id, reason="", actor=ADA))
            del self.oracle.rules[rule_id]

    @rule(name=_some_names, version=st.none() | _some_versions)
    def block(self, name: str, version: str | None) -> None:
        key = (name, version)
        if key in self.oracle.blocks:
            self.do(lambda transaction: unblock(transaction, ServerName(name), version, reason="", actor=ADA))
            self.oracle.blocks.discard(key)
        else:
            self.do(lambda transaction: block(transaction, ServerName(name), version, reason="", actor=ADA))
            self.oracle.blocks.add(key)
        self.touched(name)

    # --- time ---

    @rule(seconds=_seconds)
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.integers(-_LONGEST_S, _LONGEST_S))
    def clock_is_set(self, seconds: int) -> None:
        self.clock.step_to(self.clock.now_us() + seconds * _S)

    # --- what must hold after every step ---

    @invariant()
    def every_reader_sees_what_the_rule_says(self) -> None:
        if self.store is not None:
            self.wait(self._compare())

    async def _compare(self) -> None:
        for team in TEAMS:
            expected = self.oracle.read(team, self.clock.now_us())
            await settled(self.store, team)
            items = {
                key_of(item): item for item in await walk(view(self.store, team), Query(limit=3, include_deleted=True))
            }
            assert {key: row_of(item) for key, item in items.items()} == expected, team
            await answers_agree(self.store, team, NAMES, VERSIONS, BODIES, items=items)
            self.newest[team] = await feed_agrees(self.store, team, self.fed[team], self.newest[team], items=items)
            explanation_agrees(self.store, team, NAMES, now_us=self.clock.now_us(), expected=expected)
        self._drafts_agree()
        assert (await compare(self.store, self.clock)).differences == ()

    def _drafts_agree(self) -> None:
        """What waits beside approvals, and what policies approved of it; the oracle learns the ids."""
        expected, found = self.oracle.drafts(), drafts(self.store, NAMES, body_of)
        assert found.keys() == expected.keys()
        for key, approval_id in found.items():
            self.oracle.renamed(expected[key], approval_id)


_QUICK: Final = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
_THOROUGH: Final = settings(
    max_examples=1000,
    stateful_step_count=60,
    derandomize=False,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TestGoverned = Governed.TestCase
TestGoverned.settings = _QUICK


class Thorough(Governed):
    """The same, for minutes."""


TestGovernedThoroughly = pytest.mark.long(Thorough.TestCase)
TestGovernedThoroughly.settings = _THOROUGH
