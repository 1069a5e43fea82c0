"""Who a request's credential says is calling.

A credential that is bad is refused; it never falls back to the anonymous view. Our own tokens are looked up in the
store at every use, and so are the subjects of all others, so a revocation is in force in every worker from its commit
on; what is remembered of a good one saves the digest and is believed only while the store answers with the very same
record. Why a token is refused is the
same text whatever is wrong with it, and what is unknown costs what is wrong does: a lookup, a digest, and a comparison
in constant time.
"""

import hmac
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from registry.clock import Clock
from registry.errors import Invalid, Refused, Unauthenticated
from registry.policy.principal import Origin, Principal, Role
from registry.policy.token import PREFIX, public_id, token_digest
from registry.store.interface import Store
from registry.store.tokens import Token

Headers = Iterable[tuple[bytes, bytes]]

_SCHEME: Final = b"bearer "
# reference §4.1.2 and §4.1.3: clients look for these texts.
_BAD_FORMAT: Final = "Invalid Authorization header format. Expected 'Bearer <token>'"
_BAD_TOKEN: Final = "Invalid or expired Registry JWT token"
_MOST_KNOWN: Final = 4096
_UNKNOWN: Final = "failed to parse token: it is not valid here, or not any more"
# `mcp-publisher status` reads before it writes, and prints what it is told here.
_OTHERWISE: Final = "use `mcp-registry set-status` with the token in MCP_REGISTRY_TOKEN"
_NOBODYS: Final = bytes(32)
"""Compared with where there is no token of that name. That a SHA-256 is this is as likely as a guessed secret."""


class NotJudged(Unauthenticated):
    """Raised when nobody can say at present whether a token is good: nobody guessed, and nobody is let in."""

    def __init__(self) -> None:
        super().__init__(_BAD_TOKEN, why="failed to parse token: the keys of its issuer cannot be had; try again later")


class IssuerVerifier(Protocol):
    """What knows the tokens of other issuers."""

    async def prepare(self, text: str) -> None:
        """Fetch what *text* is judged by, if that is not at hand. Refuses nothing."""

    def verify(self, text: str) -> Principal | None:
        """Who bears *text*, None if it is of none of these issuers. Raises Unauthenticated, also for NotJudged."""


class TokenVerifier(Protocol):
    """What knows the tokens that logins of publishers answer with."""

    def verify(self, text: str) -> Principal:
        """Who bears *text*. Raises Unauthenticated with the texts of this module: see `bad_token`."""


def bad_token(why: str = _UNKNOWN) -> Unauthenticated:
    """The refusal of a token. *why* begins with `failed to parse token: ` and helps nobody who guesses."""
    return Unauthenticated(_BAD_TOKEN, why=why)


def credential(headers: Headers) -> bytes | None:
    """
    The value of the Authorization header; None if there is none. Names of headers are lower case, as ASGI gives them.

    Raises Invalid if there is more than one.
    """
    found: bytes | None = None
    for name, value in headers:
        if name == b"authorization":
            if found is not None:
                raise Invalid("more than one Authorization header; send one")
            found = value
    return found


class Presented(NamedTuple):
    """
    What stands in an Authorization header. `text`: what follows the scheme, None where that is not Bearer. `token`: its
    public characters, if it has the form of a token of ours.
    """

    text: str | None
    token: str | None


def present(value: bytes) -> Presented:
    """The parts of an Authorization header's value. Nothing is looked up."""
    # reference §4.1.2: the scheme in any case, and something behind it.
    if value[: len(_SCHEME)].lower() != _SCHEME:
        return _OF_ANOTHER_SCHEME
    text = value[len(_SCHEME) :].decode("latin-1").strip(" ")
    return Presented(text, public_id(text))


_OF_ANOTHER_SCHEME: Final = Presented(None, None)
_OF_LOGINS: Final = (Origin.PUBLIC_IDENTITY, Origin.ORGANISATION)


class _Known(NamedTuple):
    """A token that was good, what its bearer presented, and who that is."""

    token: Token
    text: str
    principal: Principal


class Authenticator:
    """
    Args:
        anonymous_team: Whose view is read without credentials; None: nobody's.
        issuers: What knows the tokens of other issuers; None: there are none.
        registry_tokens: What knows the tokens that are none of ours, nor theirs; None: they are all bad.
    """

    def __init__(
        self,
        store: Store,
        *,
        anonymous_team: str | None,
        registry_tokens: TokenVerifier | None,
        issuers: IssuerVerifier | None = None,
        clock: Clock,
    ) -> None:
        self._store = store
        self._issuers = issuers
        self._registry_tokens = registry_tokens
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._anonymous: Principal | None = None
        if anonymous_team is not None:
            self._anonymous = Principal(
                subject="anonymous",
                origin=Origin.ANONYMOUS,
                home_team=anonymous_team,
                teams=(anonymous_team,),
                roles=frozenset({Role.READER}),
            )

    def caller(self, headers: Headers) -> Principal | None:
        """
        Who calls; None without a credential.

        Raises:
            Unauthenticated: the credential is bad, in whichever way.
            Invalid: there is more than one.
        """
        value = credential(headers)
        return None if value is None else self.bearer(present(value))

    def reader(self, headers: Headers) -> Principal:
        """
        Through whose view a request reads.

        Raises:
            Unauthenticated, Invalid: as `caller`, or no credential where one is needed.
            Refused: the credential is good, and not for reading.
        """
        value = credential(headers)
        return self.anonymous() if value is None else self.reading(self.bearer(present(value)))

    def anonymous(self) -> Principal:
        """Who reads without a credential. Raises Unauthenticated if nobody does."""
        if self._anonymous is None:
            raise Unauthenticated(
                "this registry is not read without a credential; send one as 'Authorization: Bearer …', or, to set a "
                f"status, {_OTHERWISE}"
            )
        return self._anonymous

    def reading(self, principal: Principal) -> Principal:
        """
        Through whose view *principal* reads: its home team's.

        A login of publishers says what may be published and nothing about reading, and `mcp-publisher status` sends
        its token with what it reads first. So such a caller reads what everybody does. Our own tokens say what they
        are for, and so do those of issuers.

        Raises Refused if it may read nothing, saying what is missing.
        """
        if Role.READER not in principal.roles:
            if principal.origin in _OF_LOGINS and self._anonymous is not None:
                return self._anonymous
            raise Refused(
                f"the credential of {principal.subject} is not for reading: it lacks the role reader. To set a status "
                f"without reading, {_OTHERWISE}"
            )
        if principal.home_team is None:
            raise Refused(
                f"the credential of {principal.subject} names no team whose view it could read. To set a status "
                f"without reading, {_OTHERWISE}"
            )
        return principal

    def bearer(self, presented: Presented) -> Principal:
        """Who bears what was presented. Raises Unauthenticated if it is bad, in whichever way."""
        text = presented.text
        if text is None:
            raise Unauthenticated(_BAD_FORMAT)
        if presented.token is not None:
            return self._own(presented.token, text)
        principal = None if text.startswith(PREFIX) else self._vouched_for(text)
        if principal is None or self._store.snapshot().revoked_subject(principal.subject) is not None:
            raise bad_token()
        return principal

    async def prepare(self, presented: Presented) -> None:
        """Fetch from others what the credential is judged by, where it is not at hand. Refuses nothing."""
        if self._issuers is not None and presented.text is not None and presented.token is None:
            await self._issuers.prepare(presented.text)

    def _vouched_for(self, text: str) -> Principal | None:
        """Who bears a token that is none of ours; None if nobody knows it."""
        found = None if self._issuers is None else self._issuers.verify(text)
        if found is None and self._registry_tokens is not None:
            return self._registry_tokens.verify(text)
        return found

    def _own(self, named: str, text: str) -> Principal:
        token = self._store.snapshot().token(named)
        known = self._known.get(named)
        if known is None or known.token is not token or not hmac.compare_digest(known.text, text):
            right = hmac.compare_digest(token_digest(text), _NOBODYS if token is None else token.digest)
            if not right or token is None:
                raise bad_token()
            known = self._remember(token, text)
        if not known.token.in_force(self._clock.now_us()):
            raise bad_token()
        return known.principal

    def _remember(self, token: Token, text: str) -> _Known:
        """Spare the next use the digest: not the lookup, which says whether the token is still the same."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        known = self._known[token.id] = _Known(token, text, principal_of(token))
        return known


def principal_of(token: Token) -> Principal:
    """Who bears *token*."""
    mandate = token.mandate
    return Principal(
        subject=token.owner,
        origin=Origin.TOKEN,
        home_team=mandate.teams[0] if mandate.teams else None,
        teams=mandate.teams,
        roles=frozenset(mandate.roles),
        namespaces=mandate.namespaces,
    )
