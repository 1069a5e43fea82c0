"""Publishing through several worker processes is publishing to one registry."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count

import pytest

from registry.policy.principal import Role
from tests.api.publishing import CONFIGURATION, Client, manifest, problem, server_path
from tests.api.world import OFFICIAL
from tests.doubles.issued import issue
from tests.doubles.plain_client import Answer
from tests.e2e.mirrored import contradictions
from tests.running import RunningRegistry

_WORKERS = 4
_AT_ONCE = 16
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with RunningRegistry(tmp_path_factory.mktemp("workers"), CONFIGURATION, workers=_WORKERS) as running:
        yield running
        assert contradictions(running.store) == []


@pytest.fixture(scope="module")
def client(registry: RunningRegistry) -> Client:
    return Client(registry, issue(registry, *Role, owner="publisher", namespaces=["*"], expires_in_s=None))


@pytest.fixture
def name() -> str:
    return f"com.partner/together-{next(_NUMBERS)}"


def _together(asked: Sequence[Callable[[], Answer]]) -> list[Answer]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda ask: ask(), asked))


def _latest(client: Client, name: str) -> list[str]:
    """The versions of *name* that say that they are the latest."""
    listed = client.request("GET", f"{server_path(name)}/versions?include_deleted=true").json()["servers"]
    return [each["server"]["version"] for each in listed if each["_meta"][OFFICIAL]["isLatest"]]


class TestTogether:
    def test_many_versions_leave_one_latest(self, registry: RunningRegistry, client: Client, name: str) -> None:
        """
        reference §8 TestCreateServerConcurrentVersionsNoRace, through four processes: all are there, the highest is it.
        """
        versions = [f"{major}.{minor}.0" for major in range(4) for minor in range(16)]
        asked = [partial(client.publish, manifest(name, version)) for version in versions]

        answers = _together(asked)

        assert {answer.status for answer in answers} == {200}
        assert _latest(client, name) == ["3.15.0"]
        assert client.read(name).json()["server"]["version"] == "3.15.0"
        found = client.request("GET", f"{server_path(name)}/versions").json()["servers"]
        assert sorted(each["server"]["version"] for each in found) == sorted(versions)
        one = registry.wait_until(lambda line: line.get("path") == "/v0.1/publish")
        registry.wait_until(lambda line: line.get("path") == "/v0.1/publish" and line["pid"] != one["pid"])

    def test_one_version_is_published_once(self, client: Client, name: str) -> None:
        """
        reference §4.1.6e: whoever comes second is told so, in whichever process.
        """
        answers = _together([partial(client.publish, manifest(name))] * 24)

        assert Counter(answer.status for answer in answers) == {200: 1, 400: 23}
        assert {problem(answer)[2][0] for answer in answers if answer.status == 400} == {
            "invalid version: cannot publish duplicate version"
        }

    def test_one_address_is_one_servers(self, client: Client, name: str) -> None:
        """
        reference §4.1.6c: of many that want it at once one gets it.
        """
        remotes = [{"type": "sse", "url": f"https://mcp.example/{name}"}]
        asked = [partial(client.publish, manifest(f"{name}-{number}", remotes=remotes)) for number in range(24)]

        answers = _together(asked)

        assert Counter(answer.status for answer in answers) == {200: 1, 400: 23}

    def test_changes_of_everything_at_once(self, client: Client, name: str) -> None:
        """
        Publishing, editing, statuses and deletions of one name: each is answered, and one version is the latest.
        """
        client.publish(manifest(name, "1.0.0"))
        asked: list[Callable[[], Answer]] = []
        for number in range(12):
            version = f"1.{number + 1}.0"
            asked += [
                partial(client.publish, manifest(name, version)),
                partial(client.edit, name, "1.0.0", manifest(name, description=f"Edit {number}")),
                partial(client.set_all, name, ("deleted", "deprecated", "active")[number % 3]),
                partial(client.delete, name, version),
            ]

        answers = _together(asked)

        assert {answer.status for answer in answers} <= {200, 400, 404}
        assert len(_latest(client, name)) == 1
        assert client.set_all(name, "deprecated", "all of them").status == 200
        assert len(_latest(client, name)) == 1

    def test_what_is_answered_is_seen_by_all(self, client: Client, name: str) -> None:
        """
        No request that begins after the answer, whichever worker takes it, misses the publication.
        """
        for number in range(8):
            version = f"1.{number}.0"
            client.publish(manifest(name, version))

            seen = _together([partial(client.read, name)] * 8)

            assert {answer.json()["server"]["version"] for answer in seen} == {version}
