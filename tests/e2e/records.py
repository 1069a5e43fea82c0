"""What a registry has on record, read beside it."""

import sqlite3
from contextlib import closing

import msgspec

from registry.store.records import AuditEvent
from tests.running import RunningRegistry


def audited(registry: RunningRegistry, action: str) -> list[AuditEvent]:
    """The events of that *action*, in their order."""
    with closing(sqlite3.connect(registry.store)) as connection:
        rows = connection.execute("SELECT record FROM audit_events WHERE action = ? ORDER BY id", (action,))
        return [msgspec.json.decode(record, type=AuditEvent) for (record,) in rows]
