"""Short reads of what is committed, on one connection."""

import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import msgspec

from registry.catalog.entry import SourceId
from registry.catalog.overlay import Source
from registry.store.records import (
    AuditEvent,
    DueDocument,
    EntryFinding,
    FindingPosition,
    FindingTotal,
    Growth,
    Lease,
    Quarantined,
    Run,
    RunState,
    SourceState,
)
from registry.store.sqlite import findings as found
from registry.store.sqlite import operations as sql
from registry.store.sqlite import queries
from registry.store.sqlite.readers import unreadable
from registry.store.sqlite.rows import Row, entry_finding
from schemas.validation.issue import Severity

run_decoder: Final = msgspec.json.Decoder(Run)
quarantined_decoder: Final = msgspec.msgpack.Decoder(Quarantined)
audit_decoder: Final = msgspec.json.Decoder(AuditEvent)
_BEFORE_ALL: Final = FindingPosition(rule="", document=0, entry=0)


class SqliteSnapshot:
    """Answers from what is committed at the moment of each call."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def team_exists(self, team: str) -> bool:
        return self._row(queries.VIEW, {"team": team}) is not None

    def sources(self) -> list[Source]:
        return [
            Source(id=SourceId(name), precedence=precedence, claims=tuple(msgspec.json.decode(claims)))
            for name, precedence, claims in self._rows(sql.SOURCES)
        ]

    def source_states(self) -> list[SourceState]:
        return [
            SourceState(
                source=row[0],
                kind=row[1],
                configured=bool(row[2]),
                watermark_us=row[3],
                full_us=row[4],
                full_count=row[5],
                synced_us=row[6],
                attempted_us=row[7],
                trouble=row[8],
                trouble_us=row[9],
                entries=row[10],
            )
            for row in self._rows(sql.SOURCE_STATES)
        ]

    def run(self, run_id: str) -> Run | None:
        row = self._row(sql.RUN, {"id": run_id})
        return None if row is None else run_decoder.decode(row[0])

    def runs(self, *, upstream: str | None, limit: int, before: int | None = None) -> list[Run]:
        bound = {"upstream": upstream, "limit": limit, "before": before if before is not None else (1 << 62)}
        statement = sql.RUNS if upstream is None else sql.RUNS_OF_UPSTREAM
        return [run_decoder.decode(row[0]) for row in self._rows(statement, bound)]

    def runs_in(self, state: RunState) -> list[Run]:
        rows = self._rows(sql.RUNS_IN_STATE, {"state": state.value})
        return [run_decoder.decode(row[0]) for row in rows]

    def quarantined(self, *, upstream: str | None, limit: int) -> list[Quarantined]:
        statement = sql.QUARANTINE if upstream is None else sql.QUARANTINE_OF_UPSTREAM
        rows = self._rows(statement, {"upstream": upstream, "limit": limit})
        return [quarantined_decoder.decode(row[0]) for row in rows]

    def lease(self, name: str) -> Lease | None:
        row = self._row(sql.LEASE, {"name": name})
        return None if row is None else Lease(name=name, holder=row[0], fence=row[1], expires_us=row[2])

    def audit_events(self, *, limit: int) -> list[tuple[int, int, AuditEvent]]:
        rows = self._rows(sql.AUDIT_EVENTS, {"limit": limit})
        return [(row[0], row[1], audit_decoder.decode(row[2])) for row in rows]

    def unjudged(self, *, revision: int, most: int | None = None) -> int:
        bound = {"revision": revision, "most": most}
        return int(self._rows(found.UNJUDGED if most is None else found.UNJUDGED_UP_TO, bound)[0][0])

    def due_documents(self, *, revision: int, limit: int) -> list[DueDocument]:
        due = self._rows(found.NEVER_JUDGED, {"limit": limit})
        if len(due) < limit:
            due += self._rows(found.JUDGED_BEFORE, {"revision": revision, "limit": limit - len(due)})
        return [DueDocument(digest=digest, body=body) for digest, body in due]

    def findings(
        self,
        *,
        rules: Collection[str],
        source: str | None = None,
        name: str | None = None,
        after: FindingPosition | None = None,
        limit: int,
    ) -> list[EntryFinding]:
        after = after or _BEFORE_ALL
        statement = found.FINDINGS if source is None else found.FINDINGS_OF_SOURCE
        if name is not None:
            statement = found.FINDINGS_OF_NAME
        listed: list[EntryFinding] = []
        for rule in sorted(set(rules)):
            if rule < after.rule or len(listed) >= limit:
                continue
            begun = rule == after.rule
            bound = {
                "rule": rule,
                "document": after.document if begun else 0,
                "entry": after.entry if begun else 0,
                "source": source or "",
                "name": name,
                "limit": limit - len(listed),
            }
            listed += map(entry_finding, self._rows(statement, bound))
        return listed

    def finding_totals(self) -> list[FindingTotal]:
        totals = self._rows(found.FINDING_TOTALS)
        return [
            FindingTotal(rule=rule, severity=Severity(severity), documents=documents, issues=issues)
            for rule, severity, documents, issues in totals
        ]

    def growth(self, *, counted: bool = True) -> Growth:
        pages, page_bytes, free = (
            self._rows(statement)[0][0]
            for statement in ("PRAGMA page_count", "PRAGMA page_size", "PRAGMA freelist_count")
        )
        log = self._path.with_name(self._path.name + "-wal")
        return Growth(
            file_bytes=pages * page_bytes,
            log_bytes=log.stat().st_size if log.exists() else 0,
            free_bytes=free * page_bytes,
            rows={name: self._rows(statement)[0][0] for name, statement in sql.ROW_COUNTS.items()} if counted else {},
        )

    def _row(self, statement: str, bound: Mapping[str, object] | None = None) -> Row | None:
        rows = self._rows(statement, bound)
        return rows[0] if rows else None

    def _rows(self, statement: str, bound: Mapping[str, object] | None = None) -> list[Row]:
        try:
            return self._connection.execute(statement, bound or {}).fetchall()
        except sqlite3.Error as error:
            raise unreadable(error) from error
