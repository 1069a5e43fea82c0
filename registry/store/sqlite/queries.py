"""Every statement on the catalog, one per access path. Nothing is ever formatted into one.

Filters are compared where an index already walks, in a form in which "no filter" is an ordinary value: `deleted <=
:deleted`, `is_latest >= :latest`, `changed_us > :since`, and `instr(registry_types, :registry_type)` with the type
between blanks, or nothing at all.
"""

from typing import Final

# Pages select the item alone: what else is known of its row stands in it, and three columns cost more to hand over
# than one. The last item of a page says where the next page begins.

# --- a view, read ---------------------------------------------------------------------------------------------

VIEW: Final = "SELECT id FROM views WHERE team = :team"

GENERATION: Final = "SELECT generation, next_us, compat FROM views WHERE id = :view"

INCARNATION: Final = "SELECT incarnation FROM store_facts"

PAGE_PLAIN: Final = """
SELECT item FROM view_entries
WHERE view_id = :view AND (name, version) > (:name, :version) AND deleted = 0
ORDER BY name, version LIMIT :limit
"""

PAGE_LATEST: Final = """
SELECT item FROM view_entries
WHERE view_id = :view AND (name, version) > (:name, :version) AND is_latest = 1 AND deleted = 0
ORDER BY name, version LIMIT :limit
"""

PAGE_FILTERED: Final = """
SELECT item FROM view_entries INDEXED BY view_scan
WHERE view_id = :view AND (name, version) > (:name, :version)
  AND deleted <= :deleted AND is_latest >= :latest AND changed_us > :since
  AND instr(registry_types, :registry_type) AND instr(transports, :transport)
ORDER BY name, version LIMIT :limit
"""

PAGE_ONE_VERSION: Final = """
SELECT item FROM view_entries INDEXED BY view_scan
WHERE view_id = :view AND (name, version) > (:name, :version) AND version = :exact
  AND deleted <= :deleted AND is_latest >= :latest AND changed_us > :since
  AND instr(registry_types, :registry_type) AND instr(transports, :transport)
ORDER BY name, version LIMIT :limit
"""

CHANGED_COUNT: Final = """
SELECT count(*) FROM (
  SELECT 1 FROM view_entries INDEXED BY view_changed WHERE view_id = :view AND changed_us > :since LIMIT :cap
)
"""

# The keys are sorted before any wide row is touched.
PAGE_CHANGED: Final = """
WITH keys AS MATERIALIZED (
  SELECT name, version FROM view_entries INDEXED BY view_changed
  WHERE view_id = :view AND changed_us > :since AND (name, version) > (:name, :version)
    AND deleted <= :deleted AND is_latest >= :latest AND (:exact = '' OR version = :exact)
    AND instr(registry_types, :registry_type) AND instr(transports, :transport)
  ORDER BY name, version LIMIT :limit
)
SELECT wide.item FROM keys CROSS JOIN view_entries AS wide
  ON wide.view_id = :view AND wide.name = keys.name AND wide.version = keys.version
ORDER BY wide.name, wide.version
"""

ITEM: Final = """
SELECT item FROM view_entries
WHERE view_id = :view AND name = :name AND version = :version AND deleted <= :deleted
"""

LATEST_ITEM: Final = """
SELECT item FROM view_entries INDEXED BY view_latest
WHERE view_id = :view AND name = :name AND is_latest = 1 AND deleted <= :deleted
"""

# What was found in the document of a row: NULL if it was not judged.
DETAIL: Final = """
SELECT view_entries.item, iif(judged_documents.document_id IS NULL, NULL, (
  SELECT json_group_array(json_array(rule, severity, issues)) FROM findings INDEXED BY findings_document
  WHERE findings.document_id = view_entries.document_id
))
FROM view_entries LEFT JOIN judged_documents ON judged_documents.document_id = view_entries.document_id
WHERE view_id = :view AND name = :name AND version = :version AND deleted <= :deleted
"""

LATEST_DETAIL: Final = """
SELECT view_entries.item, iif(judged_documents.document_id IS NULL, NULL, (
  SELECT json_group_array(json_array(rule, severity, issues)) FROM findings INDEXED BY findings_document
  WHERE findings.document_id = view_entries.document_id
))
FROM view_entries INDEXED BY view_latest
  LEFT JOIN judged_documents ON judged_documents.document_id = view_entries.document_id
WHERE view_id = :view AND name = :name AND is_latest = 1 AND deleted <= :deleted
"""

ITEMS_OF_NAME: Final = """
SELECT item FROM view_entries
WHERE view_id = :view AND name = :name AND deleted <= :deleted
ORDER BY published_us DESC, version DESC
"""

# --- a view, searched -----------------------------------------------------------------------------------------

# Tier 0 is the exact name, tier 1 the exact last segment: few names, whatever the term. `NOT … <=` and the
# unary plus keep the planner from walking the view by position where it should look up a name.
SEARCH_EXACT_NAME: Final = """
SELECT wide.item
FROM names INDEXED BY names_folded CROSS JOIN view_entries AS wide
  ON wide.view_id = :view AND wide.name = names.name
WHERE names.folded = :term AND NOT (wide.name, wide.version) <= (:name, :version)
  AND wide.deleted <= :deleted AND wide.is_latest >= :latest AND +wide.changed_us > :since
  AND (:exact = '' OR wide.version = :exact)
  AND instr(wide.registry_types, :registry_type) AND instr(wide.transports, :transport)
ORDER BY wide.name, wide.version LIMIT :limit
"""

SEARCH_EXACT_SLUG: Final = """
SELECT wide.item
FROM names INDEXED BY names_folded_slug CROSS JOIN view_entries AS wide
  ON wide.view_id = :view AND wide.name = names.name
WHERE names.folded_slug = :term AND names.folded <> :term AND NOT (wide.name, wide.version) <= (:name, :version)
  AND wide.deleted <= :deleted AND wide.is_latest >= :latest AND +wide.changed_us > :since
  AND (:exact = '' OR wide.version = :exact)
  AND instr(wide.registry_types, :registry_type) AND instr(wide.transports, :transport)
ORDER BY wide.name, wide.version LIMIT :limit
"""

SEARCH_COUNT: Final = "SELECT count(*) FROM (SELECT 1 FROM search_grams WHERE search_grams MATCH :grams LIMIT :cap)"

# For a rare term: from the texts that hold all its trigrams to the rows that have one of them.
SEARCH_RARE: Final = """
WITH held AS MATERIALIZED (
  SELECT search_texts.id, search_texts.name
  FROM search_grams CROSS JOIN search_texts ON search_texts.id = search_grams.rowid
  WHERE search_grams MATCH :grams AND instr(search_texts.text, :term) AND search_texts.name >= :name
    AND NOT EXISTS (SELECT 1 FROM names WHERE name = search_texts.name AND :term IN (folded, folded_slug))
),
keys AS MATERIALIZED (
  SELECT row.name, row.version FROM held CROSS JOIN view_entries AS row
    ON row.view_id = :view AND row.name = held.name
  WHERE row.text_id = held.id AND NOT (row.name, row.version) <= (:name, :version)
    AND row.deleted <= :deleted AND row.is_latest >= :latest AND +row.changed_us > :since
    AND (:exact = '' OR row.version = :exact)
    AND instr(row.registry_types, :registry_type) AND instr(row.transports, :transport)
  ORDER BY row.name, row.version LIMIT :limit
)
SELECT wide.item FROM keys CROSS JOIN view_entries AS wide
  ON wide.view_id = :view AND wide.name = keys.name AND wide.version = keys.version
ORDER BY wide.name, wide.version
"""

SHORT_COUNT: Final = """
SELECT count(*) FROM (SELECT 1 FROM search_texts WHERE instr(text, :term) LIMIT :cap)
"""

# For a rare term that is shorter than a trigram: there are fewer texts than rows.
SEARCH_SHORT: Final = """
WITH held AS MATERIALIZED (
  SELECT id, name FROM search_texts
  WHERE instr(text, :term) AND name >= :name
    AND NOT EXISTS (SELECT 1 FROM names WHERE name = search_texts.name AND :term IN (folded, folded_slug))
),
keys AS MATERIALIZED (
  SELECT row.name, row.version FROM held CROSS JOIN view_entries AS row
    ON row.view_id = :view AND row.name = held.name
  WHERE row.text_id = held.id AND NOT (row.name, row.version) <= (:name, :version)
    AND row.deleted <= :deleted AND row.is_latest >= :latest AND +row.changed_us > :since
    AND (:exact = '' OR row.version = :exact)
    AND instr(row.registry_types, :registry_type) AND instr(row.transports, :transport)
  ORDER BY row.name, row.version LIMIT :limit
)
SELECT wide.item FROM keys CROSS JOIN view_entries AS wide
  ON wide.view_id = :view AND wide.name = keys.name AND wide.version = keys.version
ORDER BY wide.name, wide.version
"""

# For a common term: the page fills up before the walk has gone far.
SEARCH_COMMON: Final = """
SELECT row.item
FROM view_entries AS row INDEXED BY view_scan CROSS JOIN search_texts AS held ON held.id = row.text_id
WHERE row.view_id = :view AND (row.name, row.version) > (:name, :version)
  AND row.deleted <= :deleted AND row.is_latest >= :latest AND row.changed_us > :since
  AND (:exact = '' OR row.version = :exact)
  AND instr(row.registry_types, :registry_type) AND instr(row.transports, :transport)
  AND instr(held.text, :term)
  AND NOT EXISTS (SELECT 1 FROM names WHERE name = row.name AND :term IN (folded, folded_slug))
ORDER BY row.name, row.version LIMIT :limit
"""

# --- entries, written -----------------------------------------------------------------------------------------

HELD: Final = """
SELECT entries.id, documents.digest, entries.withdrawn_us IS NOT NULL, entries.status, entries.status_message,
  entries.status_changed_us, entries.published_us, entries.source_updated_us
FROM entries JOIN documents ON documents.id = entries.document_id
WHERE entries.source_id = :source AND entries.name = :name AND entries.version = :version
"""

# SQLite copies each page that a statement changes, in case it has to undo a part of it, where the statement has a
# trigger, RETURNING, an upsert or an update of a column that references something; such an update opens a table for its
# keys besides: half of the time of a walk. So what it writes for every version is plain inserts, and updates of
# columns that reference nothing.

NEW_DOCUMENT: Final = "INSERT INTO documents (digest, body) VALUES (:digest, :body) ON CONFLICT (digest) DO NOTHING"
DOCUMENT_ID: Final = "SELECT id FROM documents WHERE digest = :digest"
DOCUMENT_BODY: Final = "SELECT body FROM documents WHERE id = :id"

NEW_TEXT: Final = """
INSERT INTO search_texts (name, digest, text) VALUES (:name, :digest, :text) ON CONFLICT (digest) DO NOTHING
"""
TEXT_ID: Final = "SELECT id FROM search_texts WHERE digest = :digest"
INDEX_TEXT: Final = "INSERT INTO search_grams (rowid, text) VALUES (:id, :text)"
UNUSED_TEXT: Final = """
SELECT text FROM search_texts WHERE id = :id
  AND NOT EXISTS (SELECT 1 FROM entries WHERE text_id = :id)
  AND NOT EXISTS (SELECT 1 FROM approved_versions WHERE name = search_texts.name AND text_id = :id)
  AND NOT EXISTS (SELECT 1 FROM view_entries INDEXED BY view_tombstone_texts WHERE deleted = 1 AND text_id = :id)
"""
FORGET_TEXT: Final = "DELETE FROM search_texts WHERE id = :id"
UNINDEX_TEXT: Final = "INSERT INTO search_grams (search_grams, rowid, text) VALUES ('delete', :id, :text)"

NEW_NAME: Final = """
INSERT INTO names (name, folded, folded_slug) VALUES (:name, :folded, :folded_slug) ON CONFLICT DO NOTHING
"""

NEW_ENTRY: Final = """
INSERT INTO entries (
  source_id, name, version, document_id, text_id, registry_types, transports, rank, status, status_message,
  status_changed_us, published_us, source_updated_us, mirrored_us, withdrawn_us, seen_in, fresh_from_us
) VALUES (
  :source, :name, :version, :document, :text, :registry_types, :transports, :rank, :status, :status_message,
  :status_changed_us, :published_us, :source_updated_us, :mirrored_us, NULL, :seen_in,
  :fresh_from_us
)
"""

COUNT_NEW_ENTRY: Final = "UPDATE sources SET entries = entries + 1 WHERE id = :source"

ENTRY_DOCUMENT: Final = """
SELECT id, document_id, published_us, text_id FROM entries
WHERE source_id = :source AND name = :name AND version = :version
"""

CHANGE_ENTRY: Final = """
UPDATE entries SET document_id = :document, text_id = :text, registry_types = :registry_types,
  transports = :transports, rank = :rank, status = :status, status_message = :status_message,
  status_changed_us = :status_changed_us, published_us = :published_us, source_updated_us = :source_updated_us,
  mirrored_us = :mirrored_us, withdrawn_us = NULL, seen_in = :seen_in,
  waived_by = iif(document_id = :document, waived_by, NULL)
WHERE id = :id
"""

SUPERSEDE: Final = """
INSERT INTO superseded_documents (entry_id, document_id, superseded_us) VALUES (:entry, :document, :superseded_us)
ON CONFLICT DO NOTHING
"""

MARK_SEEN: Final = "UPDATE entries SET seen_in = :seen_in WHERE id = :id AND withdrawn_us IS NULL"
MARK_BACK: Final = "UPDATE entries SET seen_in = :seen_in, withdrawn_us = NULL WHERE id = :id"

COUNT_UNSEEN: Final = """
SELECT count(*) FROM entries WHERE source_id = :source AND seen_in < :seen_in AND withdrawn_us IS NULL
"""

UNSEEN: Final = """
SELECT id, name FROM entries
WHERE source_id = :source AND seen_in < :seen_in AND withdrawn_us IS NULL
LIMIT :limit
"""

WITHDRAW: Final = "UPDATE entries SET withdrawn_us = :instant_us WHERE id = :id"

NAMES_OF: Final = """
SELECT DISTINCT name FROM entries WHERE source_id = :source AND name > :after ORDER BY name LIMIT :limit
"""

NAMES: Final = "SELECT name FROM names WHERE name > :after ORDER BY name LIMIT :limit"
NAMES_FROM: Final = "SELECT name FROM names WHERE name >= :low AND name < :high ORDER BY name LIMIT :limit"
NAMES_BETWEEN: Final = "SELECT name FROM names WHERE name > :after AND name < :high ORDER BY name LIMIT :limit"
UNPROJECTED: Final = "SELECT unprojected FROM store_facts"
PUT_UNPROJECTED: Final = "UPDATE store_facts SET unprojected = :after"

SOURCES_HAVING: Final = """
SELECT sources.name FROM sources WHERE EXISTS (
  SELECT 1 FROM entries WHERE entries.source_id = sources.id AND entries.name = :name
)
"""

REMEMBERED: Final = """
SELECT sources.name FROM names JOIN sources ON sources.id = names.remembered WHERE names.name = :name
"""
REMEMBER: Final = """
UPDATE names SET remembered = (SELECT id FROM sources WHERE name = :source) WHERE name = :name
"""

# stored_entry in rows.py reads both of these.
ENTRIES_OF_NAME: Final = """
SELECT entries.id, sources.name, entries.version, entries.document_id, documents.digest, entries.text_id,
  entries.registry_types, entries.transports, entries.rank, entries.status, entries.status_message,
  entries.status_changed_us, entries.published_us, entries.source_updated_us, entries.mirrored_us,
  entries.withdrawn_us, entries.fresh_from_us, entries.waived_by, entries.waived_digest
FROM entries JOIN documents ON documents.id = entries.document_id JOIN sources ON sources.id = entries.source_id
WHERE entries.source_id = :source AND entries.name = :name
"""

ENTRY_BY_ID: Final = """
SELECT entries.id, sources.name, entries.version, entries.document_id, documents.digest, entries.text_id,
  entries.registry_types, entries.transports, entries.rank, entries.status, entries.status_message,
  entries.status_changed_us, entries.published_us, entries.source_updated_us, entries.mirrored_us,
  entries.withdrawn_us, entries.fresh_from_us, entries.waived_by, entries.waived_digest
FROM entries JOIN documents ON documents.id = entries.document_id JOIN sources ON sources.id = entries.source_id
WHERE entries.id = :id
"""

DIGEST: Final = "SELECT digest FROM documents WHERE id = :id"

# --- what was published here ------------------------------------------------------------------------------------

NEW_PUBLICATION: Final = """
INSERT INTO publications (entry_id, subject) VALUES (:entry, :subject)
ON CONFLICT DO UPDATE SET edited_by = excluded.subject
"""
FORGET_REMOTES: Final = "DELETE FROM private_remotes WHERE entry_id = :entry"
NEW_REMOTE: Final = "INSERT INTO private_remotes (url, entry_id) VALUES (:url, :entry) ON CONFLICT DO NOTHING"

REMOTE_URLS: Final = """
SELECT url FROM private_remotes INDEXED BY private_remotes_entry WHERE entry_id = :entry ORDER BY url
"""

REMOTE_USER: Final = """
SELECT entries.name FROM private_remotes JOIN entries ON entries.id = private_remotes.entry_id
WHERE private_remotes.url = :url AND entries.name <> :name AND entries.status <> 'deleted'
ORDER BY entries.name LIMIT 1
"""

CHANGE_STATUS: Final = """
UPDATE entries SET status = :status, status_message = :status_message, status_changed_us = :status_changed_us,
  mirrored_us = :instant_us
WHERE id = :id
"""

ENTRIES_BETWEEN: Final = """
SELECT entries.name, entries.id, sources.name, entries.version, entries.document_id, documents.digest,
  entries.text_id, entries.registry_types, entries.transports, entries.rank, entries.status,
  entries.status_message, entries.status_changed_us, entries.published_us, entries.source_updated_us,
  entries.mirrored_us, entries.withdrawn_us, entries.fresh_from_us, entries.waived_by, entries.waived_digest
FROM entries JOIN documents ON documents.id = entries.document_id JOIN sources ON sources.id = entries.source_id
WHERE entries.source_id = :source AND (entries.name, entries.version) > (:name, :version)
  AND entries.name < :high
ORDER BY entries.name, entries.version LIMIT :limit
"""

# --- a view, written ------------------------------------------------------------------------------------------

VIEW_ROWS: Final = """
SELECT version, entry_id, document_id, status, status_message, status_changed_us, published_us, is_latest,
  changed_us, mirrored_us, source_updated_us, text_id, registry_types, transports, approval, expires_us, shown, overlay
FROM view_entries WHERE view_id = :view AND name = :name
"""

VIEW_SERVED: Final = "SELECT version, deleted, item FROM view_entries WHERE view_id = :view AND name = :name"

NEW_VIEW_ROW: Final = """
INSERT INTO view_entries (
  view_id, name, version, deleted, is_latest, changed_us, published_us, status, status_message,
  status_changed_us, entry_id, document_id, mirrored_us, source_updated_us, text_id, registry_types, transports,
  item, approval, expires_us, shown, overlay
) VALUES (
  :view, :name, :version, :deleted, :is_latest, :changed_us, :published_us, :status, :status_message,
  :status_changed_us, :entry, :document, :mirrored_us, :source_updated_us, :text, :registry_types, :transports,
  :item, :approval, :expires_us, :shown, :overlay
)
"""

CHANGE_VIEW_ROW: Final = """
UPDATE view_entries SET deleted = :deleted, is_latest = :is_latest, changed_us = :changed_us,
  published_us = :published_us, status = :status, status_message = :status_message,
  status_changed_us = :status_changed_us, document_id = :document, mirrored_us = :mirrored_us,
  source_updated_us = :source_updated_us, text_id = :text, registry_types = :registry_types,
  transports = :transports, item = :item, approval = :approval, expires_us = :expires_us,
  shown = :shown, overlay = :overlay
WHERE view_id = :view AND name = :name AND version = :version
"""

CHANGE_VIEW_ENTRY: Final = """
UPDATE view_entries SET entry_id = :entry WHERE view_id = :view AND name = :name AND version = :version
"""

# An instant, so that a number is not used twice when a power cut takes the last commits of a mirror back.
NEXT_GENERATION: Final = "UPDATE views SET generation = max(generation + 1, :instant_us) WHERE id = :view"

NEXT_INSTANT: Final = """
UPDATE store_facts SET instant_us = max(instant_us + 1, :now_us) RETURNING instant_us
"""
NEXT_SEQUENCE: Final = "UPDATE store_facts SET run_sequence = run_sequence + 1 RETURNING run_sequence"
