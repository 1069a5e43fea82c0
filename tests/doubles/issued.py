"""Tokens for tests: issued and revoked in the store of a running registry, from this process, by its clock."""

import asyncio
from collections.abc import Sequence
from functools import partial

from registry.auth.tokens import draw
from registry.commands.actor import local
from registry.commands.issue_token import issue_token
from registry.commands.perform import perform
from registry.commands.revoke_token import revoke_token
from registry.policy.delegation import Mandate, mandate
from registry.policy.principal import Role
from registry.policy.token import named_token
from registry.store.sqlite.store import SqliteStore
from tests.doubles.clock import FileClock
from tests.running import RunningRegistry

_ACTOR = local("tester")


def issue(
    registry: RunningRegistry,
    *roles: Role,
    owner: str = "payroll-ci",
    teams: Sequence[str] = ("everyone",),
    namespaces: Sequence[str] = (),
    expires_in_s: float | None = 3600.0,
) -> str:
    """The text of a new token."""
    clock = FileClock(registry.clock.path)

    async def issued() -> str:
        drawn = draw()
        command = partial(
            issue_token,
            public_id=drawn.id,
            digest=drawn.digest,
            owner=owner,
            label="",
            mandate=mandate(roles, teams, namespaces),
            expires_us=None if expires_in_s is None else clock.now_us() + round(expires_in_s * 1e6),
            actor=_ACTOR,
        )
        store = SqliteStore(registry.store, clock)
        try:
            await perform(store, command)
        finally:
            await store.aclose()
        return drawn.text

    return asyncio.run(issued())


def revoke(registry: RunningRegistry, token: str) -> None:
    """*token* is good for nothing when this returns."""

    async def revoked() -> None:
        store = SqliteStore(registry.store, FileClock(registry.clock.path))
        try:
            await perform(store, partial(revoke_token, public_id=named_token(token), within=_any, actor=_ACTOR))
        finally:
            await store.aclose()

    asyncio.run(revoked())


def bearer(token: str) -> str:
    """The header line that presents *token*."""
    return f"Authorization: Bearer {token}"


def _any(_: Mandate) -> bool:
    return True
