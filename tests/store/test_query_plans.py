"""Every statement walks the index it was written for.

The plan of a statement is a promise as much as its answer: one that reads the whole view costs hundreds of
milliseconds at 500,000 rows and is right all the same.
"""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from registry.store.sqlite import (
    announcing,
    decisions,
    findings,
    firewall,
    operations,
    overlays,
    queries,
    record,
    subjects,
)

STATEMENTS: Final = {
    name: statement
    for module in (queries, operations, findings, record, decisions, announcing, subjects, overlays, firewall)
    for name, statement in vars(module).items()
    if name.isupper() and isinstance(statement, str)
}

# Tables with a row for each source, team or store, or a page's worth of runs; and what a statement itself put aside.
SMALL = {"sources", "views", "store_facts", "keys", "held", "(subquery-1)", "(subquery-2)", "CONSTANT"}

# The statement, the table it must reach first, and how.
READS = {
    "PAGE_PLAIN": "view_entries USING PRIMARY KEY (view_id=? AND (name,version)>(?,?))",
    "PAGE_LATEST": "view_entries USING INDEX view_latest (view_id=? AND (name,version)>(?,?))",
    "PAGE_FILTERED": "view_entries USING INDEX view_scan (view_id=? AND (name,version)>(?,?))",
    "PAGE_ONE_VERSION": "view_entries USING INDEX view_scan (view_id=? AND (name,version)>(?,?))",
    "CHANGED_COUNT": "view_entries USING COVERING INDEX view_changed (view_id=? AND changed_us>?)",
    "PAGE_CHANGED": "view_entries USING INDEX view_changed (view_id=? AND changed_us>?)",
    "ITEM": "view_entries USING PRIMARY KEY (view_id=? AND name=? AND version=?)",
    "DETAIL": "view_entries USING PRIMARY KEY (view_id=? AND name=? AND version=?)",
    "LATEST_DETAIL": "view_entries USING INDEX view_latest (view_id=? AND name=?)",
    "LATEST_ITEM": "view_entries USING INDEX view_latest (view_id=? AND name=?)",
    "ITEMS_OF_NAME": "view_entries USING PRIMARY KEY (view_id=? AND name=?)",
    "SEARCH_EXACT_NAME": "names USING COVERING INDEX names_folded (folded=?)",
    "SEARCH_EXACT_SLUG": "names USING INDEX names_folded_slug (folded_slug=?)",
    "SEARCH_RARE": "search_texts USING INTEGER PRIMARY KEY (rowid=?)",
    "SEARCH_COMMON": "row USING INDEX view_scan (view_id=? AND (name,version)>(?,?))",
    "HELD": "entries USING INDEX sqlite_autoindex_entries_1 (source_id=? AND name=? AND version=?)",
    "ENTRIES_OF_NAME": "entries USING INDEX sqlite_autoindex_entries_1 (source_id=? AND name=?)",
    "ENTRIES_BETWEEN": (
        "entries USING INDEX sqlite_autoindex_entries_1 (source_id=? AND (name,version)>(?,?) AND name<?)"
    ),
    "REMOTE_USER": "private_remotes USING PRIMARY KEY (url=?)",
    "REMOTE_URLS": "private_remotes USING COVERING INDEX private_remotes_entry (entry_id=?)",
    "NAMES_OF": "entries USING COVERING INDEX sqlite_autoindex_entries_1 (source_id=? AND name>?)",
    "COUNT_UNSEEN": "entries USING INDEX entries_live (source_id=? AND seen_in<?)",
    "UNSEEN": "entries USING INDEX entries_live (source_id=? AND seen_in<?)",
    "VIEW_ROWS": "view_entries USING PRIMARY KEY (view_id=? AND name=?)",
    "UNUSED_TEXT": "entries USING COVERING INDEX entries_text (text_id=?)",
    "FORGET_DOCUMENT": "entries USING COVERING INDEX entries_document (document_id=?)",
    "OLD_SUPERSEDED": "superseded_documents USING COVERING INDEX superseded_by_instant (superseded_us<?)",
    "SWEEP_QUARANTINE": "quarantine USING INDEX quarantine_seen (last_seen_us<?)",
    "QUARANTINED_BEFORE": "quarantine USING INDEX sqlite_autoindex_quarantine_2 (upstream=? AND digest=? AND reason=?)",
    "UNJUDGED": "judged_documents USING COVERING INDEX judged_by_revision (revision<?)",
    "UNJUDGED_UP_TO": "judged_documents USING COVERING INDEX judged_by_revision (revision<?)",
    "JUDGED_BEFORE": "judged_documents USING COVERING INDEX judged_by_revision (revision<?)",
    "TO_JUDGE": "documents USING COVERING INDEX sqlite_autoindex_documents_1 (digest=?)",
    "FINDINGS": "findings USING PRIMARY KEY (rule=? AND document_id>?)",
    "FINDINGS_OF_SOURCE": "findings USING PRIMARY KEY (rule=? AND document_id>?)",
    "FINDINGS_OF_NAME": "entries USING INDEX sqlite_autoindex_entries_1 (source_id=? AND name=?)",
    "FOUND_IN": "findings USING INDEX findings_document (document_id=?)",
    "IS_JUDGED": "judged_documents USING INTEGER PRIMARY KEY (rowid=?)",
    "NAMES_WITH": "documents USING COVERING INDEX sqlite_autoindex_documents_1 (digest=?)",
    "FORGET_FINDINGS": "findings USING COVERING INDEX findings_document (document_id=?)",
    "RUNS": "runs USING INTEGER PRIMARY KEY (rowid<?)",
    "RUNS_OF_UPSTREAM": "runs USING INDEX runs_upstream (upstream=? AND sequence<?)",
    "TOKEN": "tokens USING PRIMARY KEY (id=?)",
    "SWEEP_TOKENS": "tokens USING COVERING INDEX tokens_ends (ends_us<?)",
    "TOKENS": "tokens USING INDEX tokens_created ((created_us,id)<(?,?))",
    "SEALED": "audit_events USING INTEGER PRIMARY KEY (rowid>?)",
    "FOUND": "audit_events USING INTEGER PRIMARY KEY (rowid<?)",
    "FOUND_BY_ACTION": "audit_events USING INDEX audit_action (action=? AND id<?)",
    "FOUND_BY_ACTOR": "audit_events USING INDEX audit_actor (actor=? AND id<?)",
    "FOUND_BY_OBJECT": "audit_events USING INDEX audit_object (object=? AND id<?)",
    "FOUND_BY_OUTCOME": "audit_events USING INDEX audit_not_done (outcome=? AND id<?)",
    "SWEEP_PAYLOADS": "audit_payloads USING COVERING INDEX audit_payloads_at (at_us<?)",
    "REVOKED_SUBJECT": "revoked_subjects USING PRIMARY KEY (subject=?)",
    "REVOKED_SUBJECTS": "revoked_subjects USING PRIMARY KEY (subject>?)",
    "ENDING": "approvals USING INDEX approvals_ending (expires_us>? AND expires_us<?)",
    "UNANNOUNCED": "approvals USING INDEX approvals_unannounced (expires_us>? AND expires_us<?)",
    "LOOK_ALIKES": "look_alikes USING PRIMARY KEY (name>?)",
    "HELD_LOOK_ALIKES": "look_alikes USING INDEX look_alikes_held (name>?)",
    "RESEMBLING": "name_shapes USING PRIMARY KEY (key=? AND name<?)",
    "RESEMBLING_GUARDED": "name_shapes USING INDEX name_shapes_guarded (key=?)",
    "OFFERS": "offers USING PRIMARY KEY ((name,source)>(?,?))",
    "OPEN_OFFERS": "offers USING PRIMARY KEY ((name,source)>(?,?))",
    "UNDECIDED": "offers USING INDEX offers_open (source=?)",
    "COOLING": "entries USING INDEX entries_fresh ((name,version)>(?,?))",
    "TOKENS_OF_OWNER": "tokens USING INDEX tokens_owner (owner=? AND (created_us,id)<(?,?))",
}

# In the order of an index or of the table itself: nothing is sorted before the first row comes.
UNSORTED = [
    "PAGE_PLAIN", "PAGE_LATEST", "PAGE_FILTERED", "PAGE_ONE_VERSION", "SEARCH_COMMON", "NAMES_OF", "RUNS",
    "RUNS_OF_UPSTREAM", "NEVER_JUDGED", "JUDGED_BEFORE", "FINDINGS", "FINDINGS_OF_SOURCE", "OLD_SUPERSEDED",
    "TOKENS", "TOKENS_OF_OWNER", "SWEEP_TOKENS", "CAPABILITIES", "CAPABILITIES_OF_TEAM", "REVOKED_SUBJECTS",
    "EVENTS", "SEALED", "FILED", "FOUND", "FOUND_BY_ACTION", "FOUND_BY_ACTOR", "FOUND_BY_OBJECT", "FOUND_BY_OUTCOME",
    "CHECKPOINTS", "LAST_CHECKPOINT", "ENDING", "UNANNOUNCED", "WEBHOOKS",
    "COOLING", "LOOK_ALIKES", "HELD_LOOK_ALIKES", "OFFERS", "OPEN_OFFERS",
]  # fmt: skip

# What reads a whole table on purpose, and why that is bearable.
WHOLE = {
    "SHORT_COUNT": {"search_texts"},  # a term shorter than a trigram has no index; capped, on a thread
    "SEARCH_SHORT": {"search_texts"},  # the same
    "EVENTS": {"audit_events"},  # newest first, up to the limit
    "LAST_CHECKPOINT": {"audit_checkpoints"},  # the newest one
    "QUARANTINE": {"quarantine"},  # last seen first, up to the limit, along quarantine_seen
    "UNJUDGED": {"unjudged_documents"},  # what is counted is what is read, eight bytes of each
    "UNJUDGED_UP_TO": {"unjudged_documents"},  # up to the limit
    "NEVER_JUDGED": {"unjudged_documents"},  # the same
    "FINDING_TOTALS": {"finding_totals"},  # a row for each rule
    "TEAMS": {"teams"},  # all of them are asked for
    "GRANTS": {"grants"},  # the same
    "GRANTS_IN_FORCE": {"grants"},  # the same
    "GRANTS_COVERING": {"wanted"},  # the patterns that could cover one name
    "RESEMBLING": {"wanted"},  # the keys of one name
    "RESEMBLING_GUARDED": {"wanted"},  # the same
    "ANY_HELD": {"look_alikes"},  # the first one
    "ANY_GUARDED": {"name_shapes"},  # the same
    "RULES": {"rules"},  # people make them: there are few
    "OVERLAYS": {"overlays"},  # the same
    "OVERLAYS_IN_FORCE": {"overlays"},  # the same
    "BLOCKS": {"blocks"},  # the same
    "DRIFT_POLICIES": {"drift_policies"},  # the same
    "SEVERITIES": {"severities"},  # one for each rule of advice at most
    "ANY_BLOCK": {"blocks"},  # the first one
    "PENDING": {"pending_views"},  # the same
    "WEBHOOKS": {"webhooks"},  # those that are configured
    "RUNS_IN_STATE": {"runs"},  # retention keeps them few
    "SWEEP_RUNS": {"old"},  # the same
    "SWEEP_BUCKETS": {"rate_buckets"},  # those who changed something in the last hours, once a day
}


def _plan(path: Path, statement: str) -> list[str]:
    bound = dict.fromkeys(re.findall(r":(\w+)", statement), 1)
    with closing(sqlite3.connect(path)) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)]


class TestPlans:
    @pytest.mark.parametrize("name", STATEMENTS)
    def test_no_large_table_is_read_whole(self, path: Path, name: str) -> None:
        """
        No statement walks a table that grows with the catalog, but for those that are known and bounded.
        """
        scanned = {step.split()[1] for step in _plan(path, STATEMENTS[name]) if step.startswith("SCAN ")}

        assert scanned - SMALL - {"search_grams"} == WHOLE.get(name, set())

    @pytest.mark.parametrize("name", READS)
    def test_the_intended_index(self, path: Path, name: str) -> None:
        """
        Each access path begins where its index begins, with as much of the position as the index can use.
        """
        assert f"SEARCH {READS[name]}" in _plan(path, STATEMENTS[name])

    @pytest.mark.parametrize("name", UNSORTED)
    def test_pages_are_not_sorted(self, path: Path, name: str) -> None:
        """
        A page that comes in the order of its index stops reading when it is full.
        """
        assert not [step for step in _plan(path, STATEMENTS[name]) if "TEMP B-TREE" in step]

    def test_a_poll_sorts_keys_and_not_rows(self, path: Path) -> None:
        """
        What changed is sorted by key, up to the limit, before a wide row is touched.
        """
        plan = _plan(path, STATEMENTS["PAGE_CHANGED"])

        assert plan[:2] == ["MATERIALIZE keys", f"SEARCH {READS['PAGE_CHANGED']}"]

    @pytest.mark.parametrize("name", ["SEARCH_RARE", "SEARCH_SHORT"])
    def test_a_search_compares_without_the_wide_rows(self, path: Path, name: str) -> None:
        """
        From a text to the rows that have it goes through the narrow index alone.
        """
        assert "SEARCH row USING COVERING INDEX view_scan (view_id=? AND name=?)" in _plan(path, STATEMENTS[name])
