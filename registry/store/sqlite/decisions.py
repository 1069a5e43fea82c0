"""Every statement on teams, grants, approvals, rules and blocks."""

from typing import Final

TEAMS: Final = "SELECT record FROM teams ORDER BY team"
TEAM: Final = "SELECT record FROM teams WHERE team = :team"
PUT_VIEW: Final = """
INSERT INTO views (team, generation, compat) VALUES (:team, 0, :compat)
ON CONFLICT (team) DO UPDATE SET compat = excluded.compat
"""
PUT_TEAM: Final = """
INSERT INTO teams (team, record) VALUES (:team, :record) ON CONFLICT (team) DO UPDATE SET record = excluded.record
"""

GRANT: Final = "SELECT record FROM grants WHERE id = :id"
GRANTS: Final = "SELECT record FROM grants ORDER BY id"
GRANTS_IN_FORCE: Final = "SELECT record FROM grants INDEXED BY grants_in_force WHERE revoked = 0 ORDER BY id"
GRANTS_OF_TEAM: Final = "SELECT record FROM grants INDEXED BY grants_of_team WHERE team = :team ORDER BY id"
GRANTS_COVERING: Final = """
SELECT grants.record FROM json_each(:patterns) AS wanted
CROSS JOIN grants INDEXED BY grants_in_force ON grants.pattern = wanted.value AND grants.revoked = 0
"""
PUT_GRANT: Final = """
INSERT INTO grants (id, team, pattern, revoked, record) VALUES (:id, :team, :pattern, :revoked, :record)
ON CONFLICT (id) DO UPDATE SET revoked = excluded.revoked, record = excluded.record
"""

APPROVAL: Final = "SELECT record FROM approvals WHERE id = :id"
APPROVALS: Final = "SELECT record FROM approvals WHERE id < :before ORDER BY id DESC LIMIT :limit"
APPROVALS_IN_STATE: Final = """
SELECT record FROM approvals INDEXED BY approvals_state
WHERE state = :state AND id < :before ORDER BY id DESC LIMIT :limit
"""
APPROVALS_OF_NAME: Final = """
SELECT record FROM approvals INDEXED BY approvals_name
WHERE name = :name AND id < :before ORDER BY id DESC LIMIT :limit
"""
APPROVALS_OF_NAME_IN_STATE: Final = """
SELECT record FROM approvals INDEXED BY approvals_name
WHERE name = :name AND state = :state AND id < :before ORDER BY id DESC LIMIT :limit
"""
PUT_APPROVAL: Final = """
INSERT INTO approvals (id, name, state, expires_us, record) VALUES (:id, :name, :state, :expires_us, :record)
ON CONFLICT (id) DO UPDATE SET
  state = excluded.state, expires_us = excluded.expires_us, record = excluded.record
"""

APPROVED: Final = """
SELECT approval_id, entry_id, version, digest, document_id, text_id, registry_types, transports
FROM approved_versions WHERE name = :name
"""
VERSIONS_OF: Final = """
SELECT name, version, digest FROM approved_versions INDEXED BY approved_by
WHERE approval_id = :approval ORDER BY name, version LIMIT :limit
"""
NAMES_APPROVED_BY: Final = """
SELECT DISTINCT name FROM approved_versions INDEXED BY approved_by
WHERE approval_id = :approval AND name > :after ORDER BY name LIMIT :limit
"""
PUT_APPROVED: Final = """
INSERT INTO approved_versions (
  name, version, digest, approval_id, entry_id, document_id, text_id, registry_types, transports
) VALUES (:name, :version, :digest, :approval, :entry, :document, :text, :registry_types, :transports)
ON CONFLICT (name, version, digest, approval_id) DO NOTHING
"""
CHANGE_APPROVED: Final = """
UPDATE approved_versions SET entry_id = :entry, document_id = :document, text_id = :text,
  registry_types = :registry_types, transports = :transports
WHERE name = :name AND version = :version AND digest = :digest AND approval_id = :approval
"""

# What is released is not served any more; that it was approved stays on record.
OLDER_TEXTS: Final = """
SELECT DISTINCT text_id FROM approved_versions
WHERE name = :name AND version = :version AND approval_id = :approval AND digest <> :digest AND text_id IS NOT NULL
"""
RELEASE_OLDER: Final = """
UPDATE approved_versions SET document_id = NULL, text_id = NULL
WHERE name = :name AND version = :version AND approval_id = :approval AND digest <> :digest
"""
TEXTS_OF: Final = """
SELECT DISTINCT text_id FROM approved_versions INDEXED BY approved_by
WHERE approval_id = :approval AND name = :name AND text_id IS NOT NULL
"""
RELEASE: Final = """
UPDATE approved_versions SET document_id = NULL, text_id = NULL WHERE name = :name AND approval_id = :approval
"""

RULES: Final = "SELECT record FROM rules ORDER BY id"
PUT_RULE: Final = """
INSERT INTO rules (id, record) VALUES (:id, :record) ON CONFLICT (id) DO UPDATE SET record = excluded.record
"""

ANY_BLOCK: Final = "SELECT 1 FROM blocks LIMIT 1"
BLOCKS: Final = "SELECT record FROM blocks ORDER BY name, version"
BLOCKS_OF_NAME: Final = "SELECT record FROM blocks WHERE name = :name ORDER BY version"
PUT_BLOCK: Final = """
INSERT INTO blocks (name, version, record) VALUES (:name, :version, :record)
ON CONFLICT (name, version) DO UPDATE SET record = excluded.record
"""
FORGET_BLOCK: Final = "DELETE FROM blocks WHERE name = :name AND version = :version"

DRIFT_POLICIES: Final = "SELECT record FROM drift_policies ORDER BY pattern"
PUT_DRIFT_POLICY: Final = """
INSERT INTO drift_policies (pattern, record) VALUES (:pattern, :record)
ON CONFLICT (pattern) DO UPDATE SET record = excluded.record
"""
FORGET_DRIFT_POLICY: Final = "DELETE FROM drift_policies WHERE pattern = :pattern"

SEVERITIES: Final = "SELECT rule, severity FROM severities ORDER BY rule"
FORGET_SEVERITIES: Final = "DELETE FROM severities"
PUT_SEVERITY: Final = "INSERT INTO severities (rule, severity) VALUES (:rule, :severity)"

COMMENTS: Final = "SELECT record FROM comments INDEXED BY comments_on WHERE approval_id = :approval ORDER BY number"
PUT_COMMENT: Final = "INSERT INTO comments (approval_id, record) VALUES (:approval, :record)"

AUTHORS: Final = "SELECT subject, edited_by FROM publications WHERE entry_id = :entry"

# What changes by time alone: the names of a view, and the earliest of them in the view itself.
FORGET_TIME: Final = "DELETE FROM view_times WHERE view_id = :view AND name = :name"
TIME: Final = "SELECT next_us FROM view_times WHERE view_id = :view AND name = :name"
NAMES_IN_VIEW: Final = "SELECT DISTINCT name FROM view_entries WHERE view_id = :view"
PUT_TIME: Final = """
INSERT INTO view_times (view_id, name, next_us) VALUES (:view, :name, :next_us)
ON CONFLICT (view_id, name) DO UPDATE SET next_us = excluded.next_us
"""
PUT_PENDING: Final = """
INSERT INTO pending_views (id, team, pattern, after) VALUES (nullif(:number, 0), :team, :pattern, :after)
ON CONFLICT (id) DO UPDATE SET after = excluded.after
RETURNING id
"""
PENDING: Final = "SELECT id, team, pattern, after FROM pending_views ORDER BY id"
FORGET_PENDING: Final = "DELETE FROM pending_views WHERE id = :number"

DUE: Final = """
SELECT name, next_us FROM view_times INDEXED BY view_times_next
WHERE view_id = :view AND next_us <= :now_us ORDER BY next_us LIMIT :limit
"""
LATE: Final = """
SELECT views.team, view_times.next_us FROM view_times INDEXED BY view_times_name
JOIN views ON views.id = view_times.view_id
WHERE view_times.name = :name AND view_times.next_us <= :now_us
"""
NEWEST_CHANGE: Final = "SELECT max(changed_us) FROM view_entries INDEXED BY view_changed WHERE view_id = :view"
NEXT_TIME: Final = """
UPDATE views SET next_us = (
  SELECT min(next_us) FROM view_times INDEXED BY view_times_next WHERE view_id = :view
) WHERE id = :view
"""
