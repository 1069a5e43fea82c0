"""Views that follow decisions, time, a governance file, and a repair: to the end, whoever began it."""

from pathlib import Path

import pytest

from registry.catalog.entry import ServerName
from registry.commands.follow import follow_all, follow_pending
from registry.commands.perform import perform
from registry.commands.teams import grant_access, revoke_access
from registry.declaration import apply, plan, read_declaration
from registry.errors import ConfigFault
from registry.store.interface import EVERYONE, Store
from registry.views import compare, finish, rebuild
from schemas.rfc3339 import format_instant
from tests.contract.engines import NOW_US, Engine, entry, keys, official, opened, put, source
from tests.contract.governing import ADA, PAY, approved, recorded, seen, shown, team, view
from tests.contract.test_decisions import closed
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

S = 1_000_000
KEY = (PAY, "1.0.0")
MANY = 120
"""Names: more than a decision follows in its own transaction."""


class TestFollowing:
    async def test_what_a_process_left_is_gone_on_with(
        self, engine: Engine, store: Store, tmp_path: Path, clock: FrozenClock
    ) -> None:
        """
        A decision about many names that was answered half is finished by whoever comes next, wherever it stopped.
        """
        await team(store, "backend")
        for start in range(0, MANY, 40):
            await put(store, *(entry(f"com.acme/s{number:03}") for number in range(start, start + 40)))
        # Committed, and then the process dies: nobody calls follow_all.
        await perform(store, lambda t: grant_access(t, "backend", "com.acme/*", reason="", actor=ADA))
        await perform(store, follow_pending)
        assert 0 < len(await shown(store, "backend")) < MANY

        async with opened(engine, tmp_path, clock) as another:
            await follow_all(another)

            assert len(await shown(another, "backend")) == MANY
            assert await perform(another, follow_pending) is False

    async def test_decisions_that_overtake_each_other(self, store: Store) -> None:
        """
        What is still followed when the opposite is decided ends as it was decided last.
        """
        await team(store, "backend")
        for start in range(0, MANY, 40):
            await put(store, *(entry(f"com.acme/s{number:03}") for number in range(start, start + 40)))
        grant = await perform(store, lambda t: grant_access(t, "backend", "com.acme/*", reason="", actor=ADA))

        await perform(store, lambda t: revoke_access(t, grant.id, reason="", actor=ADA))
        await follow_all(store)

        assert await shown(store, "backend") == {}
        assert (await compare(store, FrozenClock(NOW_US))).differences == ()


class TestSettling:
    async def test_what_ended_reads_as_when_it_did(self, store: Store, clock: FrozenClock) -> None:
        """
        However late it is read; and the validator of the view is another one.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, entry(PAY), entry("com.acme/ship"))
        await approved(store, expires_us=NOW_US + 60 * S)
        await approved(store, ServerName("com.acme/ship"), expires_us=NOW_US + 70 * S)
        before = view(store, "backend").generation()
        clock.advance(3600)

        pay, ship = await seen(store, "backend")

        assert [official(item)["updatedAt"] for item in (pay, ship)] == [
            format_instant(NOW_US + 60 * S),
            format_instant(NOW_US + 70 * S),
        ]
        assert official(pay)["status"] == "deleted"
        assert "expired at" in official(pay)["statusMessage"]
        assert view(store, "backend").generation() != before
        assert view(store, "backend").state().next_us is None

    async def test_many_that_end_at_once(self, store: Store, clock: FrozenClock) -> None:
        """
        More than one transaction settles are all gone for the first reader.
        """
        await closed(store)
        await team(store, "backend", "*")
        names = [ServerName(f"com.acme/s{number:03}") for number in range(MANY)]
        await put(store, *(entry(name) for name in names))
        for name in names:
            await approved(store, name, expires_us=NOW_US + 60 * S)
        clock.advance(60)

        assert await shown(store, "backend") == {}
        assert len(recorded(store, "approval.expired")) == MANY


GOVERNANCE = """
[[team]]
name = "everyone"
[[team]]
name = "backend"
description = "they who build it"
[[grant]]
team = "backend"
pattern = "com.acme"
[[grant]]
team = "backend"
pattern = "org.zeta/x"
tools = ["b", "a", "a"]
[[rule]]
name = "ours"
pattern = "com.acme/*"
"""


class TestDeclaring:
    async def test_applying_twice_is_applying_once(self, store: Store, tmp_path: Path) -> None:
        """
        The plan names every difference, applying makes them, and then there is none.
        """
        await put(store, entry(PAY, body="a"))
        file = tmp_path / "governance.toml"
        file.write_text(GOVERNANCE)
        declared = read_declaration(file)

        planned = [
            f"{step.sign} {step.what}".partition(" (")[0]
            for step in plan(store.snapshot(), declared, approvers=1, now_us=NOW_US)
        ]
        taken = await apply(store, declared, actor=ADA, approvers=1, now_us=NOW_US)

        assert planned == [
            "+ team backend",
            "+ grant com.acme/* to backend",
            "+ grant org.zeta/x to backend",
            "- grant * of everyone",
            "- rule everything: *, without cool-off",
            "+ rule ours: com.acme/*",
        ]
        assert len(taken) == len(planned)
        assert plan(store.snapshot(), declared, approvers=1, now_us=NOW_US) == []
        events = len(store.snapshot().audit_events(limit=1000))
        assert await apply(store, declared, actor=ADA, approvers=1, now_us=NOW_US) == []
        assert len(store.snapshot().audit_events(limit=1000)) == events
        assert await shown(store, "backend") == {KEY: "a"}
        assert await shown(store, EVERYONE) == {}

    async def test_what_is_no_longer_named_is_taken_back(self, store: Store, tmp_path: Path) -> None:
        """
        A line that is deleted ends what it gave.
        """
        await put(store, entry(PAY, body="a"))
        file = tmp_path / "governance.toml"
        file.write_text(GOVERNANCE)
        await apply(store, read_declaration(file), actor=ADA, approvers=1, now_us=NOW_US)
        file.write_text(GOVERNANCE.replace('[[grant]]\nteam = "backend"\npattern = "com.acme"\n', ""))

        (step,) = await apply(store, read_declaration(file), actor=ADA, approvers=1, now_us=NOW_US)

        assert step.what.startswith("grant com.acme/* of backend")
        assert await shown(store, "backend") == {}

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("[[team]", "governance.toml"),
            ('[[team]]\nname = "A"', "not a team"),
            ('[[team]]\nname = "a"\n[[team]]\nname = "a"', 'two \\[\\[team\\]\\] are called "a"'),
            ('[[grant]]\nteam = "a"\npattern = "*"', "no \\[\\[team\\]\\] is called so"),
            ('[[rule]]\nname = "r"\npattern = "x*"', "not a pattern"),
            ('[[role]]\nname = "r"', "role"),
        ],
    )
    async def test_a_file_that_says_nothing_sensible(self, tmp_path: Path, text: str, words: str) -> None:
        """
        Is refused whole, and named.
        """
        file = tmp_path / "governance.toml"
        file.write_text(text)

        with pytest.raises(ConfigFault, match=words):
            read_declaration(file)


class TestRebuilding:
    async def test_mends_what_somebody_changed_in_the_file(self, store: Store, clock: FrozenClock) -> None:
        """
        The check finds it, rebuilding mends it and tells followers, and the check finds nothing more.
        """
        await team(store, "backend", "com.acme/*")
        await put(store, entry(PAY, body="a"), entry("com.acme/ship"))
        assert (await compare(store, clock)).differences == ()
        await store.transact(lambda t: t.put_sources([(source("other"), "http")]))

        await finish(store)
        compared = await compare(store, clock)
        assert {(each.team, each.name) for each in compared.differences} == {
            (of, name) for of in ("backend", EVERYONE) for name in (PAY, "com.acme/ship")
        }
        assert len((await compare(store, clock, most=1)).differences) == 1

        assert await rebuild(store, actor=ADA) == 4
        assert (await compare(store, clock)).differences == ()
        assert await rebuild(store, actor=ADA) == 0
        assert keys(await seen(store, "backend")) == [KEY, ("com.acme/ship", "1.0.0")]
        assert await shown(store, "backend") == {}
        assert sorted(event.object for event in recorded(store, "view.rebuilt")) == ["backend", EVERYONE]
