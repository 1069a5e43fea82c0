"""The statements that create what governance keeps: teams, grants, approvals, rules, blocks. One statement each."""

from typing import Final

GOVERNANCE: Final = (
    # When an answer of the view changes by time alone; NULL: never.
    "ALTER TABLE views ADD COLUMN next_us INTEGER",
    # Under which approval a row is shown, and until when.
    "ALTER TABLE view_entries ADD COLUMN approval TEXT",
    "ALTER TABLE view_entries ADD COLUMN expires_us INTEGER",
    """
    CREATE TABLE teams (
      team TEXT PRIMARY KEY REFERENCES views (team),
      record BLOB NOT NULL               -- the whole team, JSON
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE grants (
      id TEXT PRIMARY KEY,
      team TEXT NOT NULL REFERENCES teams (team),
      pattern TEXT NOT NULL,
      revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),
      record BLOB NOT NULL               -- the whole grant, JSON
    ) STRICT
    """,
    "CREATE INDEX grants_in_force ON grants (pattern, team) WHERE revoked = 0",
    "CREATE INDEX grants_of_team ON grants (team, id)",
    """
    CREATE TABLE approvals (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,                -- '' for those of rules
      state TEXT NOT NULL
        CHECK (state IN ('requested', 'approved', 'rejected', 'revoked', 'expired', 'superseded')),
      record BLOB NOT NULL               -- the whole approval, JSON
    ) STRICT
    """,
    "CREATE INDEX approvals_name ON approvals (name, id)",
    "CREATE INDEX approvals_state ON approvals (state, id)",
    # The bytes an approval names, and what is needed to serve and to find them when their entry has others by then:
    # kept as long as the approval may let them be seen.
    """
    CREATE TABLE approved_versions (
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      digest BLOB NOT NULL CHECK (length(digest) = 32),
      approval_id TEXT NOT NULL REFERENCES approvals (id),
      entry_id INTEGER NOT NULL,         -- whose bytes they were; entries are never deleted
      document_id INTEGER REFERENCES documents (id),   -- NULL: not to be served any more
      text_id INTEGER REFERENCES search_texts (id),
      registry_types TEXT NOT NULL,
      transports TEXT NOT NULL,
      PRIMARY KEY (name, version, digest, approval_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX approved_by ON approved_versions (approval_id, name)",
    """
    CREATE TABLE rules (
      id TEXT PRIMARY KEY,
      record BLOB NOT NULL               -- the whole rule, JSON
    ) STRICT
    """,
    """
    CREATE TABLE blocks (
      name TEXT NOT NULL,
      version TEXT NOT NULL,             -- '' for all of them
      record BLOB NOT NULL,              -- the whole block, JSON
      PRIMARY KEY (name, version)
    ) STRICT, WITHOUT ROWID
    """,
    # What follows a decision name by name, and how far it has come: a process that dies leaves it to the next.
    """
    CREATE TABLE pending_views (
      id INTEGER PRIMARY KEY,
      team TEXT,                         -- NULL: every team
      pattern TEXT NOT NULL,
      after TEXT NOT NULL                -- names up to here are done
    ) STRICT
    """,
    """
    CREATE TABLE view_times (
      view_id INTEGER NOT NULL REFERENCES views (id),
      name TEXT NOT NULL,
      next_us INTEGER NOT NULL,          -- when the answer for this name changes by time alone
      PRIMARY KEY (view_id, name)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX view_times_next ON view_times (view_id, next_us)",
    "CREATE INDEX view_times_name ON view_times (name, next_us)",
    # What a tombstone was found by stays: nobody else may need the text any more.
    "CREATE INDEX view_tombstone_texts ON view_entries (text_id) WHERE deleted = 1",
)

# Without references to what it names: nothing here is found by document or text, so that whoever forgets one of those
# would have every row looked at. Both look for approvals under their name before they forget anything.
APPROVED_UNREFERENCED: Final = (
    """
    CREATE TABLE approved_anew (
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      digest BLOB NOT NULL CHECK (length(digest) = 32),
      approval_id TEXT NOT NULL REFERENCES approvals (id),
      entry_id INTEGER NOT NULL,         -- whose bytes they were; entries are never deleted
      document_id INTEGER,               -- NULL: not to be served any more
      text_id INTEGER,
      registry_types TEXT NOT NULL,
      transports TEXT NOT NULL,
      PRIMARY KEY (name, version, digest, approval_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO approved_anew
    SELECT name, version, digest, approval_id, entry_id, document_id, text_id, registry_types, transports
    FROM approved_versions ORDER BY name, version, digest, approval_id
    """,
    "DROP TABLE approved_versions",
    "ALTER TABLE approved_anew RENAME TO approved_versions",
    "CREATE INDEX approved_by ON approved_versions (approval_id, name)",
)

CLIENTS_OF_TEAMS: Final = (
    # For which client lists of the view leave out what that one cannot decode; NULL: for none.
    "ALTER TABLE views ADD COLUMN compat TEXT",
)

# What a store of before governance showed, as decisions: everything to the team `everyone`, and as soon as it comes.
BEFORE_GOVERNANCE: Final = (
    """
    INSERT INTO teams (team, record)
    SELECT 'everyone', CAST(json_object(
      'name', 'everyone', 'description', 'everybody', 'made_us', :now_us, 'made_by', 'system:start'
    ) AS BLOB)
    """,
    """
    INSERT INTO grants (id, team, pattern, revoked, record)
    SELECT :grant, 'everyone', '*', 0, CAST(json_object(
      'id', :grant, 'team', 'everyone', 'pattern', '*', 'granted_us', :now_us, 'granted_by', 'system:start',
      'reason', 'before governance'
    ) AS BLOB) WHERE EXISTS (SELECT 1 FROM sources)
    """,
    """
    INSERT INTO approvals (id, name, state, record)
    SELECT :approval, '', 'approved', CAST(json_object(
      'id', :approval, 'name', '', 'state', 'approved', 'requested_us', :now_us, 'requested_by', 'system:start',
      'request', 'before governance', 'decided_us', :now_us, 'decided_by', 'system:start',
      'reason', 'before governance', 'rule', :rule, 'without_cool_off', json('true')
    ) AS BLOB) WHERE EXISTS (SELECT 1 FROM sources)
    """,
    """
    INSERT INTO rules (id, record)
    SELECT :rule, CAST(json_object(
      'id', :rule, 'name', 'before governance', 'pattern', '*', 'approval', :approval,
      'reason', 'before governance', 'made_us', :now_us, 'made_by', 'system:start', 'without_cool_off', json('true')
    ) AS BLOB) WHERE EXISTS (SELECT 1 FROM sources)
    """,
    """
    INSERT INTO approved_versions (
      name, version, digest, approval_id, entry_id, document_id, text_id, registry_types, transports
    )
    SELECT entries.name, entries.version, documents.digest, :approval, entries.id, entries.document_id,
      entries.text_id, entries.registry_types, entries.transports
    FROM view_entries
    JOIN entries ON entries.id = view_entries.entry_id AND entries.document_id = view_entries.document_id
    JOIN documents ON documents.id = entries.document_id
    WHERE view_entries.deleted = 0
    """,
    # The rule sees to the rest, and rows learn under which approval they are shown.
    "UPDATE store_facts SET unprojected = '' WHERE EXISTS (SELECT 1 FROM sources)",
)
