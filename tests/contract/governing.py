"""The few verbs in which tests speak of decisions: who decides, and what a team sees then."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from registry.catalog.approval import Approval
from registry.catalog.entry import ServerName
from registry.catalog.query import Query
from registry.commands.actor import Actor
from registry.commands.approvals import Wanted, approve_now
from registry.commands.follow import follow_all, settled
from registry.commands.perform import Done, perform
from registry.commands.teams import grant_access, make_team
from registry.store.interface import Store, TeamView, Transaction
from registry.store.records import AuditEvent
from schemas.rfc3339 import parse_instant
from tests.contract.engines import key, official, walk
from tests.contract.governed_facts import Row

T = TypeVar("T")

ADA: Final = Actor(subject="ada", roles=("admin", "approver"))
BEN: Final = Actor(subject="ben", roles=("approver",))
PAY: Final = ServerName("com.acme/pay")


async def do(store: Store, command: Callable[[Transaction], Done[T]]) -> T:
    """Perform *command*, and let every view follow."""
    value = await perform(store, command)
    await follow_all(store)
    return value


async def team(store: Store, name: str, *patterns: str) -> None:
    """A team that may read what is approved of *patterns*."""
    await do(store, lambda transaction: make_team(transaction, name, description="", actor=ADA))
    for pattern in patterns:
        await do(store, lambda transaction, p=pattern: grant_access(transaction, name, p, reason="needed", actor=ADA))  # type: ignore[misc]  # bound per round


async def approved(
    store: Store, name: ServerName = PAY, *, by: Actor = BEN, **wanted: Any
) -> Approval:  # fields of Wanted
    """Approve the present bytes of *name*."""
    return await do(
        store, lambda transaction: approve_now(transaction, Wanted(name=name, **wanted), reason="read it", actor=by)
    )


def view(store: Store, name: str) -> TeamView:
    found = store.view(name)
    assert found is not None
    return found


async def seen(store: Store, name: str, query: Query | None = None) -> list[bytes]:
    """The items of a team, deleted ones too, as an edge reads them: what is late is settled first."""
    await settled(store, name)
    return await walk(view(store, name), query or Query(limit=100, include_deleted=True))


async def shown(store: Store, name: str) -> dict[tuple[str, str], str]:
    """What is not deleted in a team's view: `x` of the document, as `engines.entry` writes it."""
    items = [msgspec.json.decode(item) for item in await seen(store, name, Query(limit=100))]
    return {(item["server"]["name"], item["server"]["version"]): item["server"]["x"] for item in items}


def key_of(item: bytes) -> tuple[str, str]:
    return key(item)


def row_of(item: bytes) -> Row:
    """As far as the rule decides it."""
    block = official(item)
    return Row(msgspec.json.decode(item)["server"]["x"], block["status"], block["isLatest"])


def updated_us(item: bytes) -> int:
    return parse_instant(official(item)["updatedAt"])


def told(item: bytes) -> tuple[object, ...]:
    """What a mirror of ours knows of an item: the document, and the official block."""
    return msgspec.json.decode(item)["server"]["x"], tuple(sorted(official(item).items()))


def recorded(store: Store, action: str) -> list[AuditEvent]:
    """Those events of the record, newest first."""
    return [event for _, _, event in store.snapshot().audit_events(limit=1000) if event.action == action]
