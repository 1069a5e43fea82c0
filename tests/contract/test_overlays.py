"""Overlays in stored views: what is shown with them, when that counts as a change, and what stays when they end."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from registry.catalog.changes import Changes, Overlay, PackageRewrite, RemoteRewrite
from registry.catalog.entry import Entry, ServerName, digest_of
from registry.commands.approvals import revoke_approval
from registry.commands.overlays import remove_overlay, set_overlay
from registry.declaration import apply, plan, read_declaration
from registry.errors import ConfigFault, Conflict, NotFound
from registry.governing.dump import dumped
from registry.governing.explain import explain
from registry.store.interface import EVERYONE, Store
from registry.views import compare, rebuild
from schemas.registry_api import ENTRY_KEY
from tests.contract.engines import NOW_US, entry, put
from tests.contract.governing import ADA, BEN, PAY, approved, do, recorded, seen, team, updated_us, view
from tests.contract.test_decisions import closed
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

SHIP = ServerName("com.acme/ship")
NPM = Changes(packages=(PackageRewrite(registry_type="npm", to="https://npm.acme.example"),))
TITLE = Changes(title="Ours")
MANY = 120
"""Names: more than a decision follows in its own transaction."""


def _entry(name: str = PAY, **members: object) -> Entry:
    document = json.dumps(
        {"name": str(name), "version": "1.0.0", "title": "Theirs", "packages": [{"registryType": "npm"}], "x": ""}
        | members
    ).encode()
    return msgspec.structs.replace(entry(name), document=document, digest=digest_of(document))


async def _set(store: Store, changes: Changes, *teams: str, name: str = "o", pattern: str = "*") -> Overlay:
    return await do(
        store,
        partial(
            set_overlay, name=name, pattern=pattern, changes=changes, reason="r", actor=ADA, audience=teams or None
        ),
    )


async def _remove(store: Store, overlay: Overlay) -> None:
    await do(store, partial(remove_overlay, overlay_id=overlay.id, reason="r", actor=ADA))


async def _one(store: Store, of: str, name: str = PAY) -> bytes:
    (item,) = [each for each in await seen(store, of) if json.loads(each)["server"]["name"] == name]
    return item


def _ours(item: bytes) -> dict[str, Any]:  # Any: the block's members are of several types
    block: dict[str, Any] = json.loads(item)["_meta"][ENTRY_KEY]
    return block


def _server(item: bytes) -> dict[str, Any]:  # Any: the same
    server: dict[str, Any] = json.loads(item)["server"]
    return server


@pytest.fixture
async def backend(store: Store) -> Store:
    """A team that sees a server, as everyone does."""
    await team(store, "backend", "com.acme/*")
    await put(store, _entry())
    return store


class TestSetting:
    async def test_shown_and_taken_back(self, backend: Store) -> None:
        """
        The team is shown it, nobody else; digest and search stay the source's; and its end leaves no trace.
        """
        before = await _one(backend, "backend")
        others = await _one(backend, EVERYONE)

        overlay = await _set(backend, NPM, "backend")

        shown = await _one(backend, "backend")
        assert _server(shown)["packages"][0]["registryBaseUrl"] == "https://npm.acme.example"
        assert (_ours(shown)["overlays"], _ours(shown)["digest"]) == ([overlay.id], _ours(before)["digest"])
        assert _ours(shown)["original"] == {"/packages/0/registryBaseUrl": None}
        assert updated_us(shown) > updated_us(before)
        assert await _one(backend, EVERYONE) == others

        await _remove(backend, overlay)

        again = await _one(backend, "backend")
        assert (_server(again), _ours(again)) == (_server(before), _ours(before))
        assert updated_us(again) > updated_us(shown)

    async def test_what_comes_later(self, backend: Store) -> None:
        """
        Is shown with it from the first.
        """
        await _set(backend, TITLE)

        await put(backend, _entry(SHIP))

        assert [_server(await _one(backend, each, SHIP))["title"] for each in ("backend", EVERYONE)] == ["Ours"] * 2

    async def test_one_of_a_name(self, backend: Store) -> None:
        """
        Setting it anew replaces it, for the names and teams it was for, too; the record says what was before.
        """
        first = await _set(backend, TITLE, "backend")

        second = await _set(backend, NPM, EVERYONE)

        assert (_server(await _one(backend, "backend")), _ours(await _one(backend, EVERYONE))["overlays"]) == (
            json.loads(_entry().document),
            [second.id],
        )
        assert [each.id for each in backend.snapshot().governance.overlays(in_force=True)] == [second.id]
        newest, oldest = recorded(backend, "overlay.set")
        assert newest.before == oldest.after == {"pattern": "*", "audience": "backend", "changes": '{"title":"Ours"}'}
        assert newest.detail == {"name": "o", "replaces": first.id}
        with pytest.raises(Conflict, match="this very overlay"):
            await _set(backend, NPM, EVERYONE)
        with pytest.raises(NotFound, match="there is no team"):
            await _set(backend, NPM, "nobody")
        await _remove(backend, second)
        with pytest.raises(NotFound, match="there is no overlay"):
            await _remove(backend, second)

    async def test_updated_where_the_document_is(self, backend: Store) -> None:
        """
        What it does not concern keeps its bytes; what only our block says of it is fresh, under the old instant.
        """
        await put(backend, _entry(SHIP, packages=[]))
        ship, pay = await _one(backend, "backend", SHIP), await _one(backend, "backend")

        await _set(backend, NPM)
        rewritten = await _one(backend, "backend")
        assert await _one(backend, "backend", SHIP) == ship
        assert updated_us(rewritten) > updated_us(pay)

        sorting = await _set(backend, Changes(categories=("money",)), name="sorting")
        sorted_ = await _one(backend, "backend")
        assert (updated_us(sorted_), _server(sorted_)) == (updated_us(rewritten), _server(rewritten))
        assert (_ours(sorted_)["categories"], sorting.id in _ours(sorted_)["overlays"]) == (["money"], True)
        assert "original" not in _ours(await _one(backend, "backend", SHIP))

    async def test_by_team(self, backend: Store) -> None:
        """
        One overlay for all teams sends each to an address of its own.
        """
        await put(backend, _entry(remotes=[{"type": "sse", "url": "https://up.example/sse"}]))

        await _set(backend, Changes(remotes=(RemoteRewrite(to="https://gw.example/{team}/{name}"),)))

        assert [_server(await _one(backend, each))["remotes"][0]["url"] for each in ("backend", EVERYONE)] == [
            f"https://gw.example/backend/{PAY}",
            f"https://gw.example/{EVERYONE}/{PAY}",
        ]

    async def test_many_names_and_teams(self, backend: Store, clock: FrozenClock) -> None:
        """
        More than one transaction follows are all shown with it when it is answered.
        """
        await put(backend, *(_entry(f"com.acme/s{number:03}") for number in range(MANY)))

        overlay = await _set(backend, TITLE, "backend", EVERYONE)

        for each in ("backend", EVERYONE):
            assert {_server(item)["title"] for item in await seen(backend, each)} == {"Ours"}
        assert (await compare(backend, clock)).differences == ()
        await _remove(backend, overlay)
        assert {_server(item)["title"] for item in await seen(backend, "backend")} == {"Theirs"}


class TestTombstones:
    async def test_keep_what_was_shown(self, store: Store, clock: FrozenClock) -> None:
        """
        What left a view is shown as this view has shown it last, whatever overlays say since, and it is right so.
        """
        await closed(store)
        await team(store, "backend", "*")
        await put(store, _entry())
        approval = await approved(store)
        overlay = await _set(store, TITLE)

        await do(store, partial(revoke_approval, approval_id=approval.id, reason="r", actor=BEN))
        gone = await _one(store, "backend")
        assert (_server(gone)["title"], _ours(gone)["overlays"]) == ("Ours", [overlay.id])

        await _remove(store, overlay)
        assert await _one(store, "backend") == gone
        assert (await compare(store, clock)).differences == ()
        assert await rebuild(store, actor=ADA) == 0

        await approved(store)
        assert _server(await _one(store, "backend"))["title"] == "Theirs"


class TestComparing:
    async def test_finds_and_mends(self, backend: Store, clock: FrozenClock) -> None:
        """
        A view that does not follow an overlay is found, and rebuilding mends it.
        """
        overlay = await _set(backend, TITLE)
        assert (await compare(backend, clock)).differences == ()
        over = msgspec.structs.replace(overlay, ended_us=1)
        await backend.transact(lambda transaction: transaction.governance.put_overlay(over))

        assert {each.team for each in (await compare(backend, clock)).differences} == {"backend", EVERYONE}
        assert await rebuild(backend, actor=ADA) == 2
        assert (await compare(backend, clock)).differences == ()
        assert _server(await _one(backend, "backend"))["title"] == "Theirs"

    async def test_explained(self, backend: Store) -> None:
        """
        Which overlays change what is shown, and what they cannot change.
        """
        await put(backend, _entry(packages=[{"registryType": "oci", "identifier": "docker.io/a:1"}]))
        cannot = Changes(title="Ours", packages=(PackageRewrite(registry_type="oci", to="https://oci.example"),))
        overlay = await _set(backend, cannot, "backend")

        (mine,) = explain(backend.snapshot(), "backend", PAY, now_us=NOW_US).versions
        (theirs,) = explain(backend.snapshot(), EVERYONE, PAY, now_us=NOW_US).versions

        assert (mine.overlays, len(mine.not_overlaid), theirs.overlays) == ([overlay.id], 1, [])
        assert mine.not_overlaid[0].startswith("/packages/0: docker.io/a:1 is a whole address")
        assert mine.digest == theirs.digest
        assert view(backend, "backend").version(PAY, "1.0.0", include_deleted=False) is not None


GOVERNANCE = """
[[team]]
name = "everyone"
[[team]]
name = "backend"
[[grant]]
team = "backend"
pattern = "*"
[[rule]]
name = "all"
pattern = "*"
[[overlay]]
name = "mirrors"
pattern = "com.acme"
teams = ["backend"]
reason = "the network ends here"
[overlay.changes]
title = "Ours"
icons = [{src = "https://acme.example/p.png", mimeType = "image/png", sizes = ["48x48"]}]
[[overlay.changes.packages]]
registry_type = "npm"
to = "https://npm.acme.example"
"""


class TestDeclaring:
    async def test_in_a_governance_file(self, store: Store, tmp_path: Path) -> None:
        """
        Declared, changed and taken back with the rest; what is dumped plans no difference.
        """
        await put(store, _entry())
        file = tmp_path / "governance.toml"

        async def applied(text: str) -> list[str]:
            file.write_text(text)
            steps = await apply(store, read_declaration(file), actor=ADA, approvers=1, now_us=NOW_US)
            return [f"{step.sign} {step.what}".partition("ovl_")[0] for step in steps if "overlay" in step.what]

        assert await applied(GOVERNANCE) == ["+ overlay mirrors: com.acme/* for backend"]
        assert await applied(GOVERNANCE) == []
        assert _server(await _one(store, "backend"))["icons"][0]["mimeType"] == "image/png"
        file.write_text(dumped(store.snapshot(), now_us=NOW_US))
        assert plan(store.snapshot(), read_declaration(file), approvers=1, now_us=NOW_US) == []
        assert await applied(GOVERNANCE.replace('"Ours"', '"Of ours"')) == [
            "+ overlay mirrors: com.acme/* for backend, in place of "
        ]
        assert _server(await _one(store, "backend"))["title"] == "Of ours"
        assert await applied(GOVERNANCE.partition("[[overlay]]")[0]) == ["- overlay mirrors: com.acme/* ("]
        assert _server(await _one(store, "backend")) == json.loads(_entry().document)

    @pytest.mark.parametrize(
        ("before", "after", "words"),
        [
            ('teams = ["backend"]', 'teams = ["nobody"]', "no \\[\\[team\\]\\] is called so"),
            ("https://npm.acme.example", "npm.acme.example", 'the \\[\\[overlay\\]\\] "mirrors": packages to'),
            ('"com.acme"', '"com.acme*"', "not a pattern"),
        ],
    )
    async def test_what_cannot_be_meant(self, tmp_path: Path, before: str, after: str, words: str) -> None:
        """
        Is refused whole, and named.
        """
        file = tmp_path / "governance.toml"
        file.write_text(GOVERNANCE.replace(before, after))

        with pytest.raises(ConfigFault, match=words):
            read_declaration(file)
