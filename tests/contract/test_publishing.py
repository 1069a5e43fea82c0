"""What is published here: the commands, and what the store promises them."""

import asyncio
from typing import Any

import msgspec
import pytest

from registry.catalog.entry import ServerName, Status
from registry.catalog.overlay import PRIVATE, Source
from registry.catalog.published import published_item
from registry.commands.actor import local
from registry.commands.change import Change
from registry.commands.edit import edit
from registry.commands.perform import perform
from registry.commands.publish import Publication, publish
from registry.commands.quota import Quota, hourly
from registry.commands.set_status import Wanted, delete, set_all_statuses, set_status
from registry.errors import ChangeRefused, Invalid, NotFound, Refused, Throttled
from registry.store.interface import Store
from registry.store.records import Retention
from schemas.rfc3339 import parse_instant
from tests.contract.engines import NOW_US, configure, entry, everything, official, put, source
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

PAYROLL = ServerName.parse("com.acme/payroll")
OURS = Source(id=PRIVATE, precedence=-1)
CHANGE = Change(actor=local("ada"), now_us=NOW_US)


@pytest.fixture
async def store(store: Store) -> Store:
    await configure(store, OURS, source())
    return store


def _publication(name: str = PAYROLL, version: str = "1.0.0", *urls: str, **changes: Any) -> Publication:
    return Publication(entry=entry(str(name), version, published_us=None, **changes), remote_urls=urls)


async def _publish(store: Store, *given: str, change: Change = CHANGE, **changes: Any) -> dict[str, Any]:
    publication = _publication(*given, **changes)
    return official(await perform(store, lambda transaction: publish(transaction, publication, change)))


async def _status(store: Store, version: str, status: Status, message: str | None = None) -> dict[str, Any]:
    wanted = Wanted(status=status, message=message)
    return official(await perform(store, lambda transaction: set_status(transaction, PAYROLL, version, wanted, CHANGE)))


async def _all(store: Store, status: Status, message: str | None = None) -> list[dict[str, Any]]:
    wanted = Wanted(status=status, message=message)
    shown = await perform(store, lambda transaction: set_all_statuses(transaction, PAYROLL, wanted, CHANGE))
    return [official(published_item(each, store.snapshot().document)) for each in shown]


def _latest(blocks: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    return [version for (_, version), block in blocks.items() if block["isLatest"]]


class TestPublish:
    async def test_all_three_times_are_now(self, store: Store) -> None:
        """
        A new version is active, and published, changed and updated at one instant.
        """
        block = await _publish(store)

        assert block["status"] == "active"
        assert block["publishedAt"] == block["updatedAt"] == block["statusChangedAt"]
        assert await everything(store) == {(PAYROLL, "1.0.0"): block}

    async def test_a_version_is_published_once(self, store: Store) -> None:
        """
        In whatever status it is by now, deleted included; and what is stored stays as it is.
        """
        await _publish(store)
        await _status(store, "1.0.0", Status.DELETED)
        before = await everything(store)

        with pytest.raises(ChangeRefused, match="cannot publish duplicate version"):
            await _publish(store, body="other")
        assert await everything(store) == before

    async def test_latest_is_the_highest_and_has_no_hole(self, store: Store) -> None:
        """
        A lower version does not take the flag; after all were deleted, the next one published has it.
        """
        await _publish(store, PAYROLL, "2.0.0")
        assert not (await _publish(store, PAYROLL, "1.9.0"))["isLatest"]
        await _all(store, Status.DELETED)

        block = await _publish(store, PAYROLL, "1.5.0")

        assert block["isLatest"]
        assert _latest(await everything(store)) == ["1.5.0"]

    async def test_what_an_upstream_serves_is_not_ours(self, store: Store) -> None:
        """
        Until its namespace is claimed for the private source.
        """
        await put(store, entry(str(PAYROLL), "0.1.0"))

        with pytest.raises(ChangeRefused, match=r"^name is mirrored from official$"):
            await _publish(store)
        await configure(store, Source(id=PRIVATE, precedence=-1, claims=("com.acme",)), source())
        assert (await _publish(store))["isLatest"]

    async def test_what_an_upstream_claims_is_not_ours_either(self, store: Store) -> None:
        """
        Even while it has nothing there.
        """
        await configure(store, OURS, source("internal", 5, "com.acme"))

        with pytest.raises(ChangeRefused, match=r"^namespace is claimed by internal$"):
            await _publish(store)

    async def test_what_was_published_first_stays_ours(self, store: Store) -> None:
        """
        An upstream that lists the name later does not get it, also when all of ours are deleted.
        """
        await _publish(store)
        await _all(store, Status.DELETED)

        await put(store, entry(str(PAYROLL), "9.0.0"))

        assert set(await everything(store)) == {(PAYROLL, "1.0.0")}

    async def test_a_remote_url_belongs_to_one_server(self, store: Store) -> None:
        """
        Compared as it stands, with every version of other names that is not deleted; a name may use its own again.
        """
        await _publish(store, PAYROLL, "1.0.0", "https://a.example/mcp")
        await _publish(store, PAYROLL, "1.1.0", "https://a.example/mcp")
        await _publish(store, "com.acme/other", "1.0.0", "https://a.example/MCP")

        with pytest.raises(ChangeRefused, match=r"^remote URL https://a\.example/mcp is already used") as refused:
            await _publish(store, "com.acme/third", "1.0.0", "https://b.example", "https://a.example/mcp")
        assert refused.value.taken_by == PAYROLL
        await _all(store, Status.DELETED)
        await _publish(store, "com.acme/third", "1.0.0", "https://a.example/mcp")
        with pytest.raises(ChangeRefused, match="already used"):
            await _status(store, "1.0.0", Status.ACTIVE)
        with pytest.raises(ChangeRefused, match="already used"):
            await _all(store, Status.DEPRECATED)

    async def test_a_mirrored_entry_has_no_claim_on_a_remote_url(self, store: Store) -> None:
        """
        Uniqueness counts what is published here alone.
        """
        await put(store, entry("io.github.x/y", transports=("sse",)))

        assert await _publish(store, PAYROLL, "1.0.0", "https://a.example/mcp")

    async def test_one_name_has_so_many_versions_and_no_more(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        The limit counts every status.
        """
        monkeypatch.setattr("registry.commands.publish.MOST_VERSIONS", 2)
        await _publish(store, PAYROLL, "1.0.0")
        await _publish(store, PAYROLL, "2.0.0")
        await _status(store, "1.0.0", Status.DELETED)

        with pytest.raises(ChangeRefused, match=r"^maximum number of versions for this server reached \(2\)"):
            await _publish(store, PAYROLL, "3.0.0")

    async def test_parallel_publications_leave_one_latest(self, store: Store) -> None:
        """
        Whatever the order in which they come.
        """
        await asyncio.gather(*(_publish(store, PAYROLL, f"1.{minor}.0") for minor in range(20)))

        blocks = await everything(store)

        assert len(blocks) == 20
        assert _latest(blocks) == ["1.19.0"]

    async def test_a_quota_is_shared_and_refills(self, store: Store, clock: FrozenClock) -> None:
        """
        So many changes an hour; a refused one leaves no trace, and time gives them back.
        """

        def change() -> Change:
            quota = Quota(key="change/subject/ci", whose="ci", limit=hourly(2))
            return Change(actor=local("ci"), quotas=(quota,), now_us=clock.now_us())

        await _publish(store, PAYROLL, "1.0.0", change=change())
        await _publish(store, PAYROLL, "1.1.0", change=change())
        with pytest.raises(Throttled) as throttled:
            await _publish(store, PAYROLL, "1.2.0", change=change())
        clock.advance(throttled.value.retry_after_s)
        await _publish(store, PAYROLL, "1.3.0", change=change())

        assert throttled.value.retry_after_s == 1800
        assert [version for _, version in await everything(store)] == ["1.0.0", "1.1.0", "1.3.0"]

    async def test_it_is_on_record(self, store: Store) -> None:
        """
        Who, as what, which version, and the digest of what was published.
        """
        publication = _publication()
        await perform(store, lambda transaction: publish(transaction, publication, CHANGE))

        ((_, _, event),) = store.snapshot().audit_events(limit=1)

        assert (event.action, event.actor, event.roles) == ("server.published", "local:ada", ("operator", "admin"))
        assert event.object == "com.acme/payroll@1.0.0"
        assert (event.detail, event.digest) == ({}, publication.entry.digest.hex())


class TestEdit:
    async def _edit(self, store: Store, *given: str, **changes: Any) -> dict[str, Any]:
        publication = _publication(*given, **changes)
        return official(await perform(store, lambda transaction: edit(transaction, publication, CHANGE)))

    async def test_the_document_changes_and_the_rest_stays(self, store: Store) -> None:
        """
        Status, message, publication and flag are as before; the view says when it changed; the old bytes are kept.
        """
        await _publish(store)
        before = await _status(store, "1.0.0", Status.DEPRECATED, "use payroll 2")
        documents = store.snapshot().growth().rows["superseded documents"]

        after = await self._edit(store, body="mended")

        assert after | {"updatedAt": ""} == before | {"updatedAt": ""}
        assert after["updatedAt"] > before["updatedAt"]
        assert store.snapshot().growth().rows["superseded documents"] == documents + 1

    async def test_no_retention_reaches_the_old_document(self, store: Store) -> None:
        """
        issue: an edit keeps the old document; what was published here nobody has but this store.
        """
        await _publish(store)
        await self._edit(store, body="mended")
        before = store.snapshot().growth().rows
        far = Retention(runs_before_us=1 << 60, quarantine_before_us=1 << 60, superseded_before_us=1 << 60)

        assert await store.transact(lambda transaction: transaction.sweep(far, limit=100)) == 0
        assert store.snapshot().growth().rows == before

    async def test_what_is_not_there_or_deleted_cannot_be_edited(self, store: Store) -> None:
        """
        Both look alike.
        """
        await _publish(store)
        await _status(store, "1.0.0", Status.DELETED)

        for version in ("1.0.0", "2.0.0"):
            with pytest.raises(NotFound, match=r"^Server not found$"):
                await self._edit(store, PAYROLL, version)

    async def test_what_is_mirrored_is_read_only(self, store: Store) -> None:
        """
        An edit, a status and a deletion all say so.
        """
        await put(store, entry(str(PAYROLL), "1.0.0"))
        words = r"^com.acme/payroll is mirrored from official and read-only here$"

        with pytest.raises(Refused, match=words):
            await self._edit(store)
        with pytest.raises(Refused, match=words):
            await _status(store, "1.0.0", Status.DELETED)
        with pytest.raises(Refused, match=words):
            await _all(store, Status.DELETED)
        with pytest.raises(Refused, match=words):
            await perform(store, lambda transaction: delete(transaction, PAYROLL, "1.0.0", CHANGE))
        with pytest.raises(NotFound, match=r"^Server version not found$"):
            await _status(store, "2.0.0", Status.DELETED)

    async def test_its_remotes_are_those_of_the_new_document(self, store: Store) -> None:
        """
        What it gave up is free, what it took is taken.
        """
        await _publish(store, PAYROLL, "1.0.0", "https://old.example")
        await self._edit(store, PAYROLL, "1.0.0", "https://new.example")

        await _publish(store, "com.acme/other", "1.0.0", "https://old.example")
        with pytest.raises(ChangeRefused, match=r"new\.example"):
            await _publish(store, "com.acme/third", "1.0.0", "https://new.example")


class TestStatus:
    async def test_the_status_moves_its_own_instant(self, store: Store) -> None:
        """
        `statusChangedAt` moves with the status alone, `updatedAt` with the message, too.
        """
        await _publish(store)
        deprecated = await _status(store, "1.0.0", Status.DEPRECATED, "old")
        reworded = await _status(store, "1.0.0", Status.DEPRECATED, "older")
        silent = await _status(store, "1.0.0", Status.DEPRECATED)
        active = await _status(store, "1.0.0", Status.ACTIVE)

        assert deprecated["statusChangedAt"] == reworded["statusChangedAt"] == silent["statusChangedAt"]
        assert active["statusChangedAt"] > deprecated["statusChangedAt"]
        assert [block.get("statusMessage") for block in (deprecated, reworded, silent, active)] == [
            "old",
            "older",
            None,
            None,
        ]
        assert deprecated["updatedAt"] < reworded["updatedAt"] < silent["updatedAt"] < active["updatedAt"]

    async def test_no_change_is_refused(self, store: Store) -> None:
        """
        With the sentences that programs know, one for a version and one for all.
        """
        await _publish(store)

        with pytest.raises(Invalid, match=r"^No changes to apply: status and message are already set to the"):
            await _status(store, "1.0.0", Status.ACTIVE)
        with pytest.raises(Invalid, match=r"^status_message cannot be provided when setting status to active$"):
            await _status(store, "1.0.0", Status.ACTIVE, "why")
        for message in (None, "why"):
            with pytest.raises(Invalid, match=r"^No changes to apply: all versions already have the requested status"):
                await _all(store, Status.ACTIVE, message)

    async def test_all_versions_move_together(self, store: Store) -> None:
        """
        The answer holds every version, newest first; only those that differ say that they changed.
        """
        await _publish(store, PAYROLL, "1.0.0")
        await _publish(store, PAYROLL, "2.0.0")
        await _status(store, "1.0.0", Status.DEPRECATED)
        before = await everything(store)

        blocks = await _all(store, Status.DEPRECATED)

        assert [block["status"] for block in blocks] == ["deprecated", "deprecated"]
        assert parse_instant(blocks[0]["publishedAt"]) > parse_instant(blocks[1]["publishedAt"])
        after = await everything(store)
        assert after[PAYROLL, "1.0.0"] == before[PAYROLL, "1.0.0"]
        assert after[PAYROLL, "2.0.0"]["updatedAt"] > before[PAYROLL, "2.0.0"]["updatedAt"]

    async def test_the_flag_goes_to_the_highest_that_is_not_deleted(self, store: Store) -> None:
        """
        And comes back with it; if all are deleted the highest keeps it.
        """
        for version in ("1.0.0", "2.0.0"):
            await _publish(store, PAYROLL, version)

        flagged = []
        for version, status in (("2.0.0", Status.DELETED), ("1.0.0", Status.DELETED), ("2.0.0", Status.ACTIVE)):
            await _status(store, version, status)
            flagged += _latest(await everything(store))

        assert flagged == ["1.0.0", "2.0.0", "2.0.0"]

    async def test_a_deletion_can_be_repeated(self, store: Store) -> None:
        """
        The second one answers the same and changes nothing.
        """
        await _publish(store)

        items = [
            await perform(store, lambda transaction: delete(transaction, PAYROLL, "1.0.0", CHANGE)) for _ in range(2)
        ]

        assert items[0] == items[1]
        assert official(items[0])["status"] == "deleted"
        assert [event.action for _, _, event in store.snapshot().audit_events(limit=9)] == [
            "server.status_changed",
            "server.published",
        ]

    async def test_entries_are_found_by_range(self, store: Store) -> None:
        """
        From a name, included, to another, excluded, strictly after a position, of one source alone.
        """
        for name in ("com.acme/a", "com.acme/b", "com.acme.hr/c", "com.other/d"):
            await _publish(store, name)
        await put(store, entry("com.acme/zz"))

        found = store.snapshot().entries_between(
            PRIVATE, "com.acme/", "com.acme0", after=("com.acme/a", "1.0.0"), limit=9
        )

        assert [(name, each.version) for name, each in found] == [("com.acme/b", "1.0.0")]
        assert msgspec.json.decode(store.snapshot().document(found[0][1].document_id))["name"] == "com.acme/b"
