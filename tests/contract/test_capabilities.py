"""Capability addresses: kept whole, found by id and by digest, listed newest first."""

from functools import partial
from typing import Any

import msgspec
import pytest

from registry.catalog.compat import Compat
from registry.commands.actor import local
from registry.commands.perform import perform
from registry.commands.teams import make_team
from registry.store.capabilities import Capability
from registry.store.interface import Store, Transaction
from tests.contract.engines import NOW_US

pytestmark = pytest.mark.anyio


def _capability(number: int, **changes: Any) -> Capability:  # Any: the fields of Capability, as they are named there
    made = Capability(
        id=f"cap_{number:026d}",
        digest=bytes([number]) * 32,
        team="everyone",
        owner="ann",
        label="",
        networks=(),
        created_us=NOW_US + number,
        created_by="local:alice",
        expires_us=None,
    )
    return msgspec.structs.replace(made, **changes)


def _put(given: tuple[Capability, ...], transaction: Transaction) -> None:
    for each in given:
        transaction.put_capability(each)


async def _issue(store: Store, *given: Capability) -> None:
    await store.transact(partial(_put, given))


class TestCapabilities:
    async def test_is_kept_whole(self, store: Store) -> None:
        """
        Every member comes back as it was put; what was never issued is none.
        """
        given = _capability(
            1,
            label="editors",
            networks=("10.0.0.0/8", "fd00::/8"),
            expires_us=NOW_US + 5,
            replaced_by="cap_x",
            compat=Compat.XCODE,
            revoked_us=NOW_US + 3,
            revoked_by="bob",
        )

        await _issue(store, given)

        snapshot = store.snapshot()
        assert snapshot.capability(given.id) == snapshot.capability_of(given.digest) == given
        assert snapshot.capability("cap_other") is None
        assert snapshot.capability_of(bytes(32)) is None

    async def test_what_became_of_it(self, store: Store) -> None:
        """
        Put again it is replaced, and there is one.
        """
        given = _capability(1)
        await _issue(store, given)

        ended = msgspec.structs.replace(given, revoked_us=NOW_US, revoked_by="bob")
        await _issue(store, ended)

        assert store.snapshot().capabilities(team=None, limit=10) == [ended]

    async def test_newest_first(self, store: Store) -> None:
        """
        Of one team or of all, and from one of them on.
        """
        await perform(store, partial(make_team, name="backend", description="", actor=local("alice")))
        given = [_capability(number, team="backend" if number % 2 else "everyone") for number in range(1, 7)]
        await _issue(store, *given)

        snapshot = store.snapshot()
        everything = snapshot.capabilities(team=None, limit=10)

        assert everything == given[::-1]
        assert snapshot.capabilities(team=None, limit=2, before=given[3].id) == [given[2], given[1]]
        assert snapshot.capabilities(team="backend", limit=10) == [given[4], given[2], given[0]]
        assert snapshot.capabilities(team="no-such", limit=10) == []
