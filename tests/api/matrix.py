"""The authorization matrix as data: kinds of callers, places of names, and what each is answered where.

Another kind of credential adds its kinds to KINDS, with the caller they act as.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from registry.auth.registry_tokens import Action, Method, Permission
from registry.policy.principal import Origin, Role
from registry.settings.file import load_settings
from registry.wiring import registry_tokens
from tests.api.publishing import CLAIMED
from tests.doubles.clock import FileClock
from tests.doubles.issued import bearer, issue, revoke
from tests.running import RunningRegistry

_OWN: Final = ("com.partner", "com.partner.*")
_EVERY: Final = ("*",)
IDLE: Final = -200
"""In place of a status: 200, since there was nothing to do."""


class Place(StrEnum):
    """Whose a name is, as seen by callers with patterns of their own. The value: its namespace."""

    OWN = "com.partner"
    FOREIGN = "com.other"
    CLAIMED = CLAIMED
    MIRRORED = "io.github.octavia"


class Caller(StrEnum):
    """As whom a caller is treated. WITHOUT: a credential that is good, and of neither role that changes anything."""

    NOBODY = "nobody"
    BAD = "bad"
    AMBIGUOUS = "two credentials"
    PUBLISHER = "publisher"
    PUBLISHER_OF_ALL = "publisher of all"
    PUBLIC_PUBLISHER_OF_ALL = "publisher of all who proved a public identity"
    ADMIN = "admin"
    ADMIN_OF_ALL = "admin of all"
    WITHOUT = "without"


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """
    A kind of caller.

    Attributes:
        credential: Header lines, made once for a registry.
        fleeting: It ends within minutes, so it is made for every request.
        open: Whether the registry it asks is read without a credential.
    """

    acts_as: Caller
    credential: Callable[[RunningRegistry], tuple[str, ...]]
    origin: Origin = Origin.TOKEN
    fleeting: bool = False
    open: bool = True


def _token(*roles: Role, namespaces: tuple[str, ...]) -> Callable[[RunningRegistry], tuple[str, ...]]:
    def made(registry: RunningRegistry) -> tuple[str, ...]:
        owner = f"{'+'.join(roles)}@matrix"
        return (bearer(issue(registry, *roles, owner=owner, namespaces=namespaces, expires_in_s=None)),)

    return made


def _expired(registry: RunningRegistry) -> tuple[str, ...]:
    token = issue(registry, *Role, namespaces=_EVERY, expires_in_s=1)
    registry.clock.advance(2)
    return (bearer(token),)


def _revoked(registry: RunningRegistry) -> tuple[str, ...]:
    token = issue(registry, *Role, namespaces=_EVERY, expires_in_s=None)
    revoke(registry, token)
    return (bearer(token),)


def _two(registry: RunningRegistry) -> tuple[str, ...]:
    good = _token(*Role, namespaces=_EVERY)(registry)
    return (*good, *good)


def _login(method: Method) -> Callable[[RunningRegistry], tuple[str, ...]]:
    """What *method* answers with, signed by the registry's own key, for every name there is."""

    def made(registry: RunningRegistry) -> tuple[str, ...]:
        tokens = registry_tokens(load_settings(registry.config, {}), FileClock(registry.clock.path), {})
        assert tokens is not None
        everything = [Permission(action=Action.PUBLISH, resource=pattern) for pattern in _EVERY]
        return (bearer(tokens.issue(method, "matrix", everything)[0]),)

    return made


_NEITHER: Final = [role for role in Role if role not in (Role.PUBLISHER, Role.ADMIN)]

KINDS: Final[Mapping[str, Kind]] = {
    "no credential": Kind(acts_as=Caller.NOBODY, credential=lambda _: (), origin=Origin.ANONYMOUS, open=False),
    "anonymous": Kind(acts_as=Caller.NOBODY, credential=lambda _: (), origin=Origin.ANONYMOUS),
    "garbage": Kind(acts_as=Caller.BAD, credential=lambda _: (bearer("garbage"),)),
    "expired": Kind(acts_as=Caller.BAD, credential=_expired),
    "revoked": Kind(acts_as=Caller.BAD, credential=_revoked),
    "two headers": Kind(acts_as=Caller.AMBIGUOUS, credential=_two),
    "publisher": Kind(acts_as=Caller.PUBLISHER, credential=_token(Role.PUBLISHER, namespaces=_OWN)),
    "publisher of all": Kind(acts_as=Caller.PUBLISHER_OF_ALL, credential=_token(Role.PUBLISHER, namespaces=_EVERY)),
    "login of the organisation": Kind(
        acts_as=Caller.PUBLISHER_OF_ALL,
        credential=_login(Method.OIDC),
        origin=Origin.ORGANISATION,
        fleeting=True,
    ),
    **{
        f"login by {method}": Kind(
            acts_as=Caller.PUBLIC_PUBLISHER_OF_ALL,
            credential=_login(method),
            origin=Origin.PUBLIC_IDENTITY,
            fleeting=True,
        )
        for method in Method
        if method is not Method.OIDC
    },
    "admin": Kind(acts_as=Caller.ADMIN, credential=_token(Role.ADMIN, namespaces=_OWN)),
    "admin of all": Kind(acts_as=Caller.ADMIN_OF_ALL, credential=_token(Role.ADMIN, namespaces=_EVERY)),
    "neither, of all": Kind(acts_as=Caller.WITHOUT, credential=_token(*_NEITHER, namespaces=_EVERY)),
    **{role: Kind(acts_as=Caller.WITHOUT, credential=_token(role, namespaces=_OWN)) for role in _NEITHER},
}
_Row = tuple[int, int, int, int]
"""What is answered, by place, in the order of Place."""


def _everywhere(status: int) -> _Row:
    return (status, status, status, status)


def _rows(
    nobody: int,
    publisher: _Row | int = 403,
    publisher_of_all: _Row | int = 403,
    public: _Row | int = 403,
    admin: _Row | int = 403,
    admin_of_all: _Row | int = 403,
) -> dict[Caller, _Row]:
    given: dict[Caller, _Row | int] = {
        Caller.NOBODY: nobody,
        Caller.BAD: 401,
        Caller.AMBIGUOUS: 400,
        Caller.PUBLISHER: publisher,
        Caller.PUBLISHER_OF_ALL: publisher_of_all,
        Caller.PUBLIC_PUBLISHER_OF_ALL: public,
        Caller.ADMIN: admin,
        Caller.ADMIN_OF_ALL: admin_of_all,
        Caller.WITHOUT: 403,
    }
    return {caller: _everywhere(row) if isinstance(row, int) else row for caller, row in given.items()}


_OWN_ALONE: Final = (200, 403, 403, 403)
# A mirrored name is refused with another reason to those who may otherwise: 400 to publish it, 403 to change it.
# What the organisation claims is not for those who proved a public identity, whatever their patterns.
_PUBLISHED: Final = _rows(422, publisher=_OWN_ALONE, publisher_of_all=(200, 200, 200, 400), public=(200, 200, 403, 400))
_CHANGED: Final = (200, 200, 200, 403)
_STATUS: Final = _rows(422, _OWN_ALONE, _CHANGED, (200, 200, 403, 403), _OWN_ALONE, _CHANGED)
_REMOTE: Final = dict.fromkeys(Caller, _everywhere(403))

EXPECTED: Final[Mapping[str, Mapping[Caller, _Row]]] = {
    "publish-server": _PUBLISHED,
    "check-publication": _PUBLISHED,
    "edit-server": _rows(422, admin=_OWN_ALONE, admin_of_all=_CHANGED),
    "update-server-status": _STATUS,
    "update-server-all-versions-status": _STATUS,
    "delete-server-version": _STATUS,
    "list-mine": _rows(401, publisher=200, publisher_of_all=200, public=200),
    "issue-token": _rows(401, admin=(201, 403, 403, 403), admin_of_all=201),
    "list-tokens": _rows(401, admin=200, admin_of_all=200),
    # Of others' tokens an administrator does not learn that they exist.
    "get-token": _rows(401, admin=(200, 404, 404, 404), admin_of_all=200),
    "revoke-token": _rows(401, admin=(200, 404, 404, 404), admin_of_all=200),
    "revoke-tokens-of-subject": _rows(401, admin=(200, IDLE, IDLE, IDLE), admin_of_all=200),
    # No credential is looked at.
    "validate-server": dict.fromkeys(Caller, _everywhere(200)),
    # Nor by logins: without a proof the form is wrong, and nobody needs one to be nobody.
    **{
        f"exchange-{method}-token": dict.fromkeys(Caller, _everywhere(200 if method is Method.NONE else 422))
        for method in Method
    },
    # Through a proxy, whatever the credential: operators are on the machine itself.
    "request-sync-run": _REMOTE,
    "make-backup": _REMOTE,
}

READS: Final[Mapping[str, str]] = {
    "list-servers": "a view: tests/api/test_tokens.py",
    "get-server-versions": "a view: tests/api/test_tokens.py",
    "get-server-version": "a view: tests/api/test_tokens.py",
    "get-health": "open to everybody",
    "ping": "open to everybody",
    "get-version": "open to everybody",
    "get-docs": "open to everybody",
    "get-openapi-json": "open to everybody",
    "get-openapi-yaml": "open to everybody",
    "list-audit-events": "for auditors: tests/e2e/test_audit_command.py",
    "list-audit-checkpoints": "for auditors: tests/e2e/test_audit_command.py",
    "get-metrics": "for operators on the machine: tests/api/test_operation.py",
    "list-sync-runs": "for operators on the machine: tests/api/test_operation.py",
    "get-sync-run": "for operators on the machine: tests/api/test_operation.py",
    "get-status": "for operators on the machine: tests/api/test_operation.py",
    "list-findings": "for operators on the machine: tests/api/test_findings.py",
    "get-findings-summary": "for operators on the machine: tests/api/test_findings.py",
    "list-quarantine": "for operators on the machine: tests/api/test_operation.py",
}
"""Routes that change nothing and are no part of the matrix, and why."""
