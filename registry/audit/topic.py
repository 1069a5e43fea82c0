"""What an event of the record is about, for those who want to be told of some of them.

Another kind of event that somebody may want to be told of is one more line of TOPICS. What no line names, nobody is
told of; nor of refusals, which anybody can cause as often as they like.
"""

from enum import StrEnum
from typing import Final

from registry.audit.event import AuditEvent, Outcome


class Topic(StrEnum):
    """
    REQUESTS: what waits for somebody's decision. SYNC: runs that did not complete, lists that shrank, what came into
    quarantine, and names that another source answers for.
    """

    REQUESTS = "requests"
    DECISIONS = "decisions"
    EXPIRIES = "expiries"
    DRIFT = "drift"
    SYNC = "sync"


TOPICS: Final = (
    ("approval.requested", Topic.REQUESTS),
    ("approval.commented", Topic.REQUESTS),
    ("approval.expiring", Topic.EXPIRIES),
    ("approval.expired", Topic.EXPIRIES),
    ("approval.drafted", Topic.DRIFT),
    ("approval.followed", Topic.DRIFT),
    ("approval.", Topic.DECISIONS),
    ("drift_policy.", Topic.DECISIONS),
    ("overlay.", Topic.DECISIONS),
    ("cool_off.", Topic.DECISIONS),
    ("look_alike.found", Topic.REQUESTS),
    ("look_alike.", Topic.DECISIONS),
    ("name.", Topic.DECISIONS),
    ("grant.", Topic.DECISIONS),
    ("rule.", Topic.DECISIONS),
    ("server.blocked", Topic.DECISIONS),
    ("server.unblocked", Topic.DECISIONS),
    ("sync.failed", Topic.SYNC),
    ("sync.refused", Topic.SYNC),
    ("sync.abandoned", Topic.SYNC),
)
"""With what an action begins, and its topic; the first line that fits counts."""

_MIRRORED: Final = "entries.mirrored"


def topic_of(event: AuditEvent) -> Topic | None:
    """None for what nobody is told of."""
    if event.outcome is Outcome.REFUSED:
        return None
    if event.action == _MIRRORED:
        return Topic.SYNC if event.detail.get("quarantined") or event.detail.get("refused") else None
    return next((topic for begins, topic in TOPICS if event.action.startswith(begins)), None)


def teams_of(event: AuditEvent) -> frozenset[str] | None:
    """
    The teams that *event* concerns; None for all of them. One that should name them and does not concerns none, nor
    does one about names that not everybody may know of.
    """
    for fact in ("audience", "teams", "team"):
        if isinstance(named := event.detail.get(fact), str):
            return None if named == "*" else frozenset(named.split())
    trouble = topic_of(event) is Topic.SYNC and not event.detail.get("refused")
    everybody = trouble or event.action.startswith("server.")
    return None if everybody else frozenset()
