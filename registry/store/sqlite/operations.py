"""Every statement on what is not the catalog: sources, runs, quarantine, leases, tokens, retention."""

from typing import Final

SOURCES: Final = """
SELECT name, precedence, claims, cool_off_us FROM sources WHERE configured = 1 ORDER BY precedence, name
"""

SOURCE_STATES: Final = """
SELECT name, kind, configured, watermark_us, full_us, full_count, synced_us, attempted_us, trouble, trouble_us,
  entries
FROM sources ORDER BY configured DESC, precedence, name
"""

PUT_SOURCE: Final = """
INSERT INTO sources (name, kind, precedence, claims, cool_off_us, configured)
VALUES (:name, :kind, :precedence, :claims, :cool_off_us, 1)
ON CONFLICT (name) DO UPDATE SET
  kind = excluded.kind, precedence = excluded.precedence, claims = excluded.claims,
  cool_off_us = excluded.cool_off_us, configured = 1
"""

UNCONFIGURE_SOURCES: Final = "UPDATE sources SET configured = 0"

SOURCE_ID: Final = "SELECT id FROM sources WHERE name = :name"

PUT_SOURCE_STATE: Final = """
UPDATE sources SET watermark_us = :watermark_us, full_us = :full_us, full_count = :full_count,
  synced_us = :synced_us, attempted_us = :attempted_us, trouble = :trouble, trouble_us = :trouble_us
WHERE name = :source
"""

PUT_RUN: Final = """
INSERT INTO runs (sequence, id, upstream, state, requested_us, finished_us, record)
VALUES (:sequence, :id, :upstream, :state, :requested_us, :finished_us, :record)
ON CONFLICT (sequence) DO UPDATE SET
  state = excluded.state, finished_us = excluded.finished_us, record = excluded.record
"""
RUN: Final = "SELECT record FROM runs WHERE id = :id"
RUNS: Final = "SELECT record FROM runs WHERE sequence < :before ORDER BY sequence DESC LIMIT :limit"
RUNS_OF_UPSTREAM: Final = """
SELECT record FROM runs WHERE upstream = :upstream AND sequence < :before ORDER BY sequence DESC LIMIT :limit
"""
RUNS_IN_STATE: Final = "SELECT record FROM runs WHERE state = :state ORDER BY sequence"

PUT_QUARANTINED: Final = """
INSERT INTO quarantine (id, upstream, digest, reason, last_seen_us, record)
VALUES (:id, :upstream, :digest, :reason, :last_seen_us, :record)
ON CONFLICT (upstream, digest, reason) DO UPDATE SET last_seen_us = excluded.last_seen_us, record = excluded.record
"""
QUARANTINED_BEFORE: Final = """
SELECT record FROM quarantine WHERE upstream = :upstream AND digest = :digest AND reason = :reason
"""
QUARANTINED_OF_UPSTREAM: Final = "SELECT count(*) FROM quarantine WHERE upstream = :upstream"
FORGET_OLDEST_QUARANTINED: Final = """
DELETE FROM quarantine WHERE id IN (
  SELECT id FROM quarantine WHERE upstream = :upstream ORDER BY last_seen_us, id LIMIT :surplus
)
"""
QUARANTINE: Final = "SELECT record FROM quarantine ORDER BY last_seen_us DESC, id LIMIT :limit"
QUARANTINE_OF_UPSTREAM: Final = """
SELECT record FROM quarantine WHERE upstream = :upstream ORDER BY last_seen_us DESC, id LIMIT :limit
"""

LEASE: Final = "SELECT holder, fence, expires_us FROM leases WHERE name = :name"

TAKE_LEASE: Final = """
INSERT INTO leases (name, holder, fence, expires_us) VALUES (:name, :holder, 1, :expires_us)
ON CONFLICT (name) DO UPDATE SET
  fence = fence + (holder <> excluded.holder), holder = excluded.holder, expires_us = excluded.expires_us
WHERE holder = excluded.holder OR expires_us <= :now_us
RETURNING fence
"""
RELEASE_LEASE: Final = "UPDATE leases SET expires_us = 0 WHERE name = :name AND holder = :holder"

BUCKET: Final = "SELECT tat_ns FROM rate_buckets WHERE key = :key"
PUT_BUCKET: Final = """
INSERT INTO rate_buckets (key, tat_ns) VALUES (:key, :tat_ns)
ON CONFLICT (key) DO UPDATE SET tat_ns = excluded.tat_ns
"""

TOKEN: Final = "SELECT record FROM tokens WHERE id = :id"
TOKENS: Final = """
SELECT record FROM tokens WHERE (created_us, id) < (:created_us, :id) ORDER BY created_us DESC, id DESC LIMIT :limit
"""
TOKENS_OF_OWNER: Final = """
SELECT record FROM tokens WHERE owner = :owner AND (created_us, id) < (:created_us, :id)
ORDER BY created_us DESC, id DESC LIMIT :limit
"""
PUT_TOKEN: Final = """
INSERT INTO tokens (id, owner, created_us, ends_us, record) VALUES (:id, :owner, :created_us, :ends_us, :record)
ON CONFLICT (id) DO UPDATE SET ends_us = excluded.ends_us, record = excluded.record
"""

CAPABILITY: Final = "SELECT record FROM capabilities WHERE id = :id"
CAPABILITY_OF: Final = "SELECT record FROM capabilities WHERE digest = :digest"
CAPABILITIES: Final = "SELECT record FROM capabilities WHERE id < :before ORDER BY id DESC LIMIT :limit"
CAPABILITIES_OF_TEAM: Final = """
SELECT record FROM capabilities WHERE team = :team AND id < :before ORDER BY id DESC LIMIT :limit
"""
PUT_CAPABILITY: Final = """
INSERT INTO capabilities (id, digest, team, record) VALUES (:id, :digest, :team, :record)
ON CONFLICT (id) DO UPDATE SET record = excluded.record
"""

# A little at a time.
FORGET_SPENT_PROOFS: Final = """
DELETE FROM spent_proofs WHERE digest IN (
  SELECT digest FROM spent_proofs WHERE expires_us < :now_us ORDER BY expires_us LIMIT 100
)
"""
SPEND_PROOF: Final = """
INSERT INTO spent_proofs (digest, expires_us) VALUES (:digest, :expires_us) ON CONFLICT (digest) DO NOTHING
"""

ROW_COUNTS: Final = {
    "entries": "SELECT count(*) FROM entries",
    "documents": "SELECT count(*) FROM documents",
    "superseded documents": "SELECT count(*) FROM superseded_documents",
    "view rows": "SELECT count(*) FROM view_entries",
    "findings": "SELECT count(*) FROM findings",
    "publications": "SELECT count(*) FROM publications",
    "search texts": "SELECT count(*) FROM search_texts",
    "runs": "SELECT count(*) FROM runs",
    "quarantine": "SELECT count(*) FROM quarantine",
    "tokens": "SELECT count(*) FROM tokens",
    "capabilities": "SELECT count(*) FROM capabilities",
    "revoked subjects": "SELECT count(*) FROM revoked_subjects",
    "spent proofs": "SELECT count(*) FROM spent_proofs",
    "audit events": "SELECT count(*) FROM audit_events",
    "audit payloads": "SELECT count(*) FROM audit_payloads",
    "audit checkpoints": "SELECT count(*) FROM audit_checkpoints",
}

# --- retention ------------------------------------------------------------------------------------------------

# The newest run of each upstream stays, so that `status` can always say how the last one went.
SWEEP_RUNS: Final = """
DELETE FROM runs WHERE sequence IN (
  SELECT sequence FROM runs AS old
  WHERE finished_us < :before_us
    AND sequence < (SELECT max(sequence) FROM runs AS newer WHERE newer.upstream = old.upstream)
  LIMIT :limit
)
"""

SWEEP_BUCKETS: Final = """
DELETE FROM rate_buckets WHERE key IN (SELECT key FROM rate_buckets WHERE tat_ns < :full_before_ns LIMIT :limit)
"""

SWEEP_QUARANTINE: Final = """
DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE last_seen_us < :before_us LIMIT :limit)
"""

# Addresses stay: who was left with one that ended does not guess, and only what is stored says so.
SWEEP_TOKENS: Final = """
DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE ends_us < :before_us ORDER BY ends_us LIMIT :limit)
"""

# What was published here and replaced nobody could fetch again, so no retention reaches it.
OLD_SUPERSEDED: Final = """
SELECT entry_id, superseded_us, document_id FROM superseded_documents
WHERE superseded_us < :before_us AND entry_id NOT IN (SELECT entry_id FROM publications)
ORDER BY superseded_us LIMIT :limit
"""
FORGET_SUPERSEDED: Final = """
DELETE FROM superseded_documents
WHERE entry_id = :entry AND superseded_us = :superseded_us AND document_id = :document
"""
# A document says of which name it is, so what is approved of it stands under that name.
FORGET_DOCUMENT: Final = """
DELETE FROM documents WHERE id = :id
  AND NOT EXISTS (SELECT 1 FROM entries WHERE document_id = :id)
  AND NOT EXISTS (SELECT 1 FROM superseded_documents WHERE document_id = :id)
  AND NOT EXISTS (
    SELECT 1 FROM entries JOIN approved_versions ON approved_versions.name = entries.name
    WHERE entries.id = :entry AND approved_versions.document_id = :id
  )
  AND NOT EXISTS (SELECT 1 FROM view_entries INDEXED BY view_tombstones WHERE deleted = 1 AND document_id = :id)
"""
