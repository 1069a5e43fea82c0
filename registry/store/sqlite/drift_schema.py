"""The statements that create what is kept about changes under approvals, and about requests. One statement each."""

from typing import Final

DRIFT: Final = (
    """
    CREATE TABLE drift_policies (
      pattern TEXT PRIMARY KEY,
      record BLOB NOT NULL               -- the whole policy, JSON
    ) STRICT, WITHOUT ROWID
    """,
    # What the organisation makes of rules of advice, as configured: rules that approve go by it.
    """
    CREATE TABLE severities (
      rule TEXT PRIMARY KEY,
      severity TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info'))
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE comments (
      number INTEGER PRIMARY KEY,        -- in the order in which they were made
      approval_id TEXT NOT NULL REFERENCES approvals (id),
      record BLOB NOT NULL               -- the whole comment, JSON
    ) STRICT
    """,
    "CREATE INDEX comments_on ON comments (approval_id, number)",
)
