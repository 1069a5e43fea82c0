"""What the rules found in documents: what is due, what is kept, what goes with its document, how it is listed."""

from typing import Any

import pytest

from registry.store.interface import Store, Transaction
from registry.store.records import EntryFinding, Finding, Retention
from schemas.validation.issue import Issue, IssueType, Severity
from tests.contract.engines import NOW_US, configure, entry, put, source, withdraw
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio


def _finding(rule: str, *, count: int = 1, severity: Severity = Severity.WARNING) -> Finding:
    issue = Issue(type=IssueType.LINTER, path="packages[0].version", message="é", severity=severity, reference=rule)
    return Finding(rule=rule, severity=severity, count=count, issues=(issue,))


async def _judge(store: Store, given: Any, *findings: Finding, revision: int = 1) -> None:
    """*given*: the entry whose document was judged."""
    await store.transact(lambda transaction: transaction.put_findings(given.digest, findings, revision=revision))


def _listed(store: Store, *rules: str, **filters: Any) -> list[tuple[str, str, str, str]]:
    found = store.snapshot().findings(rules=rules, limit=100, **filters)
    return [(each.finding.rule, each.source, each.name, each.version) for each in found]


def _totals(store: Store) -> dict[str, tuple[int, int]]:
    return {total.rule: (total.documents, total.issues) for total in store.snapshot().finding_totals()}


def _due(store: Store, *, revision: int = 1) -> list[bytes]:
    snapshot = store.snapshot()
    due = snapshot.due_documents(revision=revision, limit=100)
    assert snapshot.unjudged(revision=revision) == len(due)
    assert snapshot.unjudged(revision=revision, most=1) == min(1, len(due))
    return [each.digest for each in due]


class TestDue:
    async def test_every_new_document(self, store: Store) -> None:
        """
        What an entry has is due with its bytes, once, in the order in which it came.
        """
        first, second = entry("com.acme/b"), entry("com.acme/a")
        await configure(store, source(), source("internal", 20))

        await put(store, first)
        await put(store, second)
        await put(store, first, of="internal")

        due = store.snapshot().due_documents(revision=1, limit=9)
        assert [(each.digest, each.body) for each in due] == [
            (first.digest, first.document),
            (second.digest, second.document),
        ]
        assert len(store.snapshot().due_documents(revision=1, limit=1)) == 1

    async def test_not_what_was_judged(self, store: Store) -> None:
        """
        A document is judged once, whether anything was found or not, and its being listed again changes nothing.
        """
        clean, wrong = entry("com.acme/a"), entry("com.acme/b")
        await put(store, clean, wrong)

        await _judge(store, clean)
        await _judge(store, wrong, _finding("plain-http"))
        await put(store, clean, wrong, seen_in=2)

        assert _due(store) == []

    async def test_everything_under_new_rules(self, store: Store) -> None:
        """
        What was never judged comes first; then what earlier rules judged. Older rules find nothing due.
        """
        old, new = entry("com.acme/a"), entry("com.acme/b")
        await put(store, old, new)
        await _judge(store, old, revision=2)

        assert _due(store, revision=3) == [new.digest, old.digest]
        assert _due(store, revision=2) == [new.digest]

    async def test_not_what_nobody_lists(self, store: Store) -> None:
        """
        A superseded document, and one of a withdrawn entry, is not looked at.
        """
        await put(store, entry("com.acme/a", body="before"), entry("com.acme/gone"))
        after = entry("com.acme/a", body="after")

        await put(store, after, seen_in=2)
        await withdraw(store, seen_in=2)

        assert _due(store) == [after.digest]

    async def test_again_when_it_comes_back(self, store: Store) -> None:
        """
        A document that was superseded or withdrawn is due when it is listed again.
        """
        before, after, gone = entry("com.acme/a", body="1"), entry("com.acme/a", body="2"), entry("com.acme/gone")
        await put(store, before, gone)
        for each in (before, gone):
            await _judge(store, each, _finding("plain-http"))
        await put(store, after, seen_in=2)
        await withdraw(store, seen_in=2)

        await put(store, before, gone, seen_in=3)

        assert sorted(_due(store)) == sorted([before.digest, gone.digest])

    async def test_again_when_it_is_merely_seen_again(self, store: Store) -> None:
        """
        The end of a withdrawal is enough.
        """
        gone = entry("com.acme/gone")
        await put(store, gone)
        await withdraw(store, seen_in=2)

        def seen(transaction: Transaction) -> None:
            held = transaction.held("official", [(gone.name, gone.version)])
            transaction.mark_seen([each.id for each in held.values()], seen_in=3)

        await store.transact(seen)

        assert _due(store) == [gone.digest]


class TestKept:
    async def test_whole(self, store: Store) -> None:
        """
        Every member comes back as it was put, with the entry that has the document.
        """
        wrong = entry("com.acme/a", "1.0.0-β")
        finding = _finding("json-schema", count=70, severity=Severity.ERROR)
        await put(store, wrong)

        await _judge(store, wrong, finding)

        (found,) = store.snapshot().findings(rules=["json-schema"], limit=9)
        assert found.finding == finding
        assert (found.source, found.name, found.version) == ("official", "com.acme/a", "1.0.0-β")
        assert found.digest == wrong.digest

    async def test_a_later_judgement_replaces(self, store: Store) -> None:
        """
        The same rules or later ones say everything anew; what earlier rules say then is dropped.
        """
        wrong = entry("com.acme/a")
        await put(store, wrong)

        await _judge(store, wrong, _finding("plain-http", count=3), _finding("vscode-drops"), revision=2)
        await _judge(store, wrong, _finding("plain-http", count=2), revision=2)
        await _judge(store, wrong, _finding("xcode-decoder"), revision=1)

        assert _totals(store) == {"plain-http": (1, 2)}

    async def test_nothing_of_a_document_that_nobody_lists(self, store: Store) -> None:
        """
        What was superseded while it was judged leaves nothing behind, nor does a digest nobody knows.
        """
        before, unknown = entry("com.acme/a", body="1"), entry("com.acme/x")
        await put(store, before)
        await put(store, entry("com.acme/a", body="2"))

        for each in (before, unknown):
            await _judge(store, each, _finding("plain-http"))

        assert _totals(store) == {}
        assert _listed(store, "plain-http") == []

    async def test_goes_with_the_last_entry(self, store: Store) -> None:
        """
        Findings stay while any source lists the document, and go when none does.
        """
        shared = entry("com.acme/a", body="1")
        await configure(store, source(), source("internal", 20))
        await put(store, shared)
        await put(store, shared, of="internal")
        await _judge(store, shared, _finding("plain-http"))

        await put(store, entry("com.acme/a", body="2"), seen_in=2)
        kept = _listed(store, "plain-http")
        await withdraw(store, of="internal", seen_in=2)

        assert kept == [("plain-http", "internal", "com.acme/a", "1.0.0")]
        assert (_listed(store, "plain-http"), _totals(store)) == ([], {})

    async def test_a_document_that_is_forgotten(self, store: Store, clock: FrozenClock) -> None:
        """
        Retention forgets documents as ever, and what comes after them is due.
        """
        await put(store, entry("com.acme/a", body="1"))
        await _judge(store, entry("com.acme/a", body="1"), _finding("plain-http"))
        clock.advance(1)
        after = entry("com.acme/a", body="2")
        await put(store, after)
        retention = Retention(runs_before_us=0, quarantine_before_us=0, superseded_before_us=NOW_US + 50_000_000)

        await store.transact(lambda transaction: transaction.sweep(retention, limit=9))

        assert store.snapshot().growth().rows["documents"] == 1
        assert _due(store) == [after.digest]


class TestListed:
    async def test_by_rule_and_filter(self, store: Store) -> None:
        """
        By rule, then as the documents came; of one source, of one name, or of both.
        """
        await configure(store, source(), source("internal", 20))
        one, two, ours = entry("com.acme/b"), entry("com.acme/a"), entry("com.acme/a", "2.0.0")
        await put(store, one, two)
        await put(store, ours, of="internal")
        for each in (one, two, ours):
            await _judge(store, each, _finding("plain-http"), _finding("json-schema"))

        assert _listed(store, "plain-http", "json-schema") == [
            ("json-schema", "official", "com.acme/b", "1.0.0"),
            ("json-schema", "official", "com.acme/a", "1.0.0"),
            ("json-schema", "internal", "com.acme/a", "2.0.0"),
            ("plain-http", "official", "com.acme/b", "1.0.0"),
            ("plain-http", "official", "com.acme/a", "1.0.0"),
            ("plain-http", "internal", "com.acme/a", "2.0.0"),
        ]
        assert _listed(store, "plain-http", source="internal") == [("plain-http", "internal", "com.acme/a", "2.0.0")]
        assert _listed(store, "plain-http", name="com.acme/a") == [
            ("plain-http", "official", "com.acme/a", "1.0.0"),
            ("plain-http", "internal", "com.acme/a", "2.0.0"),
        ]
        assert _listed(store, "plain-http", name="com.acme/a", source="official") == [
            ("plain-http", "official", "com.acme/a", "1.0.0")
        ]
        assert _listed(store, "plain-http", name="com.acme/b", source="internal") == []
        assert _listed(store, "vscode-drops") == []
        assert _listed(store) == []

    @pytest.mark.parametrize("filters", [{}, {"source": "official"}, {"name": "com.acme/a"}])
    async def test_page_by_page(self, store: Store, filters: dict[str, Any]) -> None:
        """
        Whatever the size of a page, behind the last finding of one comes the next: none twice, none left out.
        """
        await configure(store, source(), source("internal", 20))
        entries = [entry("com.acme/a", f"{number}.0.0") for number in range(5)]
        await put(store, *entries)
        await put(store, *entries[:2], of="internal")
        for each in entries:
            await _judge(store, each, _finding("plain-http"), _finding("json-schema"))
        rules = ["json-schema", "plain-http"]
        snapshot = store.snapshot()
        whole = snapshot.findings(rules=rules, limit=100, **filters)
        assert len(whole) >= 10

        for limit in (1, 2, 3, 7):
            collected: list[EntryFinding] = []
            while page := snapshot.findings(
                rules=rules, limit=limit, after=collected[-1].position if collected else None, **filters
            ):
                collected += page

            assert collected == whole

    async def test_totals(self, store: Store) -> None:
        """
        Documents and places of each rule that is broken anywhere, with its severity, by rule.
        """
        await put(store, one := entry("com.acme/a"), two := entry("com.acme/b"))
        await _judge(store, one, _finding("plain-http", count=3), _finding("json-schema", severity=Severity.ERROR))
        await _judge(store, two, _finding("plain-http", count=2))

        totals = store.snapshot().finding_totals()

        assert [(total.rule, total.severity, total.documents, total.issues) for total in totals] == [
            ("json-schema", "error", 1, 1),
            ("plain-http", "warning", 2, 5),
        ]
