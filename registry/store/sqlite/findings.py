"""Every statement on findings: which documents are due, what was found, how much of it there is."""

from typing import Final

UNJUDGED: Final = """
SELECT (SELECT count(*) FROM unjudged_documents) + (SELECT count(*) FROM judged_documents WHERE revision < :revision)
"""
UNJUDGED_UP_TO: Final = """
SELECT count(*) FROM (
  SELECT 1 FROM unjudged_documents UNION ALL SELECT 1 FROM judged_documents WHERE revision < :revision LIMIT :most
)
"""

TO_BE_JUDGED: Final = """
INSERT INTO unjudged_documents (document_id) SELECT :document
WHERE NOT EXISTS (SELECT 1 FROM judged_documents WHERE document_id = :document)
ON CONFLICT DO NOTHING
"""

NEVER_JUDGED: Final = """
SELECT documents.digest, documents.body
FROM unjudged_documents CROSS JOIN documents ON documents.id = unjudged_documents.document_id
ORDER BY unjudged_documents.document_id LIMIT :limit
"""
JUDGED_BEFORE: Final = """
SELECT documents.digest, documents.body
FROM judged_documents CROSS JOIN documents ON documents.id = judged_documents.document_id
WHERE judged_documents.revision < :revision
ORDER BY judged_documents.revision, judged_documents.document_id LIMIT :limit
"""

# One rule at a time, so that each is a range of the primary key. `rows.entry_finding` reads all three.
FINDINGS: Final = """
SELECT findings.rule, findings.document_id, entries.id, sources.name, entries.name, entries.version,
  documents.digest, findings.severity, findings.issues, findings.record
FROM findings
  CROSS JOIN entries INDEXED BY entries_document ON entries.document_id = findings.document_id
  CROSS JOIN sources ON sources.id = entries.source_id
  CROSS JOIN documents ON documents.id = findings.document_id
WHERE findings.rule = :rule AND findings.document_id >= :document
  AND (findings.document_id, entries.id) > (:document, :entry) AND entries.withdrawn_us IS NULL
ORDER BY findings.document_id, entries.id LIMIT :limit
"""

FINDINGS_OF_SOURCE: Final = """
SELECT findings.rule, findings.document_id, entries.id, sources.name, entries.name, entries.version,
  documents.digest, findings.severity, findings.issues, findings.record
FROM findings
  CROSS JOIN entries INDEXED BY entries_document ON entries.document_id = findings.document_id
  CROSS JOIN sources ON sources.id = entries.source_id
  CROSS JOIN documents ON documents.id = findings.document_id
WHERE findings.rule = :rule AND findings.document_id >= :document
  AND (findings.document_id, entries.id) > (:document, :entry) AND entries.withdrawn_us IS NULL
  AND sources.name = :source
ORDER BY findings.document_id, entries.id LIMIT :limit
"""

# From the few entries of a name to what is wrong with them. The unary plus keeps the planner from the other way.
FINDINGS_OF_NAME: Final = """
SELECT findings.rule, findings.document_id, entries.id, sources.name, entries.name, entries.version,
  documents.digest, findings.severity, findings.issues, findings.record
FROM sources CROSS JOIN entries ON entries.source_id = sources.id AND entries.name = :name
  CROSS JOIN findings ON findings.rule = :rule AND findings.document_id = entries.document_id
  CROSS JOIN documents ON documents.id = findings.document_id
WHERE (:source = '' OR sources.name = :source)
  AND (findings.document_id, entries.id) > (:document, :entry) AND entries.withdrawn_us IS NULL
ORDER BY +findings.document_id, +entries.id LIMIT :limit
"""

IS_JUDGED: Final = "SELECT 1 FROM judged_documents WHERE document_id = :document AND revision >= :revision"
FOUND_IN: Final = "SELECT rule, severity FROM findings INDEXED BY findings_document WHERE document_id = :document"
NAMES_WITH: Final = """
SELECT DISTINCT entries.name FROM documents CROSS JOIN entries INDEXED BY entries_document
  ON entries.document_id = documents.id
WHERE documents.digest = :digest
"""

FINDING_TOTALS: Final = "SELECT rule, severity, documents, issues FROM finding_totals WHERE documents > 0 ORDER BY rule"

# Of a document that no entry has it finds nothing.
TO_JUDGE: Final = """
SELECT documents.id FROM documents LEFT JOIN judged_documents ON judged_documents.document_id = documents.id
WHERE documents.digest = :digest AND iif(judged_documents.revision IS NULL,
  EXISTS (SELECT 1 FROM unjudged_documents WHERE document_id = documents.id), judged_documents.revision <= :revision)
"""
NOT_UNJUDGED: Final = "DELETE FROM unjudged_documents WHERE document_id = :document"
JUDGED: Final = """
INSERT INTO judged_documents (document_id, revision) VALUES (:document, :revision)
ON CONFLICT (document_id) DO UPDATE SET revision = excluded.revision
"""
FORGET_FINDINGS: Final = "DELETE FROM findings WHERE document_id = :document"
NEW_FINDING: Final = """
INSERT INTO findings (rule, document_id, severity, issues, record)
VALUES (:rule, :document, :severity, :issues, :record)
"""
