"""The chain in the file: appending to it, and finding events in it.

The head is kept in a row of its own, written in the transaction of the event: who appends reads that row and no other,
and an event at the end cannot be taken away without it.
"""

import os
import sqlite3
from typing import Final

import msgspec

from registry.audit.chain import BEGINNING, Head, SealedEvent, payload_digest, sealed, sealed_record
from registry.audit.checkpoint import Checkpoint
from registry.audit.event import AuditEvent, Outcome, decode_event
from registry.audit.question import Found, Question
from registry.store.sqlite import record as sql
from registry.store.sqlite.record_schema import UNSEALED
from registry.store.sqlite.rows import Row

_SALT_BYTES: Final = 16
_MOST_READ: Final = 5000
_READ_AT_A_TIME: Final = 250


def append(connection: sqlite3.Connection, event: AuditEvent, *, at_us: int, payload: bytes | None) -> SealedEvent:
    """See interface.Transaction.append_audit."""
    salt = b"" if payload is None else os.urandom(_SALT_BYTES)
    digest = None if payload is None else payload_digest(salt, payload)
    made = sealed(read_head(connection), event, at_us=at_us, payload=digest)
    _put(connection, made, event)
    if payload is not None:
        bound = {"sequence": made.sequence, "at_us": at_us, "salt": salt, "body": payload}
        connection.execute(sql.PUT_PAYLOAD, bound)
    connection.execute(sql.MOVE_HEAD, msgspec.structs.asdict(made.head))
    return made


def seal_what_there_is(connection: sqlite3.Connection) -> None:
    """Seal the events of before there was a chain: in their order, byte for byte, numbered without gaps."""
    head = BEGINNING
    for at_us, record in connection.execute(UNSEALED):
        made = sealed_record(head, record, at_us=max(at_us, head.at_us))
        _put(connection, made, made.event)
        head = made.head
    connection.execute(sql.NEW_HEAD, msgspec.structs.asdict(head))


def read_head(connection: sqlite3.Connection) -> Head:
    """See interface.Snapshot.audit_head."""
    sequence, at_us, seal = connection.execute(sql.HEAD).fetchone()
    return Head(sequence=sequence, at_us=at_us, seal=seal)


def found(connection: sqlite3.Connection, question: Question, *, before: int | None, limit: int) -> Found:
    """See interface.Snapshot.found_events. Goes along one index, and looks at each event itself for the rest."""
    statement, bound = _path(question)
    end = read_head(connection).sequence + 1
    position = end if before is None else before
    if question.until_us is not None:
        position = min(position, _first_since(connection, question.until_us, end))
    # Instants never step back along the chain.
    first = 1 if question.since_us is None else _first_since(connection, question.since_us, end)
    events: list[SealedEvent] = []
    for _ in range(_MOST_READ // _READ_AT_A_TIME):
        rows = connection.execute(statement, bound | {"before": position, "limit": _READ_AT_A_TIME}).fetchall()
        for event in map(sealed_event, rows):
            position = event.sequence
            if position < first:
                return Found(events=events, further=None)
            if not question.admits(event):
                continue
            if len(events) == limit:
                return Found(events=events, further=events[-1].sequence)
            events.append(event)
        if len(rows) < _READ_AT_A_TIME:
            return Found(events=events, further=None)
    return Found(events=events, further=position)


def misfiled(row: Row) -> bool:
    """Whether what FILED selects would be found as something else than it is."""
    try:
        event = decode_event(row[1])
    except ValueError:
        return True
    return (event.action, event.actor, event.object, event.outcome.value) != tuple(row[2:])


def sealed_event(row: Row) -> SealedEvent:
    """What SEALED and the statements that find events select."""
    return SealedEvent(sequence=row[0], at_us=row[1], payload=row[2], seal=row[3], record=row[4])


def checkpoint(row: Row) -> Checkpoint:
    """What CHECKPOINTS selects."""
    return Checkpoint(sequence=row[0], at_us=row[1], count=row[2], seal=row[3], key=row[4], signature=row[5])


def _put(connection: sqlite3.Connection, made: SealedEvent, event: AuditEvent) -> None:
    bound = {"action": event.action, "actor": event.actor, "object": event.object, "outcome": event.outcome.value}
    connection.execute(sql.APPEND, msgspec.structs.asdict(made) | bound)


def _path(question: Question) -> tuple[str, dict[str, object]]:
    """The statement of what is likely rarest."""
    if question.object is not None:
        return sql.FOUND_BY_OBJECT, {"object": question.object}
    if question.outcome is not None and question.outcome is not Outcome.DONE:
        return sql.FOUND_BY_OUTCOME, {"outcome": question.outcome.value}
    if question.actor is not None:
        return sql.FOUND_BY_ACTOR, {"actor": question.actor}
    if question.action is not None:
        return sql.FOUND_BY_ACTION, {"action": question.action}
    return sql.FOUND, {}


def _first_since(connection: sqlite3.Connection, at_us: int, end: int) -> int:
    """The number of the first event at that instant or later; *end* if there is none. By halving: no index needed."""
    low, high = 1, end
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(sql.INSTANT, {"sequence": middle}).fetchone()
        if row is not None and row[0] < at_us:
            low = middle + 1
        else:
            high = middle
    return low
