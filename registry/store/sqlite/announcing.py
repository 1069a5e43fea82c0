"""Announcing what happens: how far each webhook is in the record, and which approvals end soon."""

from typing import Final

ANNOUNCING: Final = (
    """
    CREATE TABLE webhooks (
      name TEXT PRIMARY KEY,
      record BLOB NOT NULL               -- the whole state of its delivery, MessagePack
    ) STRICT, WITHOUT ROWID
    """,
    # As in the record; what is found by it is looked at there.
    "ALTER TABLE approvals ADD COLUMN expires_us INTEGER",
    # Whether it is on record that it ends soon.
    "ALTER TABLE approvals ADD COLUMN announced INTEGER NOT NULL DEFAULT 0 CHECK (announced IN (0, 1))",
    "UPDATE approvals SET expires_us = json_extract(CAST(record AS TEXT), '$.expires_us')",
    """
    CREATE INDEX approvals_ending ON approvals (expires_us) WHERE state = 'approved' AND expires_us IS NOT NULL
    """,
    """
    CREATE INDEX approvals_unannounced ON approvals (expires_us)
    WHERE state = 'approved' AND announced = 0 AND expires_us IS NOT NULL
    """,
)
"""The statements that create it. One statement each."""

WEBHOOK: Final = "SELECT record FROM webhooks WHERE name = :name"
WEBHOOKS: Final = "SELECT record FROM webhooks ORDER BY name"
PUT_WEBHOOK: Final = """
INSERT INTO webhooks (name, record) VALUES (:name, :record) ON CONFLICT (name) DO UPDATE SET record = excluded.record
"""
FORGET_WEBHOOK: Final = "DELETE FROM webhooks WHERE name = :name"

ENDING: Final = """
SELECT record FROM approvals INDEXED BY approvals_ending
WHERE state = 'approved' AND expires_us IS NOT NULL AND expires_us <= :until_us ORDER BY expires_us LIMIT :limit
"""
UNANNOUNCED: Final = """
SELECT record FROM approvals INDEXED BY approvals_unannounced
WHERE state = 'approved' AND announced = 0 AND expires_us IS NOT NULL AND expires_us <= :until_us
ORDER BY expires_us LIMIT :limit
"""
ANNOUNCED: Final = "UPDATE approvals SET announced = 1 WHERE id = :id"
