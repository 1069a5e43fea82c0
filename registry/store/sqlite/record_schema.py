"""The statements that create what keeps the record: the chain, payloads apart from it, checkpoints."""

from typing import Final

# The record as it was until now, in its order, is sealed by the step that takes these (migrations.py).
AUDIT_CHAIN: Final = (
    "ALTER TABLE audit_events RENAME TO audit_events_unsealed",
    """
    CREATE TABLE audit_events (
      id INTEGER PRIMARY KEY,            -- the number in the chain: from 1, without gaps
      at_us INTEGER NOT NULL,            -- never before the one in front
      payload BLOB,                      -- the digest of what was sealed apart; NULL: nothing was
      seal BLOB NOT NULL CHECK (length(seal) = 32),
      record BLOB NOT NULL,              -- the whole event, JSON: the very bytes that were sealed
      action TEXT NOT NULL,              -- as in the record; what is found by it is looked at there, and verified
      actor TEXT NOT NULL,
      object TEXT NOT NULL,
      outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'failed'))
    ) STRICT
    """,
    """
    CREATE TABLE audit_head (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      sequence INTEGER NOT NULL,         -- of the last event; 0: there is none
      at_us INTEGER NOT NULL,
      seal BLOB NOT NULL
    ) STRICT
    """,
    # Sealed apart, so that it can be erased. Salted: the digest in the chain says nothing about what is gone.
    """
    CREATE TABLE audit_payloads (
      event_id INTEGER PRIMARY KEY REFERENCES audit_events (id),
      at_us INTEGER NOT NULL,
      salt BLOB NOT NULL,
      body BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX audit_payloads_at ON audit_payloads (at_us)",
    """
    CREATE TABLE audit_checkpoints (
      sequence INTEGER PRIMARY KEY REFERENCES audit_events (id),
      at_us INTEGER NOT NULL,
      count INTEGER NOT NULL,            -- events since the one before
      seal BLOB NOT NULL,
      key BLOB NOT NULL,                 -- the public one
      signature BLOB NOT NULL
    ) STRICT
    """,
)

UNSEALED: Final = "SELECT at_us, record FROM audit_events_unsealed ORDER BY id"

AUDIT_KEPT: Final = (
    "DROP TABLE audit_events_unsealed",
    "CREATE INDEX audit_action ON audit_events (action, id)",
    "CREATE INDEX audit_actor ON audit_events (actor, id)",
    "CREATE INDEX audit_object ON audit_events (object, id)",
    "CREATE INDEX audit_not_done ON audit_events (outcome, id) WHERE outcome <> 'done'",
    """
    CREATE TRIGGER audit_events_stay BEFORE DELETE ON audit_events BEGIN
      SELECT RAISE(ABORT, 'the record is append only');
    END
    """,
    """
    CREATE TRIGGER audit_events_stand BEFORE UPDATE ON audit_events BEGIN
      SELECT RAISE(ABORT, 'the record is append only');
    END
    """,
)
