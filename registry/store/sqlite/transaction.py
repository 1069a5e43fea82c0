"""One change, whole: the writes of an operation, on the connection of the writing thread."""

import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from registry.audit.chain import SealedEvent
from registry.audit.checkpoint import Checkpoint
from registry.audit.event import AuditEvent
from registry.catalog.entry import Entry, Facets, ServerName
from registry.catalog.overlay import Source
from registry.clock import Clock
from registry.store.capabilities import Capability
from registry.store.records import Finding, Lease, Quarantined, Retention, Run, SourceState
from registry.store.sqlite import announcing, queries, record, rows, sealing
from registry.store.sqlite import findings as finding_sql
from registry.store.sqlite import operations as sql
from registry.store.sqlite import subjects as subject_sql
from registry.store.sqlite.firewall import SqliteFirewall
from registry.store.sqlite.governance import SqliteGovernance
from registry.store.sqlite.snapshot import SqliteSnapshot, quarantined_decoder
from registry.store.subjects import RevokedSubject
from registry.store.tokens import Token
from registry.store.webhooks import WebhookState

_json: Final = msgspec.json.Encoder().encode
_msgpack: Final = msgspec.msgpack.Encoder().encode
_MOST_QUARANTINED: Final = 1000
"""Of one upstream. The newest are kept."""
_FORGOTTEN_AT_A_TIME: Final = 100


class SqliteTransaction(SqliteSnapshot):
    """See interface.Transaction. Made by the writer for one operation, inside a begun transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path, clock: Clock) -> None:
        super().__init__(connection, path)
        self._clock = clock
        self._instant_us: int | None = None
        self._bodies: dict[int, bytes] = {}
        self._decisions = SqliteGovernance(
            connection, body=self._body, instant_us=lambda: self.instant_us, forget_text=self._forget_text
        )
        self._firewall = SqliteFirewall(connection, lambda: self.instant_us)

    @property
    def governance(self) -> SqliteGovernance:
        return self._decisions

    @property
    def firewall(self) -> SqliteFirewall:
        return self._firewall

    @property
    def now_us(self) -> int:
        return self._clock.now_us()

    @property
    def instant_us(self) -> int:
        if self._instant_us is None:
            row = self._connection.execute(queries.NEXT_INSTANT, {"now_us": self._clock.now_us()}).fetchone()
            self._instant_us = int(row[0])
        return self._instant_us

    # --- sources ---

    def put_sources(self, sources: Sequence[tuple[Source, str]]) -> None:
        self._connection.execute(sql.UNCONFIGURE_SOURCES)
        for source, kind in sources:
            self._connection.execute(
                sql.PUT_SOURCE,
                {
                    "name": source.id,
                    "kind": kind,
                    "precedence": source.precedence,
                    "claims": _json(source.claims).decode(),
                    "cool_off_us": source.cool_off_us,
                },
            )

    def put_source_state(self, state: SourceState) -> None:
        self._connection.execute(sql.PUT_SOURCE_STATE, msgspec.structs.asdict(state))

    # --- entries ---

    def put_entry(self, source: str, entry: Entry, *, seen_in: int, fresh_from_us: int | None = None) -> int:
        source_id = self._source_id(source)
        key = {"source": source_id, "name": entry.name, "version": entry.version}
        before = self._connection.execute(queries.ENTRY_DOCUMENT, key).fetchone()
        document_id = self._put_document(entry)
        published_us = entry.published_us
        if published_us is None:
            published_us = before[2] if before is not None else self.instant_us
        bound = rows.entry_parameters(entry, published_us=published_us, mirrored_us=self.instant_us, seen_in=seen_in)
        bound |= {"document": document_id, "text": self._put_text(entry.name, entry.facets)}
        if before is None:
            self._connection.execute(
                queries.NEW_NAME,
                {
                    "name": entry.name,
                    "folded": entry.name.casefold(),
                    "folded_slug": entry.name.slug.casefold(),
                },
            )
            bound |= {"source": source_id, "fresh_from_us": fresh_from_us}
            made = self._connection.execute(queries.NEW_ENTRY, bound).lastrowid
            assert made is not None
            self._connection.execute(queries.COUNT_NEW_ENTRY, {"source": source_id})
            self._connection.execute(finding_sql.TO_BE_JUDGED, {"document": document_id})
            return made
        entry_id, document_before, _, text_before = before
        self._connection.execute(queries.CHANGE_ENTRY, bound | {"id": entry_id})
        if document_before != document_id:
            self._connection.execute(
                queries.SUPERSEDE,
                {"entry": entry_id, "document": document_before, "superseded_us": self.instant_us},
            )
        if text_before != bound["text"]:
            self._forget_text(text_before)
        return int(entry_id)

    def put_publication(self, entry_id: int, *, subject: str, remote_urls: Collection[str]) -> None:
        self._connection.execute(queries.NEW_PUBLICATION, {"entry": entry_id, "subject": subject})
        self._connection.execute(queries.FORGET_REMOTES, {"entry": entry_id})
        self._connection.executemany(queries.NEW_REMOTE, [{"entry": entry_id, "url": url} for url in remote_urls])

    def change_status(self, entry_id: int, status: str, message: str | None, *, status_changed_us: int) -> None:
        bound = {
            "id": entry_id,
            "status": status,
            "status_message": message,
            "status_changed_us": status_changed_us,
            "instant_us": self.instant_us,
        }
        self._connection.execute(queries.CHANGE_STATUS, bound)

    def mark_seen(self, entry_ids: Iterable[int], *, seen_in: int) -> None:
        bound = [{"id": entry_id, "seen_in": seen_in} for entry_id in entry_ids]
        if self._connection.executemany(queries.MARK_SEEN, bound).rowcount < len(bound):
            self._connection.executemany(queries.MARK_BACK, bound)

    def count_unseen(self, source: str, *, seen_in: int) -> int:
        bound = {"source": self._source_id(source), "seen_in": seen_in}
        return int(self._connection.execute(queries.COUNT_UNSEEN, bound).fetchone()[0])

    def withdraw_unseen(self, source: str, *, seen_in: int, limit: int) -> tuple[int, list[ServerName]]:
        bound = {"source": self._source_id(source), "seen_in": seen_in, "limit": limit}
        unseen = self._connection.execute(queries.UNSEEN, bound).fetchall()
        self._connection.executemany(
            queries.WITHDRAW, [{"id": entry_id, "instant_us": self.instant_us} for entry_id, _ in unseen]
        )
        return len(unseen), [ServerName(name) for name in dict.fromkeys(name for _, name in unseen)]

    # --- ownership and views ---

    def names_of(self, source: str, *, after: str, limit: int) -> list[ServerName]:
        bound = {"source": self._source_id(source), "after": after, "limit": limit}
        return [ServerName(row[0]) for row in self._connection.execute(queries.NAMES_OF, bound)]

    def names(self, *, after: str, limit: int) -> list[ServerName]:
        rows_found = self._connection.execute(queries.NAMES, {"after": after, "limit": limit})
        return [ServerName(row[0]) for row in rows_found]

    def unprojected(self) -> str | None:
        row = self._connection.execute(queries.UNPROJECTED).fetchone()
        return None if row[0] is None else str(row[0])

    def put_unprojected(self, after: str | None) -> None:
        self._connection.execute(queries.PUT_UNPROJECTED, {"after": after})

    def remember(self, name: ServerName, source: str) -> None:
        self._connection.execute(queries.REMEMBER, {"name": name, "source": source})

    # --- operations ---

    def put_run(self, run: Run) -> None:
        self._connection.execute(
            sql.PUT_RUN,
            {
                "sequence": run.sequence,
                "id": run.id,
                "upstream": run.upstream,
                "state": run.state.value,
                "requested_us": run.requested_us,
                "finished_us": run.finished_us,
                "record": _json(run),
            },
        )

    def next_sequence(self) -> int:
        return int(self._connection.execute(queries.NEXT_SEQUENCE).fetchone()[0])

    def put_quarantined(self, quarantined: Quarantined) -> bool:
        key = {
            "upstream": quarantined.upstream,
            "digest": quarantined.digest,
            "reason": quarantined.reason,
        }
        before = self._connection.execute(sql.QUARANTINED_BEFORE, key).fetchone()
        if before is not None:
            first = quarantined_decoder.decode(before[0])
            quarantined = msgspec.structs.replace(first, last_seen_us=quarantined.last_seen_us)
        bound = key | {
            "id": quarantined.id,
            "last_seen_us": quarantined.last_seen_us,
            "record": _msgpack(quarantined),
        }
        self._connection.execute(sql.PUT_QUARANTINED, bound)
        if before is None:
            self._forget_oldest_quarantined(quarantined.upstream)
        return before is None

    def _forget_oldest_quarantined(self, upstream: str) -> None:
        """A hundred at a time, because finding the oldest reads them all."""
        held = self._connection.execute(sql.QUARANTINED_OF_UPSTREAM, {"upstream": upstream}).fetchone()[0]
        if held > _MOST_QUARANTINED:
            surplus = held - _MOST_QUARANTINED + _FORGOTTEN_AT_A_TIME - 1
            self._connection.execute(sql.FORGET_OLDEST_QUARANTINED, {"upstream": upstream, "surplus": surplus})

    def bucket(self, key: str) -> int:
        row = self._connection.execute(sql.BUCKET, {"key": key}).fetchone()
        return 0 if row is None else int(row[0])

    def put_bucket(self, key: str, tat_ns: int) -> None:
        self._connection.execute(sql.PUT_BUCKET, {"key": key, "tat_ns": tat_ns})

    def put_findings(self, digest: bytes, findings: Sequence[Finding], *, revision: int) -> None:
        row = self._connection.execute(finding_sql.TO_JUDGE, {"digest": digest, "revision": revision}).fetchone()
        if row is None:
            return
        self._connection.execute(finding_sql.NOT_UNJUDGED, {"document": row[0]})
        self._connection.execute(finding_sql.JUDGED, {"document": row[0], "revision": revision})
        self._connection.execute(finding_sql.FORGET_FINDINGS, {"document": row[0]})
        for finding in findings:
            bound = {
                "rule": finding.rule,
                "document": row[0],
                "severity": finding.severity.value,
                "issues": finding.count,
                "record": _msgpack(finding.issues),
            }
            self._connection.execute(finding_sql.NEW_FINDING, bound)

    def names_with(self, digests: Collection[bytes]) -> list[ServerName]:
        found = (row[0] for digest in digests for row in self._rows(finding_sql.NAMES_WITH, {"digest": digest}))
        return [ServerName(name) for name in dict.fromkeys(found)]

    def take_lease(self, name: str, *, holder: str, now_us: int, ttl_us: int) -> Lease | None:
        bound = {"name": name, "holder": holder, "now_us": now_us, "expires_us": now_us + ttl_us}
        row = self._connection.execute(sql.TAKE_LEASE, bound).fetchone()
        if row is None:
            return None
        return Lease(name=name, holder=holder, fence=int(row[0]), expires_us=now_us + ttl_us)

    def release_lease(self, name: str, *, holder: str) -> None:
        self._connection.execute(sql.RELEASE_LEASE, {"name": name, "holder": holder})

    def put_token(self, token: Token) -> None:
        bound = {"id": token.id, "owner": token.owner, "created_us": token.created_us, "ends_us": token.ends_us}
        self._connection.execute(sql.PUT_TOKEN, bound | {"record": _msgpack(token)})

    def put_capability(self, capability: Capability) -> None:
        bound = {"id": capability.id, "digest": capability.digest, "team": capability.team}
        self._connection.execute(sql.PUT_CAPABILITY, bound | {"record": _msgpack(capability)})

    def put_revoked_subject(self, revoked: RevokedSubject) -> None:
        bound = {"subject": revoked.subject, "record": _msgpack(revoked)}
        self._connection.execute(subject_sql.PUT_REVOKED_SUBJECT, bound)

    def reinstate_subject(self, subject: str) -> None:
        self._connection.execute(subject_sql.FORGET_REVOKED_SUBJECT, {"subject": subject})

    def put_webhook(self, state: WebhookState) -> None:
        self._connection.execute(announcing.PUT_WEBHOOK, {"name": state.name, "record": _msgpack(state)})

    def forget_webhook(self, name: str) -> None:
        self._connection.execute(announcing.FORGET_WEBHOOK, {"name": name})

    def spend_proof(self, digest: bytes, *, expires_us: int, now_us: int) -> bool:
        spent = self._connection.execute(sql.SPEND_PROOF, {"digest": digest, "expires_us": expires_us}).rowcount == 1
        self._connection.execute(sql.FORGET_SPENT_PROOFS, {"now_us": now_us})
        return spent

    def append_audit(self, event: AuditEvent, *, payload: bytes | None = None) -> SealedEvent:
        return sealing.append(self._connection, event, at_us=self.instant_us, payload=payload)

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        self._connection.execute(record.PUT_CHECKPOINT, msgspec.structs.asdict(checkpoint))

    def erase_audit_payload(self, sequence: int) -> bool:
        return self._connection.execute(record.ERASE_PAYLOAD, {"sequence": sequence}).rowcount > 0

    def sweep(self, retention: Retention, *, limit: int) -> int:
        execute = self._connection.execute
        swept = execute(sql.SWEEP_RUNS, {"before_us": retention.runs_before_us, "limit": limit}).rowcount
        swept += execute(sql.SWEEP_QUARANTINE, {"before_us": retention.quarantine_before_us, "limit": limit}).rowcount
        bound = {"before_us": retention.tokens_ended_before_us, "limit": limit}
        swept += execute(sql.SWEEP_TOKENS, bound).rowcount
        bound = {"full_before_ns": retention.buckets_full_before_us * 1000, "limit": limit}
        swept += execute(sql.SWEEP_BUCKETS, bound).rowcount
        bound = {"before_us": retention.audit_payloads_before_us, "limit": limit}
        swept += execute(record.SWEEP_PAYLOADS, bound).rowcount
        bound = {"before_us": retention.superseded_before_us, "limit": limit}
        for entry_id, superseded_us, document_id in execute(sql.OLD_SUPERSEDED, bound).fetchall():
            key = {"entry": entry_id, "superseded_us": superseded_us, "document": document_id}
            execute(sql.FORGET_SUPERSEDED, key)
            execute(sql.FORGET_DOCUMENT, {"id": document_id, "entry": entry_id})
            swept += 1
        return swept

    # --- what several of the above need ---

    def _put_document(self, entry: Entry) -> int:
        bound = {"digest": entry.digest, "body": entry.document}
        made = self._connection.execute(queries.NEW_DOCUMENT, bound)
        if made.rowcount:
            assert made.lastrowid is not None
            document_id = made.lastrowid
        else:
            document_id = int(self._connection.execute(queries.DOCUMENT_ID, {"digest": entry.digest}).fetchone()[0])
        self._bodies[document_id] = entry.document
        return document_id

    def _put_text(self, name: ServerName, facets: Facets) -> int:
        text = rows.search_text(name, facets)
        digest = hashlib.sha256(f"{name}\n{text}".encode()).digest()[:16]
        bound = {"name": name, "digest": digest, "text": text}
        made = self._connection.execute(queries.NEW_TEXT, bound)
        if made.rowcount:
            assert made.lastrowid is not None
            text_id = made.lastrowid
            self._connection.execute(queries.INDEX_TEXT, {"id": text_id, "text": text})
            return text_id
        return int(self._connection.execute(queries.TEXT_ID, {"digest": digest}).fetchone()[0])

    def _forget_text(self, text_id: int) -> None:
        """Searches find what an entry says now, not what it used to say."""
        row = self._connection.execute(queries.UNUSED_TEXT, {"id": text_id}).fetchone()
        if row is not None:
            self._connection.execute(queries.UNINDEX_TEXT, {"id": text_id, "text": row[0]})
            self._connection.execute(queries.FORGET_TEXT, {"id": text_id})

    def _body(self, document_id: int) -> bytes:
        body = self._bodies.get(document_id)
        if body is None:
            row = self._connection.execute(queries.DOCUMENT_BODY, {"id": document_id}).fetchone()
            body = bytes(row[0])
        return body
