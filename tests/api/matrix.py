"""The authorization matrix as data: what each kind of caller is answered where. Who they are is in `kinds.py`."""

from collections.abc import Mapping
from typing import Final

from registry.auth.registry_tokens import Method
from tests.api.kinds import Caller
from tests.doubles.route_table import Route

IDLE: Final = -200
"""In place of a status: 200, since there was nothing to do."""

_Row = tuple[int, int, int, int]
"""What is answered, by place, in the order of Place."""


def _everywhere(status: int) -> _Row:
    return (status, status, status, status)


def _row(given: _Row | int) -> _Row:
    return _everywhere(given) if isinstance(given, int) else given


def _rows(nobody: int, given: Mapping[Caller, _Row | int]) -> dict[Caller, _Row]:
    """Those of *given*; whoever is not among them is refused, but that who also reads is no less of an admin."""
    refused = {
        Caller.READING_ADMIN: given.get(Caller.ADMIN, 403),
        Caller.NOBODY: nobody,
        Caller.BAD: 401,
        Caller.AMBIGUOUS: 400,
        Caller.BY_ADDRESS: 404,
    }
    return {caller: _row(given.get(caller, refused.get(caller, 403))) for caller in Caller}


def _alike(status: int) -> dict[Caller, _Row]:
    """The same for everybody, but that below a capability address there is no such thing."""
    return {caller: _everywhere(404 if caller is Caller.BY_ADDRESS else status) for caller in Caller}


_OWN_ALONE: Final = (200, 403, 403, 403)
_OWN_MADE: Final = (201, 403, 403, 403)
# Of what lies elsewhere they do not learn that it exists.
_OWN_KNOWN: Final = (200, 404, 404, 404)
# A mirrored name is refused with another reason to those who may otherwise: 400 to publish it, 403 to change it.
# What the organisation claims is not for those who proved a public identity, whatever their patterns.
_PUBLISHED: Final = _rows(
    422,
    {
        Caller.PUBLISHER: _OWN_ALONE,
        Caller.PUBLISHER_OF_ALL: (200, 200, 200, 400),
        Caller.PUBLIC_PUBLISHER_OF_ALL: (200, 200, 403, 400),
    },
)
_CHANGED: Final = (200, 200, 200, 403)
_STATUS: Final = _rows(
    422,
    {
        Caller.PUBLISHER: _OWN_ALONE,
        Caller.PUBLISHER_OF_ALL: _CHANGED,
        Caller.PUBLIC_PUBLISHER_OF_ALL: (200, 200, 403, 403),
        Caller.ADMIN: _OWN_ALONE,
        Caller.ADMIN_OF_ALL: _CHANGED,
    },
)
# For the team. Approvers of names decide about these names for whichever team, the one of the team for it alone.
_DECIDED: Final = _rows(
    401,
    {
        Caller.APPROVER: _OWN_KNOWN,
        Caller.APPROVER_OF_ALL: 200,
        Caller.APPROVER_OF_TEAM: 200,
        Caller.EVERYTHING_ELSE: 200,
        Caller.APPROVER_OF_NOTHING: 404,
    },
)
_ASKED: Final[dict[Caller, _Row | int]] = {Caller.READER: 201, Caller.READING_ADMIN: 201, Caller.EVERYTHING_ELSE: 201}
_ADMINISTERED: Final = _rows(401, {Caller.ADMIN_OF_ALL: 200})
_ADMINISTERED_MADE: Final = _rows(401, {Caller.ADMIN_OF_ALL: 201})
# An address is the role reader in a team: administrators hand out what they have, and see what they could hand out.
_ADDRESS: Final[dict[Caller, _Row | int]] = {Caller.ADMIN: 404, Caller.READING_ADMIN: 200, Caller.ADMIN_OF_ALL: 200}


def _blocked(everywhere: int) -> dict[Caller, _Row]:
    """For every team, and so not by whoever decides for one."""
    own = (everywhere, 403, 403, 403)
    return _rows(
        401,
        {
            Caller.APPROVER: own,
            Caller.APPROVER_OF_ALL: everywhere,
            Caller.ADMIN: own,
            Caller.ADMIN_OF_ALL: everywhere,
        },
    )


def _by_approvers(everywhere: int) -> dict[Caller, _Row]:
    """The same, where administrators have no word."""
    return _rows(401, {Caller.APPROVER: (everywhere, 403, 403, 403), Caller.APPROVER_OF_ALL: everywhere})


EXPECTED: Final[Mapping[str, Mapping[Caller, _Row]]] = {
    "publish-server": _PUBLISHED,
    "check-publication": _PUBLISHED,
    "edit-server": _rows(422, {Caller.ADMIN: _OWN_ALONE, Caller.ADMIN_OF_ALL: _CHANGED}),
    "update-server-status": _STATUS,
    "update-server-all-versions-status": _STATUS,
    "delete-server-version": _STATUS,
    "list-mine": _rows(401, {Caller.PUBLISHER: 200, Caller.PUBLISHER_OF_ALL: 200, Caller.PUBLIC_PUBLISHER_OF_ALL: 200}),
    "issue-token": _rows(401, {Caller.ADMIN: _OWN_MADE, Caller.ADMIN_OF_ALL: 201}),
    "list-tokens": _rows(401, {Caller.ADMIN: 200, Caller.ADMIN_OF_ALL: 200}),
    # Of others' tokens an administrator does not learn that they exist.
    "get-token": _rows(401, {Caller.ADMIN: _OWN_KNOWN, Caller.ADMIN_OF_ALL: 200}),
    "revoke-token": _rows(401, {Caller.ADMIN: _OWN_KNOWN, Caller.ADMIN_OF_ALL: 200}),
    "revoke-tokens-of-subject": _rows(401, {Caller.ADMIN: (200, IDLE, IDLE, IDLE), Caller.ADMIN_OF_ALL: 200}),
    "revoke-subject": _ADMINISTERED,
    "reinstate-subject": _ADMINISTERED,
    "issue-capability": _rows(401, {Caller.READING_ADMIN: 201, Caller.ADMIN_OF_ALL: 201}),
    "get-capability": _rows(401, _ADDRESS),
    "rotate-capability": _rows(401, {**_ADDRESS, Caller.READING_ADMIN: 201, Caller.ADMIN_OF_ALL: 201}),
    "revoke-capability": _rows(401, _ADDRESS),
    "make-team": _ADMINISTERED_MADE,
    "edit-team": _ADMINISTERED,
    "give-grant": _rows(401, {Caller.ADMIN: _OWN_MADE, Caller.ADMIN_OF_ALL: 201}),
    "revoke-grant": _rows(401, {Caller.ADMIN: _OWN_KNOWN, Caller.ADMIN_OF_ALL: 200}),
    "make-rule": _ADMINISTERED_MADE,
    "end-rule": _ADMINISTERED,
    "set-overlay": _ADMINISTERED_MADE,
    "remove-overlay": _ADMINISTERED,
    "set-drift-policy": _ADMINISTERED_MADE,
    "end-drift-policy": _ADMINISTERED,
    "block-server": _blocked(201),
    "unblock-server": _blocked(200),
    "preview-decision": _blocked(200),
    # What is published here has no cool-off that could be waived.
    "waive-cool-off": _by_approvers(409),
    # None of these names looks like another one.
    "release-look-alike": {
        **_by_approvers(404),
        Caller.OPERATOR: _everywhere(404),
        Caller.EVERYTHING_ELSE: _everywhere(404),
    },
    "approve-server": _rows(
        401,
        {
            Caller.APPROVER: _OWN_MADE,
            Caller.APPROVER_OF_ALL: 201,
            Caller.APPROVER_OF_TEAM: 201,
            Caller.EVERYTHING_ELSE: 201,
        },
    ),
    "approve-request": _DECIDED,
    "reject-request": _DECIDED,
    "revoke-approval": _DECIDED,
    "decide-many": _DECIDED,
    "comment-request": _rows(
        401,
        {
            **_ASKED,
            Caller.APPROVER: (201, 404, 404, 404),
            Caller.APPROVER_OF_ALL: 201,
            Caller.APPROVER_OF_TEAM: 201,
            Caller.APPROVER_OF_NOTHING: 404,
        },
    ),
    "get-approval": _rows(
        401,
        {
            Caller.APPROVER: _OWN_KNOWN,
            Caller.APPROVER_OF_ALL: 200,
            Caller.APPROVER_OF_TEAM: 200,
            Caller.APPROVER_OF_NOTHING: 404,
            Caller.EVERYTHING_ELSE: 200,
            Caller.AUDITOR: 200,
            Caller.ADMIN: _OWN_KNOWN,
            Caller.ADMIN_OF_ALL: 200,
        },
    ),
    "explain": _rows(
        401,
        {
            Caller.APPROVER: _OWN_ALONE,
            Caller.APPROVER_OF_ALL: 200,
            Caller.APPROVER_OF_TEAM: 200,
            Caller.EVERYTHING_ELSE: 200,
            Caller.AUDITOR: 200,
            Caller.ADMIN: _OWN_ALONE,
            Caller.ADMIN_OF_ALL: 200,
        },
    ),
    # The team has a grant of every name.
    "request-approval": _rows(401, _ASKED),
    "file-request": _rows(422, _ASKED),
    # No credential is looked at.
    "validate-server": _alike(200),
    # Nor by logins: without a proof the form is wrong, and nobody needs one to be nobody.
    **{f"exchange-{method}-token": _alike(200 if method is Method.NONE else 422) for method in Method},
    # Through a proxy, where nobody is on the machine itself. What is asked for is a run of an upstream there is not.
    # Nobody else offers what is published here, and what is mirrored is not published here.
    "assign-name": _rows(401, {Caller.OPERATOR: (409, 409, 409, 404), Caller.EVERYTHING_ELSE: (409, 409, 409, 404)}),
    "request-sync-run": _rows(401, {Caller.OPERATOR: 404, Caller.EVERYTHING_ELSE: 404}),
    "test-webhook": _rows(401, {Caller.OPERATOR: 404, Caller.EVERYTHING_ELSE: 404}),
    # The record is in a backup: it takes the auditor, too.
    "make-backup": _rows(401, {Caller.EVERYTHING_ELSE: 200}),
}

READS: Final[Mapping[str, str]] = {
    "list-revoked-subjects": "all of them, to administrators of every name: tests/api/test_issuers.py",
    "get-protected-resource": "for everybody: tests/api/test_issuers.py",
    "list-servers": "a view: tests/api/test_tokens.py",
    "get-server-versions": "a view: tests/api/test_tokens.py",
    "get-server-version": "a view: tests/api/test_tokens.py",
    "list-mine of a team": "what members published: tests/api/test_teams.py",
    "list-requests": "what concerns the caller: tests/api/test_approvals.py",
    "explain-to-reader": "the caller's own view: tests/api/test_explain.py",
    "list-approvals": "what the caller may see: tests/api/test_approvals.py",
    "list-blocks": "all of them, to whoever may see any: tests/api/test_governance.py",
    "list-cool-offs": "what the caller decides about: tests/api/test_firewall.py",
    "list-look-alikes": "what the caller decides about: tests/api/test_firewall.py",
    "list-teams": "the caller's own teams: tests/api/test_governance.py",
    "list-grants": "what the caller may give: tests/api/test_governance.py",
    "list-overlays": "all of them, to every administrator: tests/api/test_governance.py",
    "list-drift-policies": "all of them, to whoever may see any: tests/api/test_drift.py",
    "list-rules": "all of them, to every administrator: tests/api/test_governance.py",
    "list-capabilities": "those the caller may issue: tests/api/test_capability_administration.py",
    "get-health": "open to everybody",
    "ping": "open to everybody",
    "get-version": "open to everybody",
    "get-docs": "open to everybody",
    "get-openapi-json": "open to everybody",
    "get-openapi-yaml": "open to everybody",
    "list-audit-events": "for auditors: tests/e2e/test_audit_command.py",
    "list-audit-checkpoints": "for auditors: tests/e2e/test_audit_command.py",
    "get-metrics": "for operators on the machine: tests/api/test_operation.py",
    "list-offers": "for operators: tests/api/test_firewall.py",
    "list-sync-runs": "for operators on the machine: tests/api/test_operation.py",
    "get-sync-run": "for operators on the machine: tests/api/test_operation.py",
    "get-status": "for operators on the machine: tests/api/test_operation.py",
    "list-findings": "for operators on the machine: tests/api/test_findings.py",
    "get-findings-summary": "for operators on the machine: tests/api/test_findings.py",
    "list-webhooks": "for operators: tests/e2e/test_webhooks.py",
    "list-quarantine": "for operators on the machine: tests/api/test_operation.py",
}
"""Routes that change nothing and are no part of the matrix, and why."""


def cells_of(route: Route) -> str:
    """Under what a route stands in these tables: its operation, and apart where it is a team's."""
    return (
        f"{route.operation} of a team"
        if route.path.startswith("/teams/") and "/mine" in route.path
        else route.operation
    )
