"""Short reads of what is committed, on one connection."""

import sqlite3
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from registry.audit.chain import Head, SealedEvent
from registry.audit.checkpoint import Checkpoint
from registry.audit.event import AuditEvent, decode_event
from registry.audit.question import Found, Question
from registry.catalog.entry import ServerName, SourceId
from registry.catalog.overlay import Source
from registry.catalog.view import StoredEntry
from registry.store.capabilities import Capability
from registry.store.records import (
    DueDocument,
    EntryFinding,
    FindingPosition,
    FindingTotal,
    Growth,
    HeldEntry,
    Lease,
    Quarantined,
    Run,
    RunState,
    SourceState,
)
from registry.store.sqlite import announcing, queries, record, rows, sealing
from registry.store.sqlite import findings as finding_sql
from registry.store.sqlite import operations as sql
from registry.store.sqlite import subjects as subject_sql
from registry.store.sqlite.firewall import SqliteFirewallReads
from registry.store.sqlite.governance_reads import SqliteGovernanceReads
from registry.store.sqlite.readers import unreadable
from registry.store.sqlite.rows import Row, entry_finding
from registry.store.subjects import RevokedSubject
from registry.store.tokens import Token
from registry.store.webhooks import WebhookState
from schemas.validation.issue import Severity

T = TypeVar("T")

run_decoder: Final = msgspec.json.Decoder(Run)
quarantined_decoder: Final = msgspec.msgpack.Decoder(Quarantined)
_token: Final = lru_cache(maxsize=4096)(msgspec.msgpack.Decoder(Token).decode)
_capability: Final = lru_cache(maxsize=4096)(msgspec.msgpack.Decoder(Capability).decode)
_revoked_subject: Final = msgspec.msgpack.Decoder(RevokedSubject).decode
_webhook: Final = msgspec.msgpack.Decoder(WebhookState).decode
_AFTER_EVERY_ID: Final = "\U0010ffff"
_NEWEST: Final = (1 << 62, "")
_BEFORE_ALL: Final = FindingPosition(rule="", document=0, entry=0)


class SqliteSnapshot:
    """Answers from what is committed at the moment of each call."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._source_ids: dict[str, int] = {}
        self._governance: SqliteGovernanceReads | None = None

    @property
    def governance(self) -> SqliteGovernanceReads:
        if self._governance is None:
            self._governance = SqliteGovernanceReads(self._connection)
        return self._governance

    @property
    def firewall(self) -> SqliteFirewallReads:
        return SqliteFirewallReads(self._connection)

    def team_exists(self, team: str) -> bool:
        return self._row(queries.VIEW, {"team": team}) is not None

    def sources(self) -> list[Source]:
        return [
            Source(
                id=SourceId(name),
                precedence=precedence,
                claims=tuple(msgspec.json.decode(claims)),
                cool_off_us=cool_off_us,
            )
            for name, precedence, claims, cool_off_us in self._rows(sql.SOURCES)
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

    def held(self, source: str, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], HeldEntry]:
        source_id = self._source_id(source)
        found: dict[tuple[str, str], HeldEntry] = {}
        for name, version in keys:
            bound = {"source": source_id, "name": name, "version": version}
            row = self._connection.execute(queries.HELD, bound).fetchone()
            if row is not None:
                found[name, version] = rows.held_row(row)
        return found

    def entries(self, source: str, name: ServerName) -> list[StoredEntry]:
        bound = {"source": self._source_id(source), "name": name}
        return [rows.stored_entry(row) for row in self._connection.execute(queries.ENTRIES_OF_NAME, bound)]

    def sources_having(self, name: ServerName) -> list[str]:
        return [row[0] for row in self._rows(queries.SOURCES_HAVING, {"name": name})]

    def remembered(self, name: ServerName) -> str | None:
        row = self._connection.execute(queries.REMEMBERED, {"name": name}).fetchone()
        return None if row is None else row[0]

    def names_between(self, low: str, high: str, *, after: str, limit: int) -> list[ServerName]:
        # Strictly after: what begins a range is in it.
        bound = {"low": low, "high": high, "after": after, "limit": limit}
        statement = queries.NAMES_FROM if after < low else queries.NAMES_BETWEEN
        return [ServerName(row[0]) for row in self._connection.execute(statement, bound)]

    def remote_user(self, url: str, *, but: ServerName) -> ServerName | None:
        row = self._row(queries.REMOTE_USER, {"url": url, "name": but})
        return None if row is None else ServerName(row[0])

    def entries_between(
        self, source: str, low: str, high: str, *, after: tuple[str, str], limit: int
    ) -> list[tuple[ServerName, StoredEntry]]:
        # No version is empty, so this is just before all of the lowest name.
        name, version = max(after, (low, ""))
        bound = {"source": self._source_id(source), "high": high, "limit": limit}
        found = self._rows(queries.ENTRIES_BETWEEN, bound | {"name": name, "version": version})
        return [(ServerName(row[0]), rows.stored_entry(row[1:])) for row in found]

    def remote_urls(self, entry_id: int) -> list[str]:
        return [row[0] for row in self._rows(queries.REMOTE_URLS, {"entry": entry_id})]

    def document(self, document_id: int) -> bytes:
        row = self._row(queries.DOCUMENT_BODY, {"id": document_id})
        if row is None:
            raise ValueError(f"there is no document {document_id}")
        return bytes(row[0])

    def run(self, run_id: str) -> Run | None:
        row = self._row(sql.RUN, {"id": run_id})
        return None if row is None else run_decoder.decode(row[0])

    def runs(self, *, upstream: str | None, limit: int, before: int | None = None) -> list[Run]:
        bound = {"upstream": upstream, "limit": limit, "before": before if before is not None else (1 << 62)}
        statement = sql.RUNS if upstream is None else sql.RUNS_OF_UPSTREAM
        return [run_decoder.decode(row[0]) for row in self._rows(statement, bound)]

    def runs_in(self, state: RunState) -> list[Run]:
        found = self._rows(sql.RUNS_IN_STATE, {"state": state.value})
        return [run_decoder.decode(row[0]) for row in found]

    def quarantined(self, *, upstream: str | None, limit: int) -> list[Quarantined]:
        statement = sql.QUARANTINE if upstream is None else sql.QUARANTINE_OF_UPSTREAM
        found = self._rows(statement, {"upstream": upstream, "limit": limit})
        return [quarantined_decoder.decode(row[0]) for row in found]

    def lease(self, name: str) -> Lease | None:
        row = self._row(sql.LEASE, {"name": name})
        return None if row is None else Lease(name=name, holder=row[0], fence=row[1], expires_us=row[2])

    def audit_events(self, *, limit: int) -> list[tuple[int, int, AuditEvent]]:
        found = self._rows(record.EVENTS, {"limit": limit})
        return [(row[0], row[1], decode_event(row[2])) for row in found]

    def audit_head(self) -> Head:
        return self._answered(sealing.read_head)

    def sealed_events(self, *, after: int, limit: int) -> list[SealedEvent]:
        return [sealing.sealed_event(row) for row in self._rows(record.SEALED, {"after": after, "limit": limit})]

    def misfiled_events(self, *, after: int, limit: int) -> list[int]:
        found = self._rows(record.FILED, {"after": after, "limit": limit})
        return [row[0] for row in found if sealing.misfiled(row)]

    def found_events(self, question: Question, *, before: int | None, limit: int) -> Found:
        return self._answered(lambda connection: sealing.found(connection, question, before=before, limit=limit))

    def checkpoints(self, *, after: int, limit: int) -> list[Checkpoint]:
        return [sealing.checkpoint(row) for row in self._rows(record.CHECKPOINTS, {"after": after, "limit": limit})]

    def last_checkpoint(self) -> Checkpoint | None:
        row = self._row(record.LAST_CHECKPOINT)
        return None if row is None else sealing.checkpoint(row)

    def audit_payload(self, sequence: int) -> tuple[bytes, bytes] | None:
        row = self._row(record.PAYLOAD, {"sequence": sequence})
        return None if row is None else (row[0], row[1])

    def token(self, public_id: str) -> Token | None:
        # Asked at every request that has a token: one lookup, and the same bytes are decoded once.
        try:
            row = self._connection.execute(sql.TOKEN, {"id": public_id}).fetchone()
        except sqlite3.Error as error:
            raise unreadable(error) from error
        return None if row is None else _token(row[0])

    def tokens(self, *, owner: str | None, limit: int, before: tuple[int, str] | None = None) -> list[Token]:
        created_us, public_id = before or _NEWEST
        bound = {"owner": owner, "created_us": created_us, "id": public_id, "limit": limit}
        rows = self._rows(sql.TOKENS if owner is None else sql.TOKENS_OF_OWNER, bound)
        return [_token(row[0]) for row in rows]

    def capability(self, capability_id: str) -> Capability | None:
        row = self._row(sql.CAPABILITY, {"id": capability_id})
        return None if row is None else _capability(row[0])

    def capability_of(self, digest: bytes) -> Capability | None:
        # Asked at every request through one, as `token` is.
        try:
            row = self._connection.execute(sql.CAPABILITY_OF, {"digest": digest}).fetchone()
        except sqlite3.Error as error:
            raise unreadable(error) from error
        return None if row is None else _capability(row[0])

    def capabilities(self, *, team: str | None, limit: int, before: str | None = None) -> list[Capability]:
        bound = {"team": team, "limit": limit, "before": before or _AFTER_EVERY_ID}
        rows = self._rows(sql.CAPABILITIES if team is None else sql.CAPABILITIES_OF_TEAM, bound)
        return [_capability(row[0]) for row in rows]

    def revoked_subject(self, subject: str) -> RevokedSubject | None:
        # Asked at every request with a token of an issuer, as `token` is.
        try:
            row = self._connection.execute(subject_sql.REVOKED_SUBJECT, {"subject": subject}).fetchone()
        except sqlite3.Error as error:
            raise unreadable(error) from error
        return None if row is None else _revoked_subject(row[0])

    def revoked_subjects(self, *, after: str, limit: int) -> list[RevokedSubject]:
        rows = self._rows(subject_sql.REVOKED_SUBJECTS, {"after": after, "limit": limit})
        return [_revoked_subject(row[0]) for row in rows]

    def webhook(self, name: str) -> WebhookState | None:
        row = self._row(announcing.WEBHOOK, {"name": name})
        return None if row is None else _webhook(row[0])

    def webhooks(self) -> list[WebhookState]:
        return [_webhook(row[0]) for row in self._rows(announcing.WEBHOOKS)]

    def unjudged(self, *, revision: int, most: int | None = None) -> int:
        bound = {"revision": revision, "most": most}
        return int(self._rows(finding_sql.UNJUDGED if most is None else finding_sql.UNJUDGED_UP_TO, bound)[0][0])

    def due_documents(self, *, revision: int, limit: int) -> list[DueDocument]:
        due = self._rows(finding_sql.NEVER_JUDGED, {"limit": limit})
        if len(due) < limit:
            due += self._rows(finding_sql.JUDGED_BEFORE, {"revision": revision, "limit": limit - len(due)})
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
        statement = finding_sql.FINDINGS if source is None else finding_sql.FINDINGS_OF_SOURCE
        if name is not None:
            statement = finding_sql.FINDINGS_OF_NAME
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

    def found_in(self, document_id: int, *, revision: int) -> list[tuple[str, Severity]] | None:
        bound = {"document": document_id, "revision": revision}
        if self._row(finding_sql.IS_JUDGED, bound) is None:
            return None
        return [(rule, Severity(severity)) for rule, severity in self._rows(finding_sql.FOUND_IN, bound)]

    def finding_totals(self) -> list[FindingTotal]:
        totals = self._rows(finding_sql.FINDING_TOTALS)
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

    def _source_id(self, source: str) -> int:
        known = self._source_ids.get(source)
        if known is None:
            row = self._connection.execute(sql.SOURCE_ID, {"name": source}).fetchone()
            if row is None:
                raise ValueError(f"no source {source!r} was ever configured")
            known = self._source_ids[source] = int(row[0])
        return known

    def _answered(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return question(self._connection)
        except sqlite3.Error as error:
            raise unreadable(error) from error

    def _row(self, statement: str, bound: Mapping[str, object] | None = None) -> Row | None:
        found = self._rows(statement, bound)
        return found[0] if found else None

    def _rows(self, statement: str, bound: Mapping[str, object] | None = None) -> list[Row]:
        return self._answered(lambda connection: connection.execute(statement, bound or {}).fetchall())
