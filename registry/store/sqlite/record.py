"""Every statement on the record of what happened, its chain, and what is sealed apart from it."""

from typing import Final

HEAD: Final = "SELECT sequence, at_us, seal FROM audit_head WHERE id = 1"
NEW_HEAD: Final = "INSERT INTO audit_head (id, sequence, at_us, seal) VALUES (1, :sequence, :at_us, :seal)"
MOVE_HEAD: Final = "UPDATE audit_head SET sequence = :sequence, at_us = :at_us, seal = :seal WHERE id = 1"

APPEND: Final = """
INSERT INTO audit_events (id, at_us, payload, seal, record, action, actor, object, outcome)
VALUES (:sequence, :at_us, :payload, :seal, :record, :action, :actor, :object, :outcome)
"""

EVENTS: Final = "SELECT id, at_us, record FROM audit_events ORDER BY id DESC LIMIT :limit"
SEALED: Final = """
SELECT id, at_us, payload, seal, record FROM audit_events WHERE id > :after ORDER BY id LIMIT :limit
"""
FILED: Final = """
SELECT id, record, action, actor, object, outcome FROM audit_events WHERE id > :after ORDER BY id LIMIT :limit
"""
INSTANT: Final = "SELECT at_us FROM audit_events WHERE id = :sequence"

FOUND: Final = """
SELECT id, at_us, payload, seal, record FROM audit_events WHERE id < :before ORDER BY id DESC LIMIT :limit
"""
FOUND_BY_ACTION: Final = """
SELECT id, at_us, payload, seal, record FROM audit_events
WHERE action = :action AND id < :before ORDER BY id DESC LIMIT :limit
"""
FOUND_BY_ACTOR: Final = """
SELECT id, at_us, payload, seal, record FROM audit_events
WHERE actor = :actor AND id < :before ORDER BY id DESC LIMIT :limit
"""
FOUND_BY_OBJECT: Final = """
SELECT id, at_us, payload, seal, record FROM audit_events
WHERE object = :object AND id < :before ORDER BY id DESC LIMIT :limit
"""
FOUND_BY_OUTCOME: Final = """
SELECT id, at_us, payload, seal, record FROM audit_events
WHERE outcome <> 'done' AND outcome = :outcome AND id < :before ORDER BY id DESC LIMIT :limit
"""

PUT_PAYLOAD: Final = """
INSERT INTO audit_payloads (event_id, at_us, salt, body) VALUES (:sequence, :at_us, :salt, :body)
"""
PAYLOAD: Final = "SELECT salt, body FROM audit_payloads WHERE event_id = :sequence"
ERASE_PAYLOAD: Final = "DELETE FROM audit_payloads WHERE event_id = :sequence"
SWEEP_PAYLOADS: Final = """
DELETE FROM audit_payloads WHERE event_id IN (
  SELECT event_id FROM audit_payloads WHERE at_us < :before_us ORDER BY at_us LIMIT :limit
)
"""

PUT_CHECKPOINT: Final = """
INSERT INTO audit_checkpoints (sequence, at_us, count, seal, key, signature)
VALUES (:sequence, :at_us, :count, :seal, :key, :signature)
"""
CHECKPOINTS: Final = """
SELECT sequence, at_us, count, seal, key, signature FROM audit_checkpoints
WHERE sequence > :after ORDER BY sequence LIMIT :limit
"""
LAST_CHECKPOINT: Final = """
SELECT sequence, at_us, count, seal, key, signature FROM audit_checkpoints ORDER BY sequence DESC LIMIT 1
"""
