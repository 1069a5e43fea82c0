"""Publishing where `[verify]` names an index: only a clear yes of it is a yes (reference §4.1.6b, §5.4, §8)."""

from collections.abc import Iterator
from typing import Any

import pytest

from registry.policy.principal import Role
from tests.api.publishing import CONFIGURATION, Client, manifest, problem, taking, token
from tests.doubles.faults import Fault, throttled
from tests.doubles.indexes import NpmIndex
from tests.running import RunningRegistry

NAME = "com.partner/fax"


@pytest.fixture(scope="module")
def index() -> Iterator[NpmIndex]:
    with NpmIndex() as running:
        running.publish("@partner/fax", "1.0.0", mcp_name=NAME)
        running.publish("@partner/fax", "1.1.0", mcp_name=NAME)
        running.publish("@stranger/fax", "1.0.0", mcp_name="io.github.stranger/fax")
        yield running


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, index: NpmIndex) -> Iterator[RunningRegistry]:
    verify = f'\n[verify]\nnpm = {{ url = "{index.url}", allow_private = true }}\n'
    with taking(tmp_path_factory.mktemp("owned"), CONFIGURATION + verify) as running:
        yield running


@pytest.fixture(scope="module")
def client(registry: RunningRegistry) -> Client:
    return Client(
        registry, token(registry, Role.PUBLISHER, Role.ADMIN, Role.READER, namespaces=("*",), team="everyone")
    )


def _with(*packages: tuple[str, str], version: str = "1.0.0", name: str = NAME) -> dict[str, Any]:
    return manifest(
        name,
        version,
        packages=[
            {"registryType": "npm", "identifier": each, "version": of, "transport": {"type": "stdio"}}
            for each, of in packages
        ],
    )


class TestOwnership:
    def test_an_owned_package_is_published(self, client: Client) -> None:
        """
        Its index says that it belongs to this server.
        """
        assert client.publish(_with(("@partner/fax", "1.0.0"))).status == 200

    def test_the_first_that_fails_is_named(self, client: Client) -> None:
        """
        reference §4.1.6b: its place, its identifier and the reason; and nothing is stored.
        """
        answer = client.publish(
            _with(("@partner/fax", "1.0.0"), ("@stranger/fax", "1.0.0"), version="2.0.0", name="com.partner/fax")
        )

        status, detail, (why,) = problem(answer)
        assert (status, detail) == (400, "Failed to publish server")
        assert why.startswith("registry validation failed for package 1 (@stranger/fax): ")
        assert client.read(NAME, "2.0.0").status == 404

    def test_an_index_that_is_busy_is_no_yes(self, client: Client, index: NpmIndex) -> None:
        """
        threats.md, "fails open on upstream error": throttled means later, and then it works.
        """
        index.faults.append(Fault(throttled("7"), times=1))
        document = _with(("@partner/fax", "1.1.0"), version="1.1.0")

        refused = client.publish(document)
        accepted = client.publish(document)

        assert "retry later" in problem(refused)[2][0]
        assert accepted.status == 200

    def test_an_edit_is_asked_about_too(self, client: Client) -> None:
        """
        reference §4.2: with the detail of an edit.
        """
        client.publish(_with(("@partner/fax", "1.0.0"), version="3.0.0"))

        status, detail, (why,) = problem(client.edit(NAME, "3.0.0", _with(("@stranger/fax", "1.0.0"), version="3.0.0")))

        assert (status, detail) == (400, "Failed to edit server")
        assert "@stranger/fax" in why

    def test_it_comes_after_the_rules_and_before_the_store(self, client: Client, index: NpmIndex) -> None:
        """
        reference §4.1: a broken rule asks no index; a duplicate does.
        """
        before = len(index.requests)
        client.publish(_with(("@partner/unheard", "9.0.0"), version="latest"))
        unasked = len(index.requests)
        client.publish(_with(("@stranger/fax", "1.0.0"), version="1.0.0"))

        assert unasked == before
        assert len(index.requests) > before
