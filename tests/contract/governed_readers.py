"""Every way to read one view, held against what a whole walk of it says."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from registry.catalog.approval import State
from registry.catalog.entry import ServerName
from registry.catalog.query import Query
from registry.catalog.standing import judge
from registry.commands.project_views import standing
from registry.store.interface import Store
from tests.contract.engines import walk
from tests.contract.governed_facts import DraftKey, Row
from tests.contract.governing import key_of, row_of, told, updated_us, view

_GONE: Final = Row("", "deleted", False)


async def answers_agree(
    store: Store,
    team: str,
    names: Sequence[str],
    versions: Sequence[str],
    words: Sequence[str],
    *,
    items: dict[tuple[str, str], bytes],
) -> None:
    asked = view(store, team)
    live = {key: item for key, item in items.items() if row_of(item).status != "deleted"}
    assert await walk(asked, Query(limit=2)) == [live[key] for key in sorted(live)]
    flagged = {key: item for key, item in live.items() if row_of(item).latest}
    assert await walk(asked, Query(limit=2, version="latest")) == [flagged[key] for key in sorted(flagged)]
    for name in names:
        of_name = [key for key in live if key[0] == name]
        assert {key_of(item) for item in await asked.versions(ServerName(name), include_deleted=False)} == set(of_name)
        latest = asked.latest(ServerName(name), include_deleted=False)
        assert latest == next((flagged[key] for key in of_name if key in flagged), None)
        assert (latest is None) == (not of_name)
        for version in versions:
            key = name, version
            assert asked.version(ServerName(name), version, include_deleted=False) == live.get(key)
            assert asked.version(ServerName(name), version, include_deleted=True) == items.get(key)
    for word in words:
        found = [key for key in sorted(items) if row_of(items[key]).body == word]
        query = Query(limit=2, search=word, include_deleted=True)
        assert [key_of(item) for item in await walk(asked, query)] == found, (team, word)
        assert [key_of(item) for item in await walk(asked, Query(limit=2, search=word))] == [
            key for key in found if key in live
        ]


async def feed_agrees(
    store: Store, team: str, fed: dict[tuple[str, str], bytes], newest_us: int, *, items: dict[tuple[str, str], bytes]
) -> int:
    """Whoever polls with the newest instant seen ends with the same catalog; the newest instant seen then."""
    for item in await walk(view(store, team), Query(limit=3, updated_since_us=newest_us)):
        fed[key_of(item)] = item
        newest_us = max(newest_us, updated_us(item))
    assert {key: told(item) for key, item in fed.items()} == {key: told(item) for key, item in items.items()}
    return newest_us


def explanation_agrees(
    store: Store, team: str, names: Sequence[str], *, now_us: int, expected: dict[tuple[str, str], Row]
) -> None:
    snapshot = store.snapshot()
    grants = snapshot.governance.grants(team=team, in_force=True)
    for name in names:
        verdicts = judge(team, standing(snapshot, ServerName(name)), grants, now_us=now_us)
        for verdict in verdicts:
            if verdict.shown is None:
                assert expected.get((name, verdict.version), _GONE).status == "deleted", verdict.reason
            else:
                document = msgspec.json.decode(snapshot.document(verdict.shown.document_id))
                assert document["x"] == expected[name, verdict.version].body, verdict.reason


def drafts(store: Store, names: Sequence[str], body_of: Callable[[str, str, bytes], str]) -> dict[DraftKey, str]:
    """What waits beside approvals, and what policies approved of it, with their ids."""
    snapshot = store.snapshot()
    found = {}
    for name in names:
        for approval in snapshot.governance.approvals(state=None, name=name, limit=1000):
            followed = approval.state is State.APPROVED and approval.policy is not None
            if approval.draft is None or not (followed or approval.state is State.REQUESTED):
                continue
            (named,) = snapshot.governance.versions_of(approval.id, limit=2)
            audience = None if approval.audience is None else frozenset(approval.audience)
            known = approval.draft.beside, audience, approval.expires_us, approval.state.value
            found[DraftKey(name, named.version, body_of(name, named.version, named.digest), *known)] = approval.id
    return found
