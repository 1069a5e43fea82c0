"""The statements that create what is kept about changes under approvals. One statement each."""

from typing import Final

DRIFT: Final = (
    """
    CREATE TABLE drift_policies (
      pattern TEXT PRIMARY KEY,
      record BLOB NOT NULL               -- the whole policy, JSON
    ) STRICT, WITHOUT ROWID
    """,
)
