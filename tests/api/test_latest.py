"""Which version is the latest as versions come and go (reference §3, §8 TestCompareVersions, TestRecalculateLatest)."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from registry.policy.principal import Role
from schemas.rfc3339 import parse_instant
from tests.api.publishing import Client, manifest, own, server_path, taking
from tests.api.world import OFFICIAL
from tests.doubles.issued import issue
from tests.unit.test_ranking import CHAIN, EQUAL, OLDER_AND_NEWER

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with taking(tmp_path_factory.mktemp("latest")) as registry:
        yield Client(registry, issue(registry, *Role, owner="publisher", namespaces=["*"], expires_in_s=None))


@pytest.fixture
def name() -> str:
    """One that nobody has published yet."""
    return f"com.partner/latest-{next(_NUMBERS)}"


def _publish(client: Client, name: str, *versions: str) -> None:
    for version in versions:
        answer = client.publish(manifest(name, version))
        assert answer.status == 200, answer.body


def _blocks(client: Client, name: str) -> dict[str, dict[str, Any]]:  # Any: JSON as it came
    """What the registry says of every version that its publisher sees."""
    own = Client(client.registry, issue(client.registry, Role.PUBLISHER, owner="own", namespaces=[name]))
    return {each["server"]["version"]: each["_meta"][OFFICIAL] for each in own.mine().json()["servers"]}


def _latest(client: Client, name: str) -> str:
    """The one that has the flag, which is the one that `latest` leads to."""
    flagged = [version for version, block in _blocks(client, name).items() if block["isLatest"]]
    assert len(flagged) == 1
    found = client.read(name, "latest", "?include_deleted=true").json()["server"]["version"]
    assert flagged == [found]
    return flagged[0]


def _us(instant: str) -> int:
    """Fractions vary in length, so their texts do not compare."""
    return parse_instant(instant)


class TestOnPublish:
    @pytest.mark.parametrize(("older", "newer"), OLDER_AND_NEWER)
    def test_the_higher_one_whichever_comes_first(self, client: Client, name: str, older: str, newer: str) -> None:
        """
        reference §3, every row.
        """
        _publish(client, name, older, newer)
        _publish(client, f"{name}-back", newer, older)

        assert (_latest(client, name), _latest(client, f"{name}-back")) == (newer, newer)

    @pytest.mark.parametrize(("one", "other"), EQUAL)
    def test_the_first_of_equals_keeps_it(self, client: Client, name: str, one: str, other: str) -> None:
        """
        reference §3, §10.16: build metadata and a leading v make no difference.
        """
        _publish(client, name, one, other)
        _publish(client, f"{name}-back", other, one)

        assert (_latest(client, name), _latest(client, f"{name}-back")) == (one, other)

    def test_the_last_of_those_that_are_no_numbers(self, client: Client, name: str) -> None:
        """
        reference §3: neither is semantic, so the time of publishing decides; a semantic one is above all of them.
        """
        _publish(client, name, "zeta", "alpha")
        first = _latest(client, name)
        _publish(client, name, "0.0.1-0", "omega")

        assert (first, _latest(client, name)) == ("alpha", "0.0.1-0")

    def test_a_chain_in_any_order(self, client: Client, name: str) -> None:
        """
        reference §3: whatever came before, the highest so far has it.
        """
        published: list[str] = []
        for version in [*CHAIN[1::3], *CHAIN[::3], *reversed(CHAIN[2::3])]:
            _publish(client, name, version)
            published.append(version)
            assert _latest(client, name) == max(published, key=CHAIN.index)


class TestAfterAChange:
    def test_a_deletion_promotes_the_next(self, client: Client, name: str) -> None:
        """
        reference §8 TestRecalculateLatest: also when the first published is left.
        """
        _publish(client, name, "1.0.0", "3.0.0", "2.0.0")
        found = [_latest(client, name)]
        for version in ("3.0.0", "2.0.0"):
            client.delete(name, version)
            found.append(_latest(client, name))

        assert found == ["3.0.0", "2.0.0", "1.0.0"]

    def test_when_all_are_deleted_the_highest_keeps_it(self, client: Client, name: str) -> None:
        """
        reference §3: so that `latest?include_deleted=true` leads somewhere.
        """
        _publish(client, name, "1.0.0", "2.0.0")
        for version in ("2.0.0", "1.0.0"):
            client.delete(name, version)

        assert _latest(client, name) == "2.0.0"
        assert client.read(name).status == 404

    def test_a_restored_one_takes_it_back(self, client: Client, name: str) -> None:
        """
        reference §8 TestRecalculateLatest: from deleted to active, or to deprecated.
        """
        _publish(client, name, "1.0.0", "2.0.0")
        client.delete(name, "2.0.0")
        before = _latest(client, name)
        client.set_status(name, "2.0.0", "deprecated")

        assert (before, _latest(client, name)) == ("1.0.0", "2.0.0")

    def test_a_deprecated_one_keeps_it(self, client: Client, name: str) -> None:
        """
        reference §3: deprecated versions stay eligible.
        """
        _publish(client, name, "1.0.0", "2.0.0")
        client.set_status(name, "2.0.0", "deprecated")

        assert _latest(client, name) == "2.0.0"

    def test_a_publication_after_all_were_deleted(self, client: Client, name: str) -> None:
        """
        Ours on purpose, unlike reference §3's hole: it is the latest, also if it is lower.
        """
        _publish(client, name, "2.0.0")
        client.delete(name, "2.0.0")
        _publish(client, name, "1.5.0")

        assert _latest(client, name) == "1.5.0"
        assert client.read(name).json()["server"]["version"] == "1.5.0"

    def test_all_of_them_and_back(self, client: Client, name: str) -> None:
        """
        reference §8 TestUpdateAllVersionsStatusEndpoint.
        """
        _publish(client, name, "1.0.0", "2.0.0", "1.5.0")
        found = []
        for status in ("deleted", "active", "deprecated"):
            client.set_all(name, status)
            found.append(_latest(client, name))

        assert found == ["2.0.0"] * 3


class TestTimes:
    def test_losing_the_flag_is_no_update(self, client: Client, name: str) -> None:
        """
        reference §10.17: the entry itself did not change; publishedAt is each version's own.
        """
        _publish(client, name, "1.0.0")
        before = _blocks(client, name)["1.0.0"]
        _publish(client, name, "2.0.0")
        after = _blocks(client, name)

        assert after["1.0.0"] == before | {"isLatest": False}
        assert _us(after["2.0.0"]["publishedAt"]) > _us(before["publishedAt"])

    def test_what_a_bulk_change_leaves_keeps_its_time(self, client: Client, name: str) -> None:
        """
        reference §4.3, §8 TestPostgreSQL_SetAllVersionsStatus: updatedAt moves on versions that really change.
        """
        _publish(client, name, "1.0.0", "2.0.0")
        client.set_status(name, "1.0.0", "deprecated", "old")
        before = _blocks(client, name)
        client.set_all(name, "deprecated", "old")
        after = _blocks(client, name)

        assert after["1.0.0"] == before["1.0.0"]
        assert _us(after["2.0.0"]["updatedAt"]) > _us(before["2.0.0"]["updatedAt"])
        assert after["2.0.0"]["statusChangedAt"] == after["2.0.0"]["updatedAt"]

    def test_a_status_is_never_older_than_its_version(self, client: Client, name: str) -> None:
        """
        reference §8 TestPostgreSQL_StatusChangedAtBehavior: also where the clock was set back in between.
        """
        _publish(client, name, "1.0.0")
        client.registry.clock.step(-86400)
        try:
            block = client.set_status(name, "1.0.0", "deprecated").json()["_meta"][OFFICIAL]
        finally:
            client.registry.clock.step(86400)

        assert _us(block["statusChangedAt"]) > _us(block["publishedAt"])

    def test_an_answer_says_what_later_reads_say(self, client: Client, name: str) -> None:
        """
        reference §10.26, unlike it: microseconds at once, so a publication, its entry and a list agree to the byte.
        """
        answer = client.publish(manifest(name))

        block = answer.json()["_meta"][OFFICIAL]
        assert answer.json() == own(client.read(name))
        listed = client.request("GET", f"{server_path(name)}/versions").json()["servers"]
        assert [each["_meta"][OFFICIAL] for each in listed] == [block]
        assert block["publishedAt"].endswith("Z")
        assert len(block["publishedAt"].partition(".")[2]) <= len("142131Z")
