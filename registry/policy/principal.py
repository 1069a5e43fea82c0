"""Who is calling, and what that lets them do."""

from enum import StrEnum

import msgspec

from registry.catalog.compat import Compat


class Role(StrEnum):
    """What a caller may do. No role implies another."""

    READER = "reader"
    PUBLISHER = "publisher"
    APPROVER = "approver"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"


class Origin(StrEnum):
    """
    How it is known who calls.

    CAPABILITY: by the address alone, which reads one team's view and does nothing else.
    PUBLIC_IDENTITY: a login that proves something anybody may have, such as a domain or an account elsewhere.
    ORGANISATION: a login at the issuer that this registry's organisation configured.
    ISSUER: a token of an issuer that the organisation trusts to say who calls, at every door.
    """

    ANONYMOUS = "anonymous"
    CAPABILITY = "capability"
    TOKEN = "token"
    PUBLIC_IDENTITY = "public-identity"
    ORGANISATION = "organisation"
    ISSUER = "issuer"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """
    The caller of one request.

    `home_team`: whose view the root address serves to this caller; None: nobody's. `teams`: all that a credential
    says it belongs to, the home team among them. `namespaces`: patterns of the names its roles publisher and admin are
    for (`registry.policy.namespaces`); none: no name at all. `compat`: for which client lists leave out what it cannot
    decode; None: for none, nothing is left out.

    `parts`: what it is made of, where its roles are not all for the same teams and names; the other members then say
    all that any part does. Whoever decides something asks the parts (`apart`): one of them must let it.
    `held_back`: roles that are the caller's, and that its token was not issued for.
    """

    subject: str
    origin: Origin
    home_team: str | None = None
    teams: tuple[str, ...] = ()
    roles: frozenset[Role] = frozenset()
    namespaces: tuple[str, ...] = ()
    compat: Compat | None = None
    parts: tuple["Principal", ...] = ()
    held_back: frozenset[Role] = frozenset()

    def apart(self) -> tuple["Principal", ...]:
        """Its parts, or itself: each has one list of teams and one of names for all of its roles."""
        return self.parts or (self,)

    @property
    def anonymous(self) -> bool:
        """Whether no credential decided what is seen, so that the answer may be shared between callers."""
        return self.origin is Origin.ANONYMOUS
