"""What every route declares: who may ask it, and under which names what it changes is on record.

Data, and no more: each route asks for itself who calls, and commands write the record. Tests hold that this table and
the application name the same routes, and ask every route of it as every kind of caller. A route that is missing here
does not get past them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from registry.policy.principal import Role


class Access(StrEnum):
    """
    What is enough, where it is no role for a name.

    OPEN: nothing; a bad credential changes nothing. VIEW: the role reader and a home team (at the address of a team: to
    belong to that team), or no credential where there is an anonymous team. CAPABILITY: to know the address, below
    which there is nothing but one team's view. ADMINISTRATION: the role admin. LOOPBACK: to call from the machine
    itself, where only it can connect, with what is no page in a browser.
    """

    OPEN = "open"
    VIEW = "view"
    CAPABILITY = "capability"
    ADMINISTRATION = "administration"
    LOOPBACK = "loopback operator"


class RoutePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """
    Attributes:
        needs: Any one of these is enough. A role stands for itself and for what the caller's patterns and teams cover
            (registry.policy.mandates).
        events: What may be on record after a request that succeeded, one of these; none: it changes nothing.
        harmless: Why there are no events, where the method would make one expect some.
    """

    needs: tuple[Role | Access, ...]
    events: tuple[str, ...] = ()
    harmless: str = ""


_OPEN: Final = RoutePolicy(needs=(Access.OPEN,))
_VIEW: Final = RoutePolicy(needs=(Access.VIEW, Access.CAPABILITY))
_ADMINISTRATION_READ: Final = RoutePolicy(needs=(Access.ADMINISTRATION,))
_OPERATOR_READS: Final = RoutePolicy(needs=(Role.OPERATOR, Access.LOOPBACK))
_DECIDED: Final = ("approval.approved", "approval.seconded")
_STATUS: Final = RoutePolicy(needs=(Role.PUBLISHER, Role.ADMIN), events=("server.status_changed",))

POLICY: Final[Mapping[str, RoutePolicy]] = {
    # What everybody reads.
    "get-docs": _OPEN,
    "get-openapi-json": _OPEN,
    "get-openapi-yaml": _OPEN,
    "get-protected-resource": _OPEN,
    # With the role operator it answers more (registry.api.operators).
    "get-health": _OPEN,
    "ping": _OPEN,
    "get-version": _OPEN,
    "validate-server": RoutePolicy(needs=(Access.OPEN,), harmless="what is sent is judged, and not kept"),
    # Logins. One that is refused is on record as login.refused, and answered 401.
    **{
        f"exchange-{method}-token": RoutePolicy(needs=(Access.OPEN,), events=("login.granted",))
        for method in ("dns", "http", "github-at", "github-oidc", "oidc", "none")
    },
    # What the view of a team holds.
    "list-servers": _VIEW,
    "get-server-versions": _VIEW,
    "get-server-version": _VIEW,
    # What is published here.
    "publish-server": RoutePolicy(needs=(Role.PUBLISHER,), events=("server.published",)),
    "check-publication": RoutePolicy(needs=(Role.PUBLISHER,), harmless="it is tried in a transaction that is undone"),
    "edit-server": RoutePolicy(needs=(Role.ADMIN,), events=("server.edited",)),
    "update-server-status": _STATUS,
    "update-server-all-versions-status": _STATUS,
    "delete-server-version": _STATUS,
    "list-mine": RoutePolicy(needs=(Role.PUBLISHER,)),
    # The record.
    "list-audit-events": RoutePolicy(needs=(Role.AUDITOR,)),
    "list-audit-checkpoints": RoutePolicy(needs=(Role.AUDITOR,)),
    # Tokens: those that the caller could have issued (registry.policy.delegation).
    "list-tokens": _ADMINISTRATION_READ,
    "get-token": _ADMINISTRATION_READ,
    "issue-token": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("token.issued",)),
    "revoke-token": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("token.revoked",)),
    "revoke-tokens-of-subject": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("token.revoked",)),
    # Subjects that issuers and logins vouch for: for every team, so by administrators of every name.
    "list-revoked-subjects": _ADMINISTRATION_READ,
    "revoke-subject": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("subject.revoked",)),
    "reinstate-subject": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("subject.reinstated",)),
    # Capability addresses: of teams whose views the caller could hand out by a token.
    "list-capabilities": _ADMINISTRATION_READ,
    "get-capability": _ADMINISTRATION_READ,
    "issue-capability": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("capability.issued",)),
    "rotate-capability": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("capability.rotated",)),
    "revoke-capability": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("capability.revoked",)),
    # What administrators decide. Blocks are for those who decide about the name for every team.
    "list-teams": _ADMINISTRATION_READ,
    "make-team": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("team.made",)),
    "edit-team": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("team.edited",)),
    "list-grants": _ADMINISTRATION_READ,
    "give-grant": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("grant.given",)),
    "revoke-grant": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("grant.revoked",)),
    "list-rules": _ADMINISTRATION_READ,
    "make-rule": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("rule.made",)),
    "end-rule": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("rule.ended",)),
    "list-overlays": _ADMINISTRATION_READ,
    "set-overlay": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("overlay.set",)),
    "remove-overlay": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("overlay.removed",)),
    "list-drift-policies": RoutePolicy(needs=(Role.APPROVER, Role.ADMIN, Role.AUDITOR)),
    "set-drift-policy": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("drift_policy.set",)),
    "end-drift-policy": RoutePolicy(needs=(Access.ADMINISTRATION,), events=("drift_policy.ended",)),
    "list-blocks": RoutePolicy(needs=(Role.APPROVER, Role.ADMIN, Role.AUDITOR)),
    "block-server": RoutePolicy(needs=(Role.APPROVER, Role.ADMIN), events=("server.blocked",)),
    "unblock-server": RoutePolicy(needs=(Role.APPROVER, Role.ADMIN), events=("server.unblocked",)),
    # What approvers decide.
    "list-approvals": RoutePolicy(needs=(Role.APPROVER, Role.AUDITOR, Role.ADMIN)),
    "get-approval": RoutePolicy(needs=(Role.APPROVER, Role.AUDITOR, Role.ADMIN)),
    "approve-server": RoutePolicy(needs=(Role.APPROVER,), events=_DECIDED),
    "approve-request": RoutePolicy(needs=(Role.APPROVER,), events=_DECIDED),
    "reject-request": RoutePolicy(needs=(Role.APPROVER,), events=("approval.rejected",)),
    "revoke-approval": RoutePolicy(needs=(Role.APPROVER,), events=("approval.revoked",)),
    "decide-many": RoutePolicy(needs=(Role.APPROVER,), events=(*_DECIDED, "approval.rejected", "approval.revoked")),
    "list-cool-offs": RoutePolicy(needs=(Role.APPROVER, Role.ADMIN, Role.AUDITOR)),
    "waive-cool-off": RoutePolicy(needs=(Role.APPROVER,), events=("cool_off.waived",)),
    "list-look-alikes": RoutePolicy(needs=(Role.APPROVER, Role.OPERATOR, Role.ADMIN, Role.AUDITOR)),
    "release-look-alike": RoutePolicy(needs=(Role.APPROVER, Role.OPERATOR), events=("look_alike.released",)),
    "explain": RoutePolicy(needs=(Role.APPROVER, Role.AUDITOR, Role.ADMIN)),
    "preview-decision": RoutePolicy(
        needs=(Role.APPROVER, Role.ADMIN), harmless="it is decided in a transaction that is undone"
    ),
    # What readers ask for, for teams of their own. Publishers are told what became of what they published.
    "request-approval": RoutePolicy(needs=(Role.READER,), events=("approval.requested",)),
    "file-request": RoutePolicy(needs=(Role.READER,), events=("approval.requested",)),
    "comment-request": RoutePolicy(needs=(Role.READER, Role.APPROVER), events=("approval.commented",)),
    "list-requests": RoutePolicy(needs=(Role.READER, Role.PUBLISHER)),
    "explain-to-reader": RoutePolicy(needs=(Role.READER,)),
    # What operators do. A backup takes the role auditor, too: the record is in it.
    "get-metrics": _OPERATOR_READS,
    "get-status": _OPERATOR_READS,
    "list-quarantine": _OPERATOR_READS,
    "list-findings": _OPERATOR_READS,
    "get-findings-summary": _OPERATOR_READS,
    "list-sync-runs": _OPERATOR_READS,
    "get-sync-run": _OPERATOR_READS,
    "list-offers": _OPERATOR_READS,
    "assign-name": RoutePolicy(needs=(Role.OPERATOR, Access.LOOPBACK), events=("name.assigned",)),
    "request-sync-run": RoutePolicy(needs=(Role.OPERATOR, Access.LOOPBACK), events=("sync.requested",)),
    "list-webhooks": _OPERATOR_READS,
    "test-webhook": RoutePolicy(needs=(Role.OPERATOR, Access.LOOPBACK), events=("webhook.tested",)),
    "make-backup": RoutePolicy(needs=(Role.OPERATOR, Access.LOOPBACK), events=("store.backed_up",)),
}
"""By operation: the name of a route without its prefix."""


def operation_of(route_name: str) -> str:
    """The operation that a route of that name is, under whichever prefix: `ping` of `ping/v0.1`."""
    return route_name.partition("/")[0]
