"""`PUT /servers/{name}/versions/{version}` (reference §4.2, §8 TestEditServerEndpoint), and `/x/registry/mine`."""

from collections.abc import Iterator
from itertools import count
from urllib.parse import quote

import pytest

from registry.policy.principal import Role
from schemas.rfc3339 import parse_instant
from tests.api.publishing import MIRRORED, Client, manifest, own, problem, taking, token
from tests.api.world import OFFICIAL
from tests.running import RunningRegistry

_NUMBERS = count(1)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with taking(tmp_path_factory.mktemp("editing")) as running:
        yield running


@pytest.fixture(scope="module")
def publisher(registry: RunningRegistry) -> Client:
    return Client(registry, token(registry, Role.PUBLISHER, Role.READER, namespaces=("*",), team="everyone"))


@pytest.fixture(scope="module")
def admin(registry: RunningRegistry) -> Client:
    return Client(registry, token(registry, Role.ADMIN, namespaces=("com.partner", "io.github.octavia")))


@pytest.fixture
def name(publisher: Client) -> str:
    """A server with one published version."""
    name = f"com.partner/edited-{next(_NUMBERS)}"
    assert publisher.publish(manifest(name)).status == 200
    return name


class TestEdit:
    def test_the_document_is_replaced(self, publisher: Client, admin: Client, name: str) -> None:
        """
        Status, publication and flag stay; the time of the update moves.
        """
        publisher.set_status(name, "1.0.0", "deprecated", "use another")
        before = publisher.read(name).json()

        answer = admin.edit(name, "1.0.0", manifest(name, description="Mended"))

        assert answer.status == 200
        after = answer.json()
        assert after["server"]["description"] == "Mended"
        moved = [parse_instant(each["_meta"][OFFICIAL]["updatedAt"]) for each in (before, after)]
        assert moved[0] < moved[1]
        assert after["_meta"][OFFICIAL] | {"updatedAt": ""} == before["_meta"][OFFICIAL] | {"updatedAt": ""}
        assert own(publisher.read(name)) == after

    def test_a_version_with_build_metadata(self, publisher: Client, admin: Client, name: str) -> None:
        """
        reference §8: an encoded plus is a plus.
        """
        publisher.publish(manifest(name, "1.1.0+build.7"))

        assert admin.edit(name, "1.1.0+build.7", manifest(name, "1.1.0+build.7", description="Mended")).status == 200

    def test_a_publisher_may_not(self, publisher: Client, name: str) -> None:
        """
        reference §4.2: publishing is no right to edit.
        """
        assert problem(publisher.edit(name, "1.0.0", manifest(name)))[:2] == (
            403,
            "You do not have edit permissions for this server",
        )

    @pytest.mark.parametrize("version", ["1.0.0", "9.9.9"])
    def test_who_may_not_learns_nothing(self, admin: Client, publisher: Client, version: str) -> None:
        """
        Ours on purpose: the same 403 whether the version exists or not.
        """
        publisher.publish(manifest("com.other/secret"))

        assert problem(admin.edit("com.other/secret", version, manifest("com.other/secret", version)))[:2] == (
            403,
            "You do not have edit permissions for this server",
        )

    def test_no_header_is_422(self, registry: RunningRegistry, name: str) -> None:
        """
        reference §4.2.
        """
        assert problem(Client(registry, None).edit(name, "1.0.0", manifest(name)))[:2] == (422, "validation failed")

    @pytest.mark.parametrize("version", ["2.0.0", "latest"])
    def test_what_is_not_there_is_404(self, admin: Client, name: str, version: str) -> None:
        """
        reference §4.2: `latest` is no alias here.
        """
        assert problem(admin.edit(name, version, manifest(name, "1.0.0")))[:2] == (404, "Server not found")

    def test_what_is_deleted_is_404(self, admin: Client, publisher: Client, name: str) -> None:
        """
        reference §4.2: the row is looked for among those not deleted.
        """
        publisher.delete(name, "1.0.0")

        assert admin.edit(name, "1.0.0", manifest(name)).status == 404

    def test_what_is_mirrored_is_read_only(self, admin: Client) -> None:
        """
        Ours on purpose, and it says whose it is.
        """
        assert problem(admin.edit(*MIRRORED, manifest(*MIRRORED)))[:2] == (
            403,
            f"{MIRRORED[0]} is mirrored from official and read-only here",
        )

    def test_name_and_version_stay(self, admin: Client, name: str) -> None:
        """
        reference §4.2: both are 400, with their sentences.
        """
        assert problem(admin.edit(name, "1.0.0", manifest("com.partner/renamed")))[:2] == (400, "Cannot rename server")
        assert problem(admin.edit(name, "1.0.0", manifest(name, "1.0.1")))[:2] == (
            400,
            "Version in request body must match URL path parameter",
        )

    def test_the_rules_hold(self, admin: Client, publisher: Client, name: str) -> None:
        """
        reference §4.2: 422 for a broken rule, 400 with the reason for a remote URL that is another server's.
        """
        remotes = [{"type": "sse", "url": f"https://mcp.example/{name}"}]
        publisher.publish(manifest(f"{name}-other", remotes=remotes))

        assert problem(admin.edit(name, "1.0.0", manifest(name, title=" ")))[:2] == (
            422,
            "Failed to edit server, invalid schema: call /validate for details",
        )
        assert problem(admin.edit(name, "1.0.0", manifest(name, remotes=remotes))) == (
            400,
            "Failed to edit server",
            [f"remote URL https://mcp.example/{name} is already used by server {name}-other"],
        )

    def test_there_is_no_4_kb_limit(self, admin: Client, name: str) -> None:
        """
        reference §4.2: upstream asks for it when publishing alone.
        """
        provided = {"io.modelcontextprotocol.registry/publisher-provided": {"x": "x" * 5000}}

        assert admin.edit(name, "1.0.0", manifest(name, _meta=provided)).status == 200


class TestMine:
    def test_every_state_is_shown(self, registry: RunningRegistry, publisher: Client, name: str) -> None:
        """
        What a publisher published, deleted or not, and nothing of others.
        """
        own = Client(registry, token(registry, Role.PUBLISHER, namespaces=(name,)))
        own.publish(manifest(name, "2.0.0"))
        own.delete(name, "1.0.0")

        listed = own.mine().json()

        assert [
            (each["server"]["version"], each["_meta"][OFFICIAL]["status"], each["_meta"][OFFICIAL]["isLatest"])
            for each in listed["servers"]
        ] == [("1.0.0", "deleted", False), ("2.0.0", "active", True)]
        assert listed["metadata"] == {"count": 2}

    def test_pages_follow_one_another(self, registry: RunningRegistry, publisher: Client, name: str) -> None:
        """
        Over several patterns, in the order of names and versions, each once.
        """
        names = [f"{name}-{letter}" for letter in "cab"]
        for each in names:
            publisher.publish(manifest(each))
        own = Client(registry, token(registry, Role.PUBLISHER, namespaces=(*names, names[0])))

        walked, query = [], "?limit=2"
        while True:
            page = own.mine(query).json()
            assert "servers" in page, page
            walked += [each["server"]["name"] for each in page["servers"]]
            if "nextCursor" not in page["metadata"]:
                break
            query = f"?limit=2&cursor={page['metadata']['nextCursor']}"

        assert walked == sorted(names)

    def test_pages_go_through_odd_versions(self, registry: RunningRegistry, publisher: Client, name: str) -> None:
        """
        reference §10.13: a version may hold what a cursor is written with; one at a time, none is left out or twice.
        """
        odd = ["a:b", "%", "..", "/", "β", "🦉" * 255, "1 ", " 1", '"', "\\", "é", "e\u0301", "\U0010fffe"]
        for version in odd:
            assert publisher.publish(manifest(name, version)).status == 200
        own = Client(registry, token(registry, Role.PUBLISHER, namespaces=(name,)))

        walked, query = [], "?limit=1"
        while query:
            page = own.mine(query).json()
            walked += [each["server"]["version"] for each in page["servers"]]
            cursor = page["metadata"].get("nextCursor")
            query = "" if cursor is None else f"?limit=1&cursor={quote(cursor, safe='')}"

        assert walked == sorted(["1.0.0", *odd])

    def test_it_needs_a_publisher(self, registry: RunningRegistry, admin: Client) -> None:
        """
        401 without a credential, 403 with one that publishes nothing.
        """
        assert Client(registry, None).mine().status == 401
        assert admin.mine().status == 403
