"""What operators read: how the mirror, the jobs and the store are doing. The same for the API and the command line."""

import msgspec

from registry import RELEASE
from registry.clock import Clock
from registry.store.interface import Snapshot
from registry.store.records import Growth, Lease, Run, SourceState

_LATEST_RUNS = 5


class UpstreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """One source: how far its mirror has come, and its latest runs. `age_seconds` is since a run completed."""

    state: SourceState
    age_seconds: int | None
    quarantined: int
    runs: list[Run]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """`jobs`: the process that runs the schedule, None while there is none. `fault`: why writes fail at present."""

    release: str
    now_us: int
    upstreams: list[UpstreamReport]
    jobs: Lease | None
    store: Growth
    fault: str | None


def status(snapshot: Snapshot, clock: Clock, *, fault: str | None) -> Status:
    """How everything is doing now. Counts rows, so it costs more than a health check."""
    now_us = clock.now_us()
    lease = snapshot.lease("jobs")
    return Status(
        release=RELEASE,
        now_us=now_us,
        upstreams=[
            UpstreamReport(
                state=state,
                age_seconds=None if state.synced_us is None else max(0, now_us - state.synced_us) // 1_000_000,
                quarantined=len(snapshot.quarantined(upstream=state.source, limit=1000)),
                runs=snapshot.runs(upstream=state.source, limit=_LATEST_RUNS),
            )
            for state in snapshot.source_states()
        ],
        jobs=lease if lease is not None and lease.expires_us > now_us else None,
        store=snapshot.growth(),
        fault=fault,
    )


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
    first_seen_us: int
    last_seen_us: int
    excerpt: str


class QuarantineReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is in quarantine, last seen first."""

    items: list[QuarantineItem]


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
                first_seen_us=each.first_seen_us,
                last_seen_us=each.last_seen_us,
                excerpt=each.excerpt[:1000].decode(errors="replace"),
            )
            for each in snapshot.quarantined(upstream=upstream, limit=limit)
        ]
    )
