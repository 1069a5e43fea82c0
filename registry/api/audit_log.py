"""`/v1/audit-events` and `/v1/audit-checkpoints`: the record of what happened. For the role auditor."""

import re
from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope

from registry.api.answers import Header, encoded
from registry.api.identity import Identity
from registry.api.listing import cursor_in, page
from registry.api.params import bounded_integer, parse_query
from registry.audit.chain import SealedEvent
from registry.audit.event import Outcome
from registry.audit.question import Found, Question
from registry.audit.report import checkpoint_report, event_report
from registry.errors import Invalid
from registry.policy.principal import Role
from registry.store.interface import Snapshot, Store
from schemas.rfc3339 import parse_instant

_READ: Final = [HttpMethod.GET, HttpMethod.HEAD]
_MOST: Final = 500
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_NOT_KEPT: Final[tuple[Header, ...]] = ((b"cache-control", b"no-store"),)
_LONGEST_FILTER: Final = 500


def audit_routes(store: Store, identity: Identity) -> list[HTTPRouteHandler]:
    """Events and checkpoints."""

    @route("/v1/audit-events", http_method=_READ, name="list-audit-events")
    async def list_events(scope: HTTPScope) -> ASGIApp:
        identity.holder(scope, Role.AUDITOR)
        parameters = parse_query(scope["query_string"])
        question, position = _question(parameters), _position(parameters)
        limit = bounded_integer(parameters, "limit", default=50, most=_MOST)
        oldest = _oldest_first(parameters)
        head = store.snapshot().audit_head().sequence
        if oldest:
            found = await store.ask(lambda snapshot: _further(snapshot, question, after=position or 0, limit=limit))
        else:
            found = await store.ask(lambda snapshot: snapshot.found_events(question, before=position, limit=limit))
        items = [event_report(each) for each in found.events]
        further = None if found.further is None else str(found.further)
        return encoded(page(items, further, head=head), headers=_NOT_KEPT)

    @route("/v1/audit-checkpoints", http_method=_READ, name="list-audit-checkpoints")
    async def list_checkpoints(scope: HTTPScope) -> ASGIApp:
        identity.holder(scope, Role.AUDITOR)
        parameters = parse_query(scope["query_string"])
        limit = bounded_integer(parameters, "limit", default=50, most=_MOST)
        found = store.snapshot().checkpoints(after=_position(parameters) or 0, limit=limit + 1)
        items = [checkpoint_report(each) for each in found[:limit]]
        further = str(found[limit - 1].sequence) if len(found) > limit else None
        return encoded(page(items, further), headers=_NOT_KEPT)

    return [list_events, list_checkpoints]


def _further(snapshot: Snapshot, question: Question, *, after: int, limit: int) -> Found:
    """The next *limit* events, as far as they are asked for; None further when the end was reached."""
    read: list[SealedEvent] = snapshot.sealed_events(after=after, limit=limit)
    return Found(
        events=[each for each in read if question.admits(each)],
        further=read[-1].sequence if len(read) == limit else None,
    )


def _question(parameters: dict[str, str]) -> Question:
    outcome = parameters.get("outcome", "")
    if outcome and outcome not in set(Outcome):
        raise Invalid(f"outcome must be one of {', '.join(Outcome)}")
    return Question(
        action=_text(parameters, "action"),
        actor=_text(parameters, "actor"),
        object=_text(parameters, "object"),
        outcome=Outcome(outcome) if outcome else None,
        since_us=_instant(parameters, "since"),
        until_us=_instant(parameters, "until"),
    )


def _text(parameters: dict[str, str], name: str) -> str | None:
    text = parameters.get(name, "")
    if len(text) > _LONGEST_FILTER:
        raise Invalid(f"{name} must have at most {_LONGEST_FILTER} characters")
    return text or None


def _instant(parameters: dict[str, str], name: str) -> int | None:
    text = parameters.get(name, "")
    if not text:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Invalid(f"{name} must be an RFC 3339 instant, such as 2026-01-31T00:00:00Z") from error


def _position(parameters: dict[str, str]) -> int | None:
    cursor = cursor_in(parameters, _NUMBER)
    return None if cursor is None else int(cursor[0])


def _oldest_first(parameters: dict[str, str]) -> bool:
    order = parameters.get("order", "") or "newest"
    if order not in ("newest", "oldest"):
        raise Invalid("order must be newest or oldest")
    return order == "oldest"
