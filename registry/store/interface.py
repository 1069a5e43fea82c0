"""The contract of the store. Every promise here has a test in tests/contract, which runs on every engine.

- Identifiers compare by code point; instants are UTC in microseconds.
- A `Snapshot` answers from what is committed at the moment of each call. Its calls are short reads: at most a page.
- `Store.transact` runs an operation with a `Transaction`: all of what it wrote, or nothing. When it returns, the
  change is in force for everybody, in every process. Load what you decide on inside the operation.
- `Transaction.instant_us` is later than any instant in the file, also when the clock steps back.
- A `TeamView` is the catalog as one team may see it, and the only thing that edges read entries through.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from registry.audit.chain import Head, SealedEvent
from registry.audit.checkpoint import Checkpoint
from registry.audit.question import Found, Question
from registry.catalog.compat import Compat
from registry.catalog.entry import Entry, ServerName
from registry.catalog.overlay import Source
from registry.catalog.query import Detail, Page, Query
from registry.catalog.view import StoredEntry
from registry.store.capabilities import Capability
from registry.store.firewall import Firewall, FirewallReads
from registry.store.governance import Governance, GovernanceReads
from registry.store.records import (
    AuditEvent,
    DueDocument,
    EntryFinding,
    Finding,
    FindingPosition,
    FindingTotal,
    Growth,
    HeldEntry,
    Lease,
    Quarantined,
    Retention,
    Run,
    RunState,
    SourceState,
)
from registry.store.subjects import RevokedSubject
from registry.store.tokens import Token
from registry.store.webhooks import WebhookState
from schemas.validation.issue import Severity

T = TypeVar("T")

EVERYONE = "everyone"
"""The team that exists from the start and sees everything mirrored."""


class ViewState(msgspec.Struct, frozen=True, kw_only=True):
    """
    `generation`: see TeamView. `next_us`: when an answer changes by time alone, None for never; from then on the view
    must be settled before it is read (`registry.commands.settle`). `compat`: for which client its lists leave out what
    that one cannot decode; that is for whoever reads.
    """

    generation: str
    next_us: int | None
    compat: Compat | None = None


class TeamView(Protocol):
    """The catalog as one team may see it. Hidden and absent are the same: empty, or None."""

    @property
    def team(self) -> str: ...

    def state(self) -> ViewState: ...
    def generation(self) -> str:
        """A text that changes whenever any answer of this view may, also after a restore of the file."""

    async def page(self, query: Query) -> Page:
        """Items in order of tier, name and version. Raises StoreBusy if it would take too long."""

    async def versions(self, name: ServerName, *, include_deleted: bool) -> list[bytes]:
        """All items of a name, newest published first; empty if there are none. Raises StoreBusy as `page` does."""

    def version(self, name: ServerName, version: str, *, include_deleted: bool) -> bytes | None: ...

    def detail(self, name: ServerName, version: str, *, include_deleted: bool) -> Detail | None:
        """The item of that version, or with LATEST the flagged one, and what was found in its document."""

    def latest(self, name: ServerName, *, include_deleted: bool) -> bytes | None:
        """The flagged item. A deleted one only if asked for."""


class Snapshot(Protocol):
    """Short reads of what is committed."""

    @property
    def governance(self) -> GovernanceReads:
        """Teams, grants, approvals, rules and blocks."""

    @property
    def firewall(self) -> FirewallReads:
        """What is held back, whoever approved it."""

    def team_exists(self, team: str) -> bool: ...
    def sources(self) -> list[Source]:
        """The configured sources, by precedence."""

    def source_states(self) -> list[SourceState]: ...
    def held(self, source: str, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], HeldEntry]: ...
    def sources_having(self, name: ServerName) -> list[str]: ...
    def remembered(self, name: ServerName) -> str | None: ...
    def entries(self, source: str, name: ServerName) -> list[StoredEntry]: ...
    def entries_between(
        self, source: str, low: str, high: str, *, after: tuple[str, str], limit: int
    ) -> list[tuple[ServerName, StoredEntry]]:
        """Entries of *source* whose names are in [low, high), strictly after (name, version), in that order."""

    def names_between(self, low: str, high: str, *, after: str, limit: int) -> list[ServerName]:
        """Names of any source that are in [low, high), strictly after *after*, in their order."""

    def remote_user(self, url: str, *, but: ServerName) -> ServerName | None:
        """Another name than *but* with a private version that is not deleted and has a remote at exactly *url*."""

    def remote_urls(self, entry_id: int) -> list[str]:
        """Where a published entry says it can be reached."""

    def document(self, document_id: int) -> bytes:
        """The document a StoredEntry points to, verbatim."""

    def run(self, run_id: str) -> Run | None: ...
    def runs(self, *, upstream: str | None, limit: int, before: int | None = None) -> list[Run]:
        """Newest first; *before* is a run's sequence."""

    def runs_in(self, state: RunState) -> list[Run]:
        """Oldest first."""

    def quarantined(self, *, upstream: str | None, limit: int) -> list[Quarantined]:
        """Last seen first."""

    def lease(self, name: str) -> Lease | None: ...
    def audit_events(self, *, limit: int) -> list[tuple[int, int, AuditEvent]]:
        """(number, instant, event), newest first."""

    def audit_head(self) -> Head:
        """Where the chain ends, as it is kept beside it."""

    def sealed_events(self, *, after: int, limit: int) -> list[SealedEvent]:
        """Those behind that number, oldest first, as they were sealed."""

    def misfiled_events(self, *, after: int, limit: int) -> list[int]:
        """The numbers of those, among the next *limit*, that would be found as something else than they are."""

    def found_events(self, question: Question, *, before: int | None, limit: int) -> Found:
        """
        Up to *limit* of what is asked for, newest first. Reads some thousand events at most; not for the event loop.

        Args:
            before: The number of an event that was found, or `further`; None: from the newest on.
        """

    def checkpoints(self, *, after: int, limit: int) -> list[Checkpoint]:
        """Those behind that number, oldest first."""

    def last_checkpoint(self) -> Checkpoint | None: ...
    def audit_payload(self, sequence: int) -> tuple[bytes, bytes] | None:
        """Salt and body of what was sealed apart from that event; None if there is none, or it was erased."""

    def token(self, public_id: str) -> Token | None:
        """In force or not; on record is every token that was ever issued."""

    def tokens(self, *, owner: str | None, limit: int, before: tuple[int, str] | None = None) -> list[Token]:
        """Of one owner or of all, newest first, those of one instant by id; *before* is a token's position."""

    def capability(self, capability_id: str) -> Capability | None:
        """In force or not; on record is every one that was ever issued."""

    def capability_of(self, digest: bytes) -> Capability | None:
        """The same, by the digest of its address."""

    def capabilities(self, *, team: str | None, limit: int, before: str | None = None) -> list[Capability]:
        """Of one team or of all, newest first; *before* is an id."""

    def revoked_subject(self, subject: str) -> RevokedSubject | None:
        """None if it is not revoked, or was reinstated."""

    def revoked_subjects(self, *, after: str, limit: int) -> list[RevokedSubject]:
        """By subject, strictly after *after*."""

    def webhook(self, name: str) -> WebhookState | None:
        """None for one that was never configured, or is not any more."""

    def webhooks(self) -> list[WebhookState]:
        """In the order of their names."""

    def unjudged(self, *, revision: int, most: int | None = None) -> int:
        """How many documents of entries that are not withdrawn no rules of *revision* or later were asked about."""

    def due_documents(self, *, revision: int, limit: int) -> list[DueDocument]:
        """Those documents: first what was never judged."""

    def findings(
        self,
        *,
        rules: Collection[str],
        source: str | None = None,
        name: str | None = None,
        after: FindingPosition | None = None,
        limit: int,
    ) -> list[EntryFinding]:
        """What breaks one of *rules*, by rule and age of the document. Withdrawn entries have no findings."""

    def found_in(self, document_id: int, *, revision: int) -> list[tuple[str, Severity]] | None:
        """The rules it breaks, with severities of their own; None if those of *revision* were not asked about it."""

    def finding_totals(self) -> list[FindingTotal]:
        """Of every rule that is broken anywhere, by rule."""

    def growth(self, *, counted: bool = True) -> Growth:
        """Sizes; and how many rows of each kind there are, unless *counted* is false: that reads all of them."""


class Transaction(Snapshot, Protocol):
    """One change, whole. Not to be kept beyond the operation it was given to."""

    @property
    def governance(self) -> Governance: ...
    @property
    def firewall(self) -> Firewall: ...
    @property
    def now_us(self) -> int:
        """What the clock says. Decides what is in force; what is written gets `instant_us`."""

    @property
    def instant_us(self) -> int:
        """The instant of this change: one for the whole transaction."""

    def put_sources(self, sources: Sequence[tuple[Source, str]]) -> None:
        """Make exactly these (source, kind) the configured ones. What others had stays, unconfigured."""

    def put_source_state(self, state: SourceState) -> None: ...
    def put_entry(self, source: str, entry: Entry, *, seen_in: int, fresh_from_us: int | None = None) -> int:
        """
        Store the entry and its document; a document it had before is remembered as superseded. The entry's id.

        `fresh_from_us`: what the cool-off of a new entry counts from. One that is there keeps its own.
        """

    def put_publication(self, entry_id: int, *, subject: str, remote_urls: Collection[str]) -> None:
        """Who published the entry, or else, where that is known already, edited it; and where it can be reached."""

    def change_status(self, entry_id: int, status: str, message: str | None, *, status_changed_us: int) -> None:
        """Set these facts of an entry, at the instant of this change."""

    def mark_seen(self, entry_ids: Iterable[int], *, seen_in: int) -> None:
        """These were listed again, unchanged; a withdrawal of theirs is over."""

    def count_unseen(self, source: str, *, seen_in: int) -> int:
        """How many entries that are not withdrawn the run *seen_in* has not seen."""

    def withdraw_unseen(self, source: str, *, seen_in: int, limit: int) -> tuple[int, list[ServerName]]:
        """Mark up to *limit* of those as withdrawn; how many, and the names they belong to."""

    def names_of(self, source: str, *, after: str, limit: int) -> list[ServerName]: ...
    def names(self, *, after: str, limit: int) -> list[ServerName]:
        """Names of any source, in their order."""

    def unprojected(self) -> str | None:
        """The name behind which views still follow an earlier configuration; None if all follow the present one."""

    def put_unprojected(self, after: str | None) -> None: ...
    def remember(self, name: ServerName, source: str) -> None: ...
    def put_run(self, run: Run) -> None: ...
    def next_sequence(self) -> int: ...
    def put_quarantined(self, quarantined: Quarantined) -> bool:
        """
        Same upstream, same bytes, same reason: the first sighting stays, the last one moves.

        At most 1,000 are kept of an upstream, those seen last.

        Returns whether this is the first sighting.
        """

    def bucket(self, key: str) -> int:
        """The state of a rate limit's bucket, nanoseconds since 1970 (`policy.ratelimit`); 0 for a new one."""

    def put_bucket(self, key: str, tat_ns: int) -> None: ...

    def put_findings(self, digest: bytes, findings: Sequence[Finding], *, revision: int) -> None:
        """
        These and no others are what the rules of *revision* find in the document; nothing if no entry lists it now.

        A judgement by older rules than the stored one is dropped.
        """

    def names_with(self, digests: Collection[bytes]) -> list[ServerName]:
        """The names of entries that have one of these documents."""

    def take_lease(self, name: str, *, holder: str, now_us: int, ttl_us: int) -> Lease | None:
        """Take or renew; None if somebody else holds it and it has not expired."""

    def release_lease(self, name: str, *, holder: str) -> None: ...
    def put_token(self, token: Token) -> None:
        """Keep *token*, or what has become of it: owner and instant of creation never change."""

    def put_capability(self, capability: Capability) -> None:
        """Keep *capability*, or what has become of it: team, digest and instant of creation never change."""

    def put_revoked_subject(self, revoked: RevokedSubject) -> None: ...
    def reinstate_subject(self, subject: str) -> None:
        """Nothing is known of a revocation of *subject* any more."""

    def put_webhook(self, state: WebhookState) -> None: ...
    def forget_webhook(self, name: str) -> None: ...
    def spend_proof(self, digest: bytes, *, expires_us: int, now_us: int) -> bool:
        """
        Remember *digest*, 32 bytes of something that may be used once, at least until *expires_us*.

        False if it was there already. Forgets some of what expired before *now_us*.
        """

    def append_audit(self, event: AuditEvent, *, payload: bytes | None = None) -> SealedEvent:
        """
        Seal *event* as the next of the chain, at the instant of this change; nothing removes or changes it.

        Args:
            payload: What is sealed apart: the chain holds a salted digest of it, and goes on without it.
        """

    def put_checkpoint(self, checkpoint: Checkpoint) -> None: ...
    def erase_audit_payload(self, sequence: int) -> bool:
        """Forget what was sealed apart from that event; whether there was something. The chain stays whole."""

    def sweep(self, retention: Retention, *, limit: int) -> int:
        """Delete up to *limit* rows of each kind that may go; how many went."""


class Copy(Protocol):
    """A consistent, verified copy of the store, as a backup writes it, to be read once from beginning to end."""

    @property
    def size_bytes(self) -> int: ...
    @property
    def sha256(self) -> bytes:
        """Of all of it, before anything was read."""

    async def read(self, count: int) -> bytes:
        """The next *count* bytes, fewer at the end, none behind it."""


class Store(Protocol):
    """A store that is open in this process."""

    def snapshot(self) -> Snapshot: ...
    def view(self, team: str) -> TeamView | None:
        """None if there is no such team."""

    async def ask(self, question: Callable[[Snapshot], T]) -> T:
        """Answer a question that takes longer than a page, away from the event loop. Raises StoreBusy."""

    async def transact(self, operation: Callable[[Transaction], T], *, durable: bool = True) -> T:
        """
        Run *operation* in a transaction and wait for its commit.

        Args:
            durable: False for what can be fetched again: a crash of the host, not of the process, may lose it.

        Raises:
            StoreFull: no space is left; nothing was written.
            StoreBusy: it did not get its turn in time; nothing was written.
        """

    @property
    def fault(self) -> str | None:
        """Why writes fail at present, in words; None while they work."""

    async def backup(self, target: Path) -> int:
        """Write a consistent, verified copy to *target*, which must not exist; its size in bytes."""

    def copy(self) -> AbstractAsyncContextManager[Copy]:
        """
        A copy that is gone when the context is left, or this process ends. One at a time, over all processes.

        Raises, on entering:
            Throttled: one is being made or read.
            StoreFull: there is no space for it.
            StoreFault: it could not be made, or is not sound.
        """

    async def aclose(self) -> None: ...
