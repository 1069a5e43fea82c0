"""What was refused, on record, without letting anybody fill the disk by being refused.

The first refusal of a kind is recorded before its answer goes out. A kind is: what was wanted, by whom, from which
source, and why not. Those of the same kind that follow within a minute are counted, and recorded as one event with
their number when the minute is over. A worker remembers a hundred kinds; what is beyond them is counted together. So a
worker records at most about two hundred refusals a minute, however many are sent, and leaves none out of the count.

A refusal that cannot be recorded is a refusal all the same: it is counted, and recorded when that works again.
"""

import asyncio
from typing import Final

import msgspec
from litestar.types import HTTPScope
from structlog.typing import FilteringBoundLogger

from registry.api.noted import Noted, noted_on
from registry.api.source_limits import source_of
from registry.audit.event import AuditEvent, Outcome
from registry.clock import Clock
from registry.commands.perform import refused
from registry.errors import (
    ChangeRefused,
    Conflict,
    MissingCredential,
    Refused,
    RegistryError,
    Throttled,
    Unauthenticated,
)
from registry.policy.token import without_secrets
from registry.store.interface import Store

ACTIONS: Final = {
    "publish-server": "server.publish_refused",
    "edit-server": "server.edit_refused",
    "update-server-status": "server.status_refused",
    "update-server-all-versions-status": "server.status_refused",
    "delete-server-version": "server.delete_refused",
    "check-publication": "server.check_refused",
    "validate-server": "server.validate_refused",
    "issue-token": "token.issue_refused",
    "revoke-token": "token.revoke_refused",
    "revoke-tokens-of-subject": "token.revoke_refused",
    "list-tokens": "token.read_refused",
    "get-token": "token.read_refused",
    "revoke-subject": "subject.revoke_refused",
    "reinstate-subject": "subject.reinstate_refused",
    "list-revoked-subjects": "subject.read_refused",
    "issue-capability": "capability.issue_refused",
    "rotate-capability": "capability.rotate_refused",
    "revoke-capability": "capability.revoke_refused",
    "list-capabilities": "capability.read_refused",
    "get-capability": "capability.read_refused",
    "make-team": "team.make_refused",
    "edit-team": "team.edit_refused",
    "list-teams": "team.read_refused",
    "give-grant": "grant.give_refused",
    "revoke-grant": "grant.revoke_refused",
    "list-grants": "grant.read_refused",
    "make-rule": "rule.make_refused",
    "end-rule": "rule.end_refused",
    "list-rules": "rule.read_refused",
    "set-overlay": "overlay.set_refused",
    "remove-overlay": "overlay.remove_refused",
    "list-overlays": "overlay.read_refused",
    "set-drift-policy": "drift_policy.set_refused",
    "end-drift-policy": "drift_policy.end_refused",
    "list-drift-policies": "drift_policy.read_refused",
    "block-server": "server.block_refused",
    "unblock-server": "server.unblock_refused",
    "list-blocks": "block.read_refused",
    "approve-server": "approval.approve_refused",
    "approve-request": "approval.approve_refused",
    "reject-request": "approval.reject_refused",
    "revoke-approval": "approval.revoke_refused",
    "decide-many": "approval.decide_refused",
    "comment-request": "approval.comment_refused",
    "list-approvals": "approval.read_refused",
    "get-approval": "approval.read_refused",
    "request-approval": "approval.request_refused",
    "file-request": "approval.request_refused",
    "list-requests": "approval.read_refused",
    "list-cool-offs": "cool_off.read_refused",
    "waive-cool-off": "cool_off.waive_refused",
    "list-look-alikes": "look_alike.read_refused",
    "release-look-alike": "look_alike.release_refused",
    "explain": "view.explain_refused",
    "explain-to-reader": "view.explain_refused",
    "preview-decision": "decision.preview_refused",
    "list-offers": "name.read_refused",
    "assign-name": "name.assign_refused",
    "request-sync-run": "sync.request_refused",
    "test-webhook": "webhook.test_refused",
    "make-backup": "store.backup_refused",
    "list-audit-events": "record.read_refused",
    "list-audit-checkpoints": "record.read_refused",
}
"""By the name of the route, without its prefix. Names of actions are permanent."""

_MOST_KINDS: Final = 100
_MINUTE_NS: Final = 60_000_000_000
_LOOK_EVERY_S: Final = 1.0
_PATIENCE_S: Final = 2.0
_LONGEST_REASON: Final = 300
_LONGEST_OBJECT: Final = 300
_SEVERAL: Final = "several"

_Kind = tuple[str, str, str, str]


class _Minute:
    """Refusals of one kind since the first of them. `times`: those that are not on record."""

    def __init__(self, event: AuditEvent, began_ns: int) -> None:
        self.event = event
        self.began_ns = began_ns
        self.times = 1

    def further(self, event: AuditEvent) -> None:
        """Another one, alike but perhaps for what it was about."""
        self.times += 1
        if self.event.object != event.object:
            self.event = _about_several(self.event)


class Refusals:
    """Those of one worker."""

    def __init__(self, store: Store, clock: Clock, log: FilteringBoundLogger) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._minutes: dict[_Kind, _Minute] = {}

    async def note(self, scope: HTTPScope) -> None:
        """Record what a request ended in, if that is a refusal that belongs on record."""
        noted = noted_on(scope)
        if noted.error is None or (why := _decided_by(noted.error)) is None:
            return
        if (action := _action(scope, noted.error)) is None:
            return
        event = _event(noted, action, why)
        kind: _Kind = (action, event.actor, source_of(noted.source), why)
        if kind not in self._minutes and len(self._minutes) >= _MOST_KINDS:
            kind, event = ("", "", "", ""), _about_several(event, everything=True)
        minute = self._minutes.get(kind)
        if minute is not None:
            minute.further(event)
            return
        # Counted until it is on record: whoever hangs up meanwhile does not get out of it.
        minute = self._minutes[kind] = _Minute(event, self._clock.monotonic_ns())
        if await self._recorded(event):
            minute.times -= 1

    async def watch(self) -> None:
        """Record what was counted, a minute after it began, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.flush(older_than_ns=_MINUTE_NS)

    async def flush(self, *, older_than_ns: int = 0) -> None:
        """Record what was counted since before that; all of it when this process ends."""
        now_ns = self._clock.monotonic_ns()
        for kind, minute in list(self._minutes.items()):
            if now_ns - minute.began_ns < older_than_ns:
                continue
            if minute.times:
                counted, minute.times = minute.times, 0
                if not await self._recorded(_counted(minute.event, counted)):
                    minute.times += counted
                    continue
            if not minute.times:
                del self._minutes[kind]

    async def _recorded(self, event: AuditEvent) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await refused(self._store, event)
        except TimeoutError:
            why = "the store takes too long"
        except RegistryError as error:
            why = str(error)
        else:
            return True
        self._log.warning(f"a refusal is not on record yet: {why}", action=event.action)
        return False


def _decided_by(error: Exception) -> str | None:
    """What kind of check said no; None for an error that is no refusal."""
    match error:
        case Unauthenticated():
            return "authentication"
        case Refused():
            return "permission"
        case Throttled():
            return "limit"
        case ChangeRefused() | Conflict():
            return "command"
    return "command" if isinstance(error.__cause__, ChangeRefused) else None


def _action(scope: HTTPScope, error: Exception) -> str | None:
    """What it is called on record; None where nobody wanted more than to read, and nothing was tried."""
    name = getattr(scope.get("route_handler"), "name", None) or ""
    if name.startswith("exchange-"):
        # A login records by itself what became of it.
        return None
    known = ACTIONS.get(name.partition("/")[0])
    if known is not None:
        return known
    if scope["method"] not in ("GET", "HEAD"):
        return "request.refused"
    if scope["path"].startswith("/v1/"):
        return "operations.read_refused"
    tried = any(header == b"authorization" for header, _ in scope["headers"])
    return "view.read_refused" if tried and not isinstance(error, MissingCredential) else None


def _event(noted: Noted, action: str, why: str) -> AuditEvent:
    principal = noted.principal
    error = noted.error
    cause = error.__cause__ if isinstance(error, Exception) and isinstance(error.__cause__, ChangeRefused) else error
    return AuditEvent(
        action=action,
        actor="unknown" if principal is None else principal.subject,
        roles=() if principal is None else tuple(sorted(principal.roles)),
        object=_kept(noted.object or "-", _LONGEST_OBJECT),
        detail={},
        outcome=Outcome.REFUSED,
        reason=_kept(str(cause), _LONGEST_REASON),
        source=noted.source or None,
        request=noted.request,
        decided_by=why,
    )


def _kept(text: str, longest: int) -> str:
    """What may be kept of a text that the caller had a hand in: no secret, nothing that cannot be written."""
    return without_secrets(text)[:longest].encode(errors="replace").decode()


def _counted(event: AuditEvent, times: int) -> AuditEvent:
    return msgspec.structs.replace(
        event, detail={"times": times, "within_s": _MINUTE_NS // 1_000_000_000}, request=None
    )


def _about_several(event: AuditEvent, *, everything: bool = False) -> AuditEvent:
    if not everything:
        return msgspec.structs.replace(event, object=_SEVERAL)
    return msgspec.structs.replace(
        event, action="request.refused", actor=_SEVERAL, roles=(), object=_SEVERAL, source=_SEVERAL, reason=None
    )
