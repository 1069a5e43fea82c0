"""What operators read: how the mirror, the jobs and the store are doing. The same for the API and the command line.

Instants are RFC 3339 texts here, None where it has not happened.
"""

from collections.abc import Mapping, Sequence

import msgspec

from registry import RELEASE
from registry.clock import Clock
from registry.findings import FindingsSummary, findings_summary
from registry.outbox.report import WebhookReport, webhook_reports
from registry.settings.webhooks import WebhookSettings
from registry.store.interface import Snapshot
from registry.store.records import Growth, Run, SourceState
from schemas.rfc3339 import format_instant
from schemas.validation.issue import Severity

_JOBS = "jobs"
_LATEST_RUNS = 5
_MOST_COUNTED = 1000


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a sync run did. `duration_s` is None until it has ended; `reason` says why it did not complete.

    `seen` and `expected` tell how far it is: entries so far, and how many the last full walk saw.
    """

    run: str
    upstream: str
    kind: str
    state: str
    trigger: str
    actor: str
    requested_at: str | None
    started_at: str | None
    finished_at: str | None
    since: str | None
    accepts: str | None
    pages: int
    seen: int
    expected: int
    new: int
    changed: int
    withdrawn: int
    quarantined: int
    unchanged: int
    duration_s: float | None
    reason: str | None

    @property
    def ended(self) -> bool:
        """Whether it does not move by itself any more."""
        return self.state not in ("requested", "running")


class UpstreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    How far the mirror of one source has come, and its latest runs, newest first.

    `age_seconds` is since a run completed. `trouble` says why the latest did not, `trouble_since` since when none has.
    `refused`: how many names it offers that another source answers for, and nobody has decided about.
    """

    name: str
    kind: str
    configured: bool
    entries: int
    quarantined: int
    refused: int
    age_seconds: int | None
    completed_at: str | None
    full_at: str | None
    watermark: str | None
    trouble: str | None
    trouble_since: str | None
    runs: list[RunReport]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """`jobs`: the process that runs the schedule, None while there is none. `fault`: why writes fail at present."""

    release: str
    now: str
    upstreams: list[UpstreamReport]
    jobs: str | None
    store: Growth
    findings: FindingsSummary
    webhooks: list[WebhookReport]
    fault: str | None


class QuarantineItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that cannot be served. `excerpt` is its beginning as text, unreadable bytes replaced."""

    id: str
    upstream: str
    run: str
    reason: str
    name: str | None
    version: str | None
    digest: str
    size_bytes: int
    first_seen_at: str
    last_seen_at: str
    excerpt: str


class QuarantineReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is in quarantine, last seen first."""

    items: list[QuarantineItem]


def run_report(run: Run) -> RunReport:
    """*run* as it stands."""
    ended = run.started_us is not None and run.finished_us is not None
    # The host's clock may have stepped back meanwhile.
    duration_s = max(0, (run.finished_us or 0) - (run.started_us or 0)) / 1_000_000
    return RunReport(
        run=run.id,
        upstream=run.upstream,
        kind=run.kind.value,
        state=run.state.value,
        trigger=run.trigger,
        actor=run.actor,
        requested_at=_at(run.requested_us),
        started_at=_at(run.started_us),
        finished_at=_at(run.finished_us),
        since=_at(run.since_us),
        accepts=run.accepts,
        pages=run.pages,
        seen=run.seen,
        expected=run.expected,
        new=run.new,
        changed=run.changed,
        withdrawn=run.withdrawn,
        quarantined=run.quarantined,
        unchanged=run.unchanged,
        duration_s=duration_s if ended else None,
        reason=run.reason,
    )


def status(
    snapshot: Snapshot,
    clock: Clock,
    severities: Mapping[str, Severity],
    webhooks: Sequence[WebhookSettings],
    *,
    fault: str | None,
) -> Status:
    """
    How everything is doing now. Counts rows, so it costs more than a health check.

    Args:
        severities: What the organisation makes of rules of advice, by id.
        webhooks: Those of the configuration.
    """
    now_us = clock.now_us()
    lease = snapshot.lease(_JOBS)
    return Status(
        release=RELEASE,
        now=format_instant(now_us),
        upstreams=[_upstream_report(snapshot, state, now_us) for state in snapshot.source_states() if state.mirrored],
        jobs=lease.holder if lease is not None and lease.expires_us > now_us else None,
        store=snapshot.growth(),
        findings=findings_summary(snapshot, severities),
        webhooks=webhook_reports(snapshot, webhooks),
        fault=fault,
    )


def quarantine_report(snapshot: Snapshot, *, upstream: str | None, limit: int) -> QuarantineReport:
    """Up to *limit* of what is in quarantine, of one upstream or of all."""
    return QuarantineReport(
        items=[
            QuarantineItem(
                id=each.id,
                upstream=each.upstream,
                run=each.run,
                reason=each.reason,
                name=each.name,
                version=each.version,
                digest=f"sha256:{each.digest.hex()}",
                size_bytes=each.size_bytes,
                first_seen_at=format_instant(each.first_seen_us),
                last_seen_at=format_instant(each.last_seen_us),
                excerpt=each.excerpt[:1000].decode(errors="replace"),
            )
            for each in snapshot.quarantined(upstream=upstream, limit=limit)
        ]
    )


def _upstream_report(snapshot: Snapshot, state: SourceState, now_us: int) -> UpstreamReport:
    return UpstreamReport(
        name=state.source,
        kind=state.kind,
        configured=state.configured,
        entries=state.entries,
        quarantined=len(snapshot.quarantined(upstream=state.source, limit=_MOST_COUNTED)),
        refused=snapshot.firewall.undecided(state.source),
        age_seconds=None if state.synced_us is None else max(0, now_us - state.synced_us) // 1_000_000,
        completed_at=_at(state.synced_us),
        full_at=_at(state.full_us),
        watermark=_at(state.watermark_us),
        trouble=state.trouble,
        trouble_since=_at(state.trouble_us),
        runs=[run_report(run) for run in snapshot.runs(upstream=state.source, limit=_LATEST_RUNS)],
    )


def _at(instant_us: int | None) -> str | None:
    return None if instant_us is None else format_instant(instant_us)
