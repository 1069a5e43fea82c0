"""Names that two sources have: refused to the second, reported, and decided about."""

import pytest

from registry.catalog.entry import ServerName
from registry.catalog.overlay import PRIVATE, Source
from registry.commands.apply_changes import Batch, apply_changes
from registry.commands.assign import assign_name
from registry.commands.configure_sources import configure_sources, project_pending
from registry.errors import Conflict, NotFound
from registry.governing.explain import explain
from registry.governing.firewall import OfferReport, offer_reports
from registry.store.interface import EVERYONE, Store
from registry.views import compare
from tests.contract.engines import NOW_US, entry, run, source
from tests.contract.governing import ADA, PAY, do, recorded, shown
from tests.doubles.clock import FrozenClock

pytestmark = pytest.mark.anyio

KEY = (PAY, "1.0.0")


async def configured(store: Store, *sources: Source) -> None:
    await do(store, lambda t: configure_sources(t, [(each, "http") for each in sources]))
    while await do(store, lambda t: project_pending(t, limit=10)):
        pass


async def listed(store: Store, of: str, *names: str) -> None:
    batch = Batch(entries=[entry(name, body=of) for name in names])
    await do(store, lambda t: apply_changes(t, run(1, upstream=of), batch, advance=lambda progressed: progressed))


async def contested(store: Store) -> None:
    """`official` had the name first, and `internal`, which goes before it, has it too."""
    await configured(store, source(), source("internal", 5))
    await listed(store, "official", PAY)
    await listed(store, "internal", PAY, "com.acme/ours")


def offers(store: Store, *, decided: bool = False) -> list[OfferReport]:
    return offer_reports(store.snapshot(), decided=decided, limit=10, after=None)[0]


class TestRefusing:
    async def test_another_source_that_offers_a_name(self, store: Store) -> None:
        """
        Is refused, whatever its precedence; the offer is listed, counted, and on record with the run that brought it.
        """
        await contested(store)

        assert await shown(store, EVERYONE) == {KEY: "official", ("com.acme/ours", "1.0.0"): "internal"}
        (offer,) = offers(store)
        assert (offer.name, offer.source, offer.owner, offer.state) == (PAY, "internal", "official", "refused")
        assert offer.ownership == "official had the name first; internal has the name too and is not asked"
        assert store.snapshot().firewall.undecided("internal") == 1
        newest, oldest = recorded(store, "entries.mirrored")
        assert (newest.detail["refused"], newest.detail["refused_names"]) == (1, PAY)
        assert "refused" not in oldest.detail

    async def test_is_reported_once(self, store: Store) -> None:
        """
        However often it is listed, and whatever precedence it gets.
        """
        await contested(store)
        await listed(store, "internal", PAY)
        await configured(store, source("internal", 1), source("official", 99))

        assert (await shown(store, EVERYONE))[KEY] == "official"
        assert [each.source for each in offers(store)] == ["internal"]
        assert [event.detail.get("refused") for event in recorded(store, "entries.mirrored")] == [1, None]

    async def test_a_claimed_name_that_another_offers(self, store: Store) -> None:
        """
        Is reported too, also while its owner has nothing there, and cannot be assigned.
        """
        await configured(store, source(), source("internal", 20, "com.acme"))
        await listed(store, "official", PAY)

        (offer,) = offers(store)
        assert (offer.owner, offer.source) == ("internal", "official")
        with pytest.raises(Conflict, match="claimed"):
            await do(store, lambda t: assign_name(t, PAY, "official", reason="", actor=ADA))

    async def test_the_only_one_left(self, store: Store) -> None:
        """
        Once the first is not configured any more the second answers, and nothing is left to be decided.
        """
        await contested(store)
        await configured(store, source("internal", 5))

        assert (await shown(store, EVERYONE))[KEY] == "internal"
        assert offers(store) == []


class TestAssigning:
    async def test_to_the_other_one(self, store: Store, clock: FrozenClock) -> None:
        """
        In force with the answer; it stays so, and the explanation and the record say who decided.
        """
        await contested(store)

        await do(store, lambda t: assign_name(t, PAY, "internal", reason="they moved", actor=ADA))
        await listed(store, "official", PAY)
        await configured(store, source("official", 1), source("internal", 99))

        assert (await shown(store, EVERYONE))[KEY] == "internal"
        assert offers(store) == []
        decided = {each.source: each for each in offers(store, decided=True)}
        assert {each.chosen for each in decided.values()} == {"internal"}
        assert decided["official"].decided_by == "ada"
        owned = explain(store.snapshot(), EVERYONE, PAY, now_us=NOW_US)
        assert owned.owned_by == "decision"
        assert (owned.ownership or "").startswith("ada decided that internal has the name")
        (event,) = recorded(store, "name.assigned")
        assert (event.before, event.after) == ({"source": "official"}, {"source": "internal"})
        assert (await compare(store, clock)).differences == ()

    async def test_where_it_is(self, store: Store) -> None:
        """
        What was looked at and refused for good is not reported any more; a third source is.
        """
        await contested(store)
        await do(store, lambda t: assign_name(t, PAY, "official", reason="theirs", actor=ADA))
        assert offers(store) == []

        await configured(store, source(), source("internal", 5), source("third", 7))
        await listed(store, "third", PAY)

        assert [each.source for each in offers(store)] == ["third"]
        assert (await shown(store, EVERYONE))[KEY] == "official"

    async def test_what_cannot_be(self, store: Store) -> None:
        """
        A source without the name, one that is not configured, and a name that nobody else has.
        """
        await contested(store)
        ours = ServerName("com.acme/ours")

        for name, to, error in (
            (ours, "official", NotFound),
            (PAY, PRIVATE, NotFound),
            (PAY, "gone", NotFound),
            (ours, "internal", Conflict),
        ):
            with pytest.raises(error):
                await do(store, lambda t, n=name, s=to: assign_name(t, n, s, reason="", actor=ADA))  # type: ignore[misc]  # bound per round
        assert recorded(store, "name.assigned") == []
