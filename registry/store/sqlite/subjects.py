"""The table of revoked subjects, and its statements."""

from typing import Final

REVOKED_SUBJECTS_TABLE: Final = (
    """
    CREATE TABLE revoked_subjects (
      subject TEXT PRIMARY KEY,          -- as a principal is called: what every request with such a token looks up
      record BLOB NOT NULL               -- all that is known of its revocation, MessagePack
    ) STRICT, WITHOUT ROWID
    """,
)

REVOKED_SUBJECT: Final = "SELECT record FROM revoked_subjects WHERE subject = :subject"
REVOKED_SUBJECTS: Final = "SELECT record FROM revoked_subjects WHERE subject > :after ORDER BY subject LIMIT :limit"
PUT_REVOKED_SUBJECT: Final = """
INSERT INTO revoked_subjects (subject, record) VALUES (:subject, :record)
ON CONFLICT (subject) DO UPDATE SET record = excluded.record
"""
FORGET_REVOKED_SUBJECT: Final = "DELETE FROM revoked_subjects WHERE subject = :subject"
