"""Who a credential says is calling, and to whom the tokens of others are handed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from registry import RELEASE
from registry.api.attempts import Attempts
from registry.api.callers import Callers
from registry.api.identity import Identity
from registry.api.noted import Noted, begin
from registry.auth.authenticate import Authenticator, bad_token
from registry.auth.capabilities import Capabilities
from registry.auth.tokens import Drawn, draw
from registry.commands.actor import local
from registry.commands.issue_token import issue_token
from registry.commands.perform import perform
from registry.errors import MissingCredential, Refused, Unauthenticated
from registry.policy.delegation import mandate
from registry.policy.principal import Origin, Principal, Role
from registry.store.sqlite.migrations import migrate
from registry.store.sqlite.store import SqliteStore
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

NOW_US = 1_757_376_000_000_000
OCTOCAT = Principal(
    subject="github:octocat",
    origin=Origin.PUBLIC_IDENTITY,
    roles=frozenset({Role.PUBLISHER}),
    namespaces=("io.github.octocat/*",),
)


class Logins:
    """Knows one token of a publisher's login."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.principal = OCTOCAT

    def verify(self, text: str) -> Principal:
        self.seen.append(text)
        if text != "e30.e30.AA":
            raise bad_token("failed to parse token: it is not one of ours")
        return self.principal


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW_US)


@pytest.fixture
async def store(tmp_path: Path, clock: FrozenClock) -> AsyncIterator[SqliteStore]:
    migrate(tmp_path / "registry.db", clock=clock, release=RELEASE)
    store = SqliteStore(tmp_path / "registry.db", clock)
    try:
        yield store
    finally:
        await store.aclose()


@pytest.fixture
def logins() -> Logins:
    return Logins()


@pytest.fixture
def authenticator(store: SqliteStore, clock: FrozenClock, logins: Logins) -> Authenticator:
    return Authenticator(store, anonymous_team="everyone", registry_tokens=logins, clock=clock)


async def _issue(store: SqliteStore) -> Drawn:
    drawn = draw()
    given = mandate([Role.READER, Role.PUBLISHER], ["everyone"], ["com.acme"])
    await perform(
        store,
        lambda transaction: issue_token(
            transaction,
            drawn.id,
            drawn.digest,
            owner="payroll-ci",
            label="",
            mandate=given,
            expires_us=NOW_US + 10_000_000,
            actor=local("alice"),
        ),
    )
    return drawn


def _headers(text: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"registry.example"), (b"authorization", b"Bearer " + text.encode())]


class TestCaller:
    async def test_who_bears_a_token(self, store: SqliteStore, authenticator: Authenticator) -> None:
        """
        Its owner, with what its mandate says and no more.
        """
        drawn = await _issue(store)

        assert authenticator.caller(_headers(drawn.text)) == Principal(
            subject="payroll-ci",
            origin=Origin.TOKEN,
            home_team="everyone",
            teams=("everyone",),
            roles=frozenset({Role.READER, Role.PUBLISHER}),
            namespaces=("com.acme/*",),
        )

    async def test_nobody(self, authenticator: Authenticator) -> None:
        """
        Without a credential nobody calls, and the anonymous principal reads.
        """
        assert authenticator.caller([(b"host", b"x")]) is None
        assert authenticator.reader([]).anonymous

    async def test_the_clock_decides(
        self, store: SqliteStore, authenticator: Authenticator, clock: FrozenClock
    ) -> None:
        """
        Good until the instant of its expiry, bad at it.
        """
        headers = _headers((await _issue(store)).text)

        clock.advance(9.999999)
        assert authenticator.caller(headers) is not None
        clock.advance(0.000001)
        with pytest.raises(Unauthenticated):
            authenticator.caller(headers)


class TestTokensOfLogins:
    async def test_are_handed_on(self, authenticator: Authenticator) -> None:
        """
        What is none of ours is for whoever knows the tokens of the logins.
        """
        assert authenticator.caller(_headers("e30.e30.AA")) == OCTOCAT
        with pytest.raises(Unauthenticated) as refused:
            authenticator.caller(_headers("e30.e30.AB"))
        assert refused.value.why == "failed to parse token: it is not one of ours"

    @pytest.mark.parametrize("text", ["mcpr_", "mcpr_ab12cd34", "mcpr_ab12cd34_" + "x" * 42, "mcpr_e30.e30.AA"])
    async def test_ours_never_are(self, authenticator: Authenticator, logins: Logins, text: str) -> None:
        """
        What begins like ours stays here, also where it is cut: nobody else needs to see it.
        """
        with pytest.raises(Unauthenticated):
            authenticator.caller(_headers(text))

        assert logins.seen == []

    async def test_read_what_everybody_does(self, authenticator: Authenticator) -> None:
        """
        A login of publishers says nothing about reading: with it `mcp-publisher status` reads what anybody may.
        """
        assert authenticator.reader(_headers("e30.e30.AA")) == authenticator.anonymous()

    async def test_read_nothing_where_nobody_does(self, store: SqliteStore, clock: FrozenClock, logins: Logins) -> None:
        """
        A publisher is no reader; the refusal says what to use instead.
        """
        closed = Authenticator(store, anonymous_team=None, registry_tokens=logins, clock=clock)

        with pytest.raises(Refused, match=r"lacks the role reader.*mcp-registry set-status"):
            closed.reader(_headers("e30.e30.AA"))


class TestIdentity:
    async def test_a_writer_needs_a_credential(
        self, store: SqliteStore, authenticator: Authenticator, clock: FrozenClock
    ) -> None:
        """
        None at all is told apart from a bad one, because reference §4.1.1 answers it otherwise.
        """
        identity = Identity(
            authenticator,
            Capabilities(store, clock),
            Callers(()),
            Attempts(clock),
            public_url="https://registry.example",
        )

        def scope(*headers: tuple[bytes, bytes]) -> Any:  # Any: of a scope only these members are read
            made: Any = {"headers": list(headers), "client": ("192.0.2.1", 1)}
            begin(made, Noted("req_1", "192.0.2.1"))
            return made

        assert identity.writer(scope(*_headers("e30.e30.AA"))) == OCTOCAT
        with pytest.raises(MissingCredential):
            identity.writer(scope())
        with pytest.raises(Unauthenticated) as refused:
            identity.writer(scope((b"authorization", b"")))
        assert not isinstance(refused.value, MissingCredential)
        with pytest.raises(MissingCredential):
            identity.holder(scope(), Role.ADMIN)
        with pytest.raises(Refused, match="needs the role admin"):
            identity.holder(scope(*_headers("e30.e30.AA")), Role.ADMIN)

    async def test_who_has_no_home_is_told_where_to_read(
        self, store: SqliteStore, authenticator: Authenticator, logins: Logins, clock: FrozenClock
    ) -> None:
        """
        403 with the addresses of the caller's teams; none of them is read in place of a home.
        """
        identity = Identity(
            authenticator,
            Capabilities(store, clock),
            Callers(()),
            Attempts(clock),
            public_url="https://registry.example/",
        )
        logins.principal = Principal(
            subject="ann", origin=Origin.ORGANISATION, teams=("backend", "data~prod"), roles=frozenset({Role.READER})
        )
        scope: Any = {"headers": _headers("e30.e30.AA"), "client": ("192.0.2.1", 1)}  # Any: as above
        begin(scope, Noted("req_1", "192.0.2.1"))

        with pytest.raises(Refused) as refused:
            identity.reader(scope)

        assert str(refused.value).endswith(
            "read at https://registry.example/teams/backend, https://registry.example/teams/data~prod"
        )
