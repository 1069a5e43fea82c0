"""The statements that create the tables, grouped by the step that introduced them. One statement each.

Invariants the schema can hold are held here: one flagged version per name of a view, closed sets, sizes.
"""

from typing import Final

CATALOG: Final = (
    """
    CREATE TABLE sources (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      precedence INTEGER NOT NULL,       -- the lower answers first
      claims TEXT NOT NULL,              -- JSON array of namespace patterns
      configured INTEGER NOT NULL CHECK (configured IN (0, 1)),
      watermark_us INTEGER,              -- what the next incremental run asks for
      full_us INTEGER,                   -- when the last full walk was completed
      full_count INTEGER NOT NULL DEFAULT 0,
      synced_us INTEGER,                 -- when a run last completed
      attempted_us INTEGER,              -- when a run last ended, however
      entries INTEGER NOT NULL DEFAULT 0, -- those not withdrawn; kept by the triggers below
      trouble TEXT,                      -- why the last run did not complete
      trouble_us INTEGER                 -- since when none has
    ) STRICT
    """,
    """
    CREATE TABLE documents (
      id INTEGER PRIMARY KEY,
      digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
      body BLOB NOT NULL                 -- verbatim
    ) STRICT
    """,
    """
    CREATE TABLE search_texts (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      digest BLOB NOT NULL UNIQUE,       -- of name and text
      text TEXT NOT NULL                 -- case-folded name, title and description, U+001F between
    ) STRICT
    """,
    """
    CREATE VIRTUAL TABLE search_grams USING fts5 (
      text, content = 'search_texts', content_rowid = 'id', tokenize = 'trigram case_sensitive 1',
      detail = 'none', columnsize = 0
    )
    """,
    """
    CREATE TABLE names (
      name TEXT PRIMARY KEY,
      folded TEXT NOT NULL,              -- case-folded, for a search by exact name
      folded_slug TEXT NOT NULL,         -- the same of the last segment
      remembered INTEGER REFERENCES sources (id) -- the source that answered for it so far
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX names_folded ON names (folded)",
    "CREATE INDEX names_folded_slug ON names (folded_slug)",
    """
    CREATE TABLE entries (
      id INTEGER PRIMARY KEY,
      source_id INTEGER NOT NULL REFERENCES sources (id),
      name TEXT NOT NULL REFERENCES names (name),
      version TEXT NOT NULL,
      document_id INTEGER NOT NULL REFERENCES documents (id),
      text_id INTEGER NOT NULL REFERENCES search_texts (id),
      registry_types TEXT NOT NULL,      -- ' npm oci ', sorted; '' if there are no packages
      transports TEXT NOT NULL,          -- the same of packages and remotes
      rank BLOB NOT NULL,                -- sorts as versions do
      status TEXT NOT NULL CHECK (status IN ('active', 'deprecated', 'deleted')),
      status_message TEXT,
      status_changed_us INTEGER,         -- NULL: the source does not say
      published_us INTEGER NOT NULL,
      source_updated_us INTEGER,
      mirrored_us INTEGER NOT NULL,      -- when these facts were taken over
      withdrawn_us INTEGER,              -- since when the source lists it no longer without having said so
      seen_in INTEGER NOT NULL,          -- the sequence of the last run that saw it
      UNIQUE (source_id, name, version)
    ) STRICT
    """,
    # Health, metrics and every tick of the schedule read these counts; counting would hold the event loop.
    """
    CREATE TRIGGER entries_counted AFTER INSERT ON entries WHEN new.withdrawn_us IS NULL BEGIN
      UPDATE sources SET entries = entries + 1 WHERE id = new.source_id;
    END
    """,
    """
    CREATE TRIGGER entries_recounted AFTER UPDATE OF withdrawn_us ON entries
    WHEN (old.withdrawn_us IS NULL) <> (new.withdrawn_us IS NULL) BEGIN
      UPDATE sources SET entries = entries + iif(new.withdrawn_us IS NULL, 1, -1) WHERE id = new.source_id;
    END
    """,
    "CREATE INDEX entries_document ON entries (document_id)",
    "CREATE INDEX entries_text ON entries (text_id)",
    # What a full walk did not see is found without looking at what it saw.
    "CREATE INDEX entries_live ON entries (source_id, seen_in) WHERE withdrawn_us IS NULL",
    """
    CREATE TABLE superseded_documents (
      entry_id INTEGER NOT NULL REFERENCES entries (id),
      document_id INTEGER NOT NULL REFERENCES documents (id),
      superseded_us INTEGER NOT NULL,
      PRIMARY KEY (entry_id, superseded_us, document_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX superseded_by_instant ON superseded_documents (superseded_us)",
    "CREATE INDEX superseded_document ON superseded_documents (document_id)",
)

VIEWS: Final = (
    """
    CREATE TABLE views (
      id INTEGER PRIMARY KEY,
      team TEXT NOT NULL UNIQUE,
      generation INTEGER NOT NULL        -- grows with every change of any row
    ) STRICT
    """,
    """
    CREATE TABLE view_entries (
      view_id INTEGER NOT NULL REFERENCES views (id),
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
      is_latest INTEGER NOT NULL CHECK (is_latest IN (0, 1)),
      changed_us INTEGER NOT NULL,       -- served as updatedAt
      published_us INTEGER NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('active', 'deprecated', 'deleted')),
      status_message TEXT,
      status_changed_us INTEGER NOT NULL,
      entry_id INTEGER NOT NULL REFERENCES entries (id),
      document_id INTEGER NOT NULL,      -- the entry's; no reference of its own, it would cost an index
      mirrored_us INTEGER NOT NULL,
      source_updated_us INTEGER,
      text_id INTEGER NOT NULL,
      registry_types TEXT NOT NULL,
      transports TEXT NOT NULL,
      item BLOB NOT NULL,                -- the bytes that are served
      PRIMARY KEY (view_id, name, version)
    ) STRICT, WITHOUT ROWID
    """,
    # What a filtered walk compares, without the wide rows.
    """
    CREATE INDEX view_scan ON view_entries
      (view_id, name, version, deleted, is_latest, changed_us, registry_types, transports, text_id)
    """,
    "CREATE INDEX view_changed ON view_entries (view_id, changed_us)",
    "CREATE UNIQUE INDEX view_latest ON view_entries (view_id, name) WHERE is_latest = 1",
    # A tombstone may show a document that no entry has any more: retention looks here before it forgets one.
    "CREATE INDEX view_tombstones ON view_entries (document_id) WHERE deleted = 1",
    "INSERT INTO views (id, team, generation) VALUES (1, 'everyone', 0)",
)

PUBLISHING: Final = (
    """
    CREATE TABLE publications (
      entry_id INTEGER PRIMARY KEY REFERENCES entries (id),
      subject TEXT NOT NULL              -- who published it; stays when somebody edits it
    ) STRICT
    """,
    # Compared as they stand. Of entries in every status; who asks looks at the entry's own.
    """
    CREATE TABLE private_remotes (
      url TEXT NOT NULL,
      entry_id INTEGER NOT NULL REFERENCES entries (id),
      PRIMARY KEY (url, entry_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX private_remotes_entry ON private_remotes (entry_id)",
    """
    CREATE TABLE rate_buckets (
      key TEXT PRIMARY KEY,              -- what is limited, and for whom
      tat_ns INTEGER NOT NULL            -- when the bucket will be full again, of the wall clock
    ) STRICT, WITHOUT ROWID
    """,
)

OPERATIONS: Final = (
    """
    CREATE TABLE runs (
      sequence INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      upstream TEXT NOT NULL,
      state TEXT NOT NULL
        CHECK (state IN ('requested', 'running', 'completed', 'failed', 'abandoned', 'refused')),
      requested_us INTEGER NOT NULL,
      finished_us INTEGER,
      record BLOB NOT NULL               -- the whole run, JSON
    ) STRICT
    """,
    "CREATE INDEX runs_upstream ON runs (upstream, sequence)",
    "CREATE INDEX runs_open ON runs (state) WHERE state IN ('requested', 'running')",
    """
    CREATE TABLE quarantine (
      id TEXT PRIMARY KEY,
      upstream TEXT NOT NULL,
      digest BLOB NOT NULL,              -- of what was sent
      reason TEXT NOT NULL,
      last_seen_us INTEGER NOT NULL,
      record BLOB NOT NULL,              -- the whole record, MessagePack
      UNIQUE (upstream, digest, reason)
    ) STRICT
    """,
    "CREATE INDEX quarantine_seen ON quarantine (last_seen_us)",
    """
    CREATE TABLE leases (
      name TEXT PRIMARY KEY,
      holder TEXT NOT NULL,
      fence INTEGER NOT NULL,            -- grows with every change of holder
      expires_us INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE audit_events (
      id INTEGER PRIMARY KEY AUTOINCREMENT, -- append only
      at_us INTEGER NOT NULL,
      action TEXT NOT NULL,
      actor TEXT NOT NULL,
      record BLOB NOT NULL               -- the whole event, JSON
    ) STRICT
    """,
)

TOKENS: Final = (
    """
    CREATE TABLE tokens (
      id TEXT PRIMARY KEY CHECK (length(id) = 8), -- the public characters
      owner TEXT NOT NULL,
      created_us INTEGER NOT NULL,
      record BLOB NOT NULL               -- all that is known of it, MessagePack; of its secret only a digest
    ) STRICT
    """,
    "CREATE INDEX tokens_created ON tokens (created_us, id)",
    "CREATE INDEX tokens_owner ON tokens (owner, created_us, id)",
)

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
