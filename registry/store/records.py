"""Shapes of what outlives a process and is not the catalog: sources, runs, quarantine, leases, the record.

Instants are microseconds since 1970 UTC, None where it has not happened.
"""

from enum import StrEnum
from typing import Protocol

import msgspec

from registry.audit.event import AuditEvent as AuditEvent
from registry.catalog.entry import Digest
from registry.catalog.overlay import PRIVATE
from schemas.validation.issue import Issue, Severity


class RunKind(StrEnum):
    FULL = "full"
    INCREMENTAL = "incremental"


class RunState(StrEnum):
    """`refused`: the walk ended well and would have withdrawn an implausible share, so nothing was withdrawn."""

    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"
    REFUSED = "refused"


ENDED = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.ABANDONED, RunState.REFUSED})
"""The states in which a run does not move by itself any more."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """
    One sync run of one upstream.

    `sequence` numbers all runs of the file; an entry remembers the sequence of the last run that saw it. `cursor`
    is where a full walk goes on after a crash. `expected` is how many entries the last full walk saw. `accepts`
    names the refused run whose withdrawals this one may carry out. `unseen` is how many entries of the mirror a full
    walk did not meet: what a refused run would have withdrawn. `not_before_us`: the upstream asked for no request
    before then.
    """

    id: str
    sequence: int
    upstream: str
    kind: RunKind
    state: RunState
    trigger: str
    actor: str
    requested_us: int
    started_us: int | None = None
    finished_us: int | None = None
    since_us: int | None = None
    cursor: str | None = None
    pages: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    withdrawn: int = 0
    quarantined: int = 0
    unchanged: int = 0
    expected: int = 0
    unseen: int = 0
    newest_us: int | None = None
    accepts: str | None = None
    reason: str | None = None
    not_before_us: int | None = None


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """
    How far the mirror of one source has come.

    `watermark_us`: what the next incremental run asks for. `full_us`: when the last full walk was completed, and
    `full_count` how many entries it saw. `synced_us`: when a run last completed; the age of the mirror.
    `trouble` and `trouble_us`: why the last run did not complete, and since when no run has.
    """

    source: str
    kind: str
    configured: bool
    entries: int = 0
    watermark_us: int | None = None
    full_us: int | None = None
    full_count: int = 0
    synced_us: int | None = None
    attempted_us: int | None = None
    trouble: str | None = None
    trouble_us: int | None = None

    @property
    def mirrored(self) -> bool:
        """Whether it is an upstream; the private source is filled by publishing."""
        return self.kind != PRIVATE


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """Something an upstream sent that cannot be served. `excerpt` is its beginning, as sent."""

    id: str
    upstream: str
    run: str
    reason: str
    name: str | None
    version: str | None
    digest: bytes
    excerpt: bytes
    size_bytes: int
    first_seen_us: int
    last_seen_us: int


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Who runs the jobs. `fence` grows with every change of holder; a late writer with an old one is refused."""

    name: str
    holder: str
    fence: int
    expires_us: int


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """How large the store is, and what makes it grow: rows and bytes by what they are."""

    file_bytes: int
    log_bytes: int
    free_bytes: int
    rows: dict[str, int]


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """What may be deleted: everything of its kind that ended before the instant."""

    runs_before_us: int
    quarantine_before_us: int
    superseded_before_us: int
    buckets_full_before_us: int = 0
    audit_payloads_before_us: int = 0
    tokens_ended_before_us: int = 0


class DueDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document that the present rules have not been asked about."""

    digest: bytes
    body: bytes


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """
    One rule that a document breaks, at one place or several.

    `severity` is the rule's own, before an organisation has its say. `count` is how many places there are, `issues`
    the first of them.
    """

    rule: str
    severity: Severity
    count: int
    issues: tuple[Issue, ...]


class FindingPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Where a list of findings goes on: behind that one. The numbers mean something to the engine alone."""

    rule: str
    document: int
    entry: int


class EntryFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding on the document that an entry has at present."""

    source: str
    name: str
    version: str
    digest: bytes
    finding: Finding
    position: FindingPosition


class FindingTotal(msgspec.Struct, frozen=True, kw_only=True):
    """How many documents break a rule, at how many places. Documents that no entry lists any more do not count."""

    rule: str
    severity: Severity
    documents: int
    issues: int


class HeldEntry(Protocol):
    """What the store holds under a key of one source, as far as a comparison needs it."""

    @property
    def id(self) -> int: ...
    @property
    def digest(self) -> Digest: ...
    @property
    def facts(self) -> tuple[object, ...]:
        """Status, message, status change, publication and source update, as `entry_facts` gives them."""

    @property
    def withdrawn(self) -> bool: ...
