"""Tokens: kept whole, found by their public characters, listed newest first."""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from registry.policy.delegation import Mandate
from registry.policy.principal import Role
from registry.store.interface import Store, Transaction
from registry.store.records import Retention
from registry.store.tokens import Token
from tests.contract.engines import NOW_US, Engine, opened
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio


def _token(number: int, **changes: Any) -> Token:  # the fields of Token, as they are named there
    made = Token(
        id=f"tokn{number:04d}",
        digest=bytes([number]) * 32,
        owner="payroll-ci",
        label="",
        mandate=Mandate(roles=(Role.READER,)),
        created_us=NOW_US + number,
        created_by="local:alice",
        expires_us=None,
    )
    return msgspec.structs.replace(made, **changes)


def _put(given: tuple[Token, ...], transaction: Transaction) -> None:
    for each in given:
        transaction.put_token(each)


async def _issue(store: Store, *given: Token) -> None:
    await store.transact(partial(_put, given))


class TestTokens:
    async def test_is_kept_whole(self, store: Store) -> None:
        """
        Every member comes back as it was put; a token that was never issued is none.
        """
        given = _token(
            1,
            label="the build of payroll",
            mandate=Mandate(
                roles=(Role.PUBLISHER, Role.READER), teams=("everyone", "other"), namespaces=("com.acme/*", "a.b/c")
            ),
            expires_us=NOW_US + 5,
            revoked_us=NOW_US + 3,
            revoked_by="bob",
        )

        await _issue(store, given)

        assert store.snapshot().token("tokn0001") == given
        assert store.snapshot().token("tokn0002") is None

    async def test_what_becomes_of_it(self, store: Store) -> None:
        """
        A token that is put again is the same token, later.
        """
        await _issue(store, _token(1))

        await _issue(store, _token(1, revoked_us=NOW_US, revoked_by="bob"))

        (found,) = store.snapshot().tokens(owner=None, limit=9)
        assert (found.revoked_us, found.revoked_by) == (NOW_US, "bob")

    async def test_newest_first(self, store: Store) -> None:
        """
        Of one owner or of all, before a position, no more than asked for; tokens of one instant by their id.
        """
        await _issue(store, _token(1), _token(3), _token(2, owner="bob"), _token(4, created_us=NOW_US + 3))
        tokens = store.snapshot().tokens

        everybody = tokens(owner=None, limit=9)
        assert [each.id for each in everybody] == ["tokn0004", "tokn0003", "tokn0002", "tokn0001"]
        for count, each in enumerate(everybody, start=1):
            assert tokens(owner=None, limit=9, before=each.position) == everybody[count:]
        assert [each.id for each in tokens(owner="payroll-ci", limit=2)] == ["tokn0004", "tokn0003"]
        assert [each.id for each in tokens(owner="payroll-ci", limit=2, before=(NOW_US + 3, "tokn0003"))] == [
            "tokn0001"
        ]
        assert tokens(owner="Bob", limit=9) == []

    async def test_in_force_for_everybody_at_once(
        self, store: Store, engine: Engine, tmp_path: Path, clock: FrozenClock
    ) -> None:
        """
        Who has the store open elsewhere knows a token, and its revocation, as soon as whoever wrote it does.
        """
        async with opened(engine, tmp_path, clock) as other:
            await _issue(store, _token(1))
            known = other.snapshot().token("tokn0001")
            await _issue(store, _token(1, revoked_us=NOW_US))

            assert known == _token(1)
            assert other.snapshot().token("tokn0001") == _token(1, revoked_us=NOW_US)

    async def test_those_that_ended_long_ago_go(self, store: Store) -> None:
        """
        Retention takes those that were revoked or expired before, however old the others are, a few at a time.
        """
        await _issue(store, _token(1), _token(2, expires_us=NOW_US + 9), _token(3, expires_us=NOW_US + 5))
        await _issue(store, _token(4), _token(4, expires_us=NOW_US + 99, revoked_us=NOW_US + 4))
        retention = Retention(
            runs_before_us=0, quarantine_before_us=0, superseded_before_us=0, tokens_ended_before_us=NOW_US + 9
        )

        swept = [await store.transact(lambda transaction: transaction.sweep(retention, limit=1)) for _ in range(3)]

        assert swept == [1, 1, 0]
        assert [each.id for each in store.snapshot().tokens(owner=None, limit=9)] == ["tokn0002", "tokn0001"]
        assert store.snapshot().token("tokn0004") is None


class TestInForce:
    @pytest.mark.parametrize(
        ("expires_us", "revoked_us", "expected"),
        [(None, None, True), (NOW_US + 1, None, True), (NOW_US, None, False), (None, NOW_US, False)],
    )
    def test_until(self, expires_us: int | None, revoked_us: int | None, expected: bool) -> None:
        """
        Until the instant of its expiry, and never again once it was revoked, whatever the clock says.
        """
        assert _token(1, expires_us=expires_us, revoked_us=revoked_us).in_force(NOW_US) is expected
