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
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX tokens_created ON tokens (created_us, id)",
    "CREATE INDEX tokens_owner ON tokens (owner, created_us, id)",
)

ENDS_OF_TOKENS: Final = (
    "ALTER TABLE tokens ADD COLUMN ends_us INTEGER",  # when it expires or was revoked; NULL: never
    "CREATE INDEX tokens_ends ON tokens (ends_us) WHERE ends_us IS NOT NULL",
)

CAPABILITIES: Final = (
    """
    CREATE TABLE capabilities (
      digest BLOB PRIMARY KEY CHECK (length(digest) = 32), -- of its address: what every request looks up
      id TEXT NOT NULL UNIQUE,           -- sorts by when it was issued
      team TEXT NOT NULL REFERENCES teams (team),
      record BLOB NOT NULL               -- all that is known of it, MessagePack; of its secret only the digest
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX capabilities_team ON capabilities (team, id)",
)

LOGINS: Final = (
    """
    CREATE TABLE spent_proofs (
      digest BLOB PRIMARY KEY CHECK (length(digest) = 32), -- of what may be used once
      expires_us INTEGER NOT NULL        -- nothing would accept it any more after that
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX spent_proofs_expiry ON spent_proofs (expires_us)",
)

FINDINGS: Final = (
    # A document is in one of the next two tables exactly while an entry has it that is not withdrawn; the triggers
    # below keep it so. A run only appends to this one: an index, or a reference, would cost it 3 %.
    "CREATE TABLE unjudged_documents (document_id INTEGER PRIMARY KEY) STRICT",
    """
    CREATE TABLE judged_documents (
      document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
      revision INTEGER NOT NULL          -- of the rules it was judged by
    ) STRICT
    """,
    # After a release that brings new rules, what is due is the beginning of this index.
    "CREATE INDEX judged_by_revision ON judged_documents (revision)",
    """
    CREATE TABLE findings (
      rule TEXT NOT NULL,
      document_id INTEGER NOT NULL REFERENCES judged_documents (document_id) ON DELETE CASCADE,
      severity TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info')), -- before an organisation has its say
      issues INTEGER NOT NULL CHECK (issues > 0), -- how many places break the rule
      record BLOB NOT NULL,              -- the first of them, MessagePack
      PRIMARY KEY (rule, document_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX findings_document ON findings (document_id)",
    """
    CREATE TABLE finding_totals (
      rule TEXT PRIMARY KEY,
      severity TEXT NOT NULL,
      documents INTEGER NOT NULL,
      issues INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TRIGGER findings_counted AFTER INSERT ON findings BEGIN
      INSERT INTO finding_totals (rule, severity, documents, issues) VALUES (new.rule, new.severity, 1, new.issues)
      ON CONFLICT (rule) DO UPDATE SET
        severity = excluded.severity, documents = documents + 1, issues = issues + excluded.issues;
    END
    """,
    """
    CREATE TRIGGER findings_uncounted AFTER DELETE ON findings BEGIN
      UPDATE finding_totals SET documents = documents - 1, issues = issues - old.issues WHERE rule = old.rule;
    END
    """,
    """
    CREATE TRIGGER entries_to_judge AFTER INSERT ON entries
    WHEN new.withdrawn_us IS NULL AND NOT EXISTS (
      SELECT 1 FROM judged_documents WHERE document_id = new.document_id
    ) BEGIN
      INSERT INTO unjudged_documents (document_id) VALUES (new.document_id) ON CONFLICT DO NOTHING;
    END
    """,
    """
    CREATE TRIGGER entries_to_judge_again AFTER UPDATE OF document_id, withdrawn_us ON entries
    WHEN old.document_id <> new.document_id OR (old.withdrawn_us IS NULL) <> (new.withdrawn_us IS NULL) BEGIN
      DELETE FROM unjudged_documents WHERE document_id = old.document_id
        AND NOT EXISTS (SELECT 1 FROM entries WHERE document_id = old.document_id AND withdrawn_us IS NULL);
      DELETE FROM judged_documents WHERE document_id = old.document_id
        AND NOT EXISTS (SELECT 1 FROM entries WHERE document_id = old.document_id AND withdrawn_us IS NULL);
      INSERT INTO unjudged_documents (document_id) SELECT new.document_id WHERE new.withdrawn_us IS NULL
        AND NOT EXISTS (SELECT 1 FROM judged_documents WHERE document_id = new.document_id)
      ON CONFLICT DO NOTHING;
    END
    """,
    """
    CREATE TRIGGER documents_forgotten AFTER DELETE ON documents BEGIN
      DELETE FROM unjudged_documents WHERE document_id = old.id;
    END
    """,
    # What an older release has mirrored is due.
    "INSERT INTO unjudged_documents (document_id) SELECT DISTINCT document_id FROM entries WHERE withdrawn_us IS NULL",
)

# Who edited last wrote the bytes that there are.
EDITORS: Final = ("ALTER TABLE publications ADD COLUMN edited_by TEXT",)

# SQLite is slow where a statement fires triggers, and where it updates a column that references something
# (queries.py): what the two triggers did for every new entry its transaction does.
PLAIN_STATEMENTS: Final = (
    "DROP TRIGGER entries_counted",
    "DROP TRIGGER entries_to_judge",
    "ALTER TABLE names ADD COLUMN answered_by INTEGER",
    "UPDATE names SET answered_by = remembered",
    "ALTER TABLE names DROP COLUMN remembered",
    "ALTER TABLE names RENAME COLUMN answered_by TO remembered",
)
